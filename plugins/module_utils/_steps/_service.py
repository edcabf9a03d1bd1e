# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A release as a service of systemd's. What it is to be is chosen when it is staged and kept in its record, so that going back finds that too."""

from __future__ import annotations

import contextlib
import glob
import os
import shutil
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _epmd, _systemd
from ansible_collections.beamops.elixir.plugins.module_utils._root import _environment_file, _layout, _releases, _slots, _units
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _bin_app

OPTION = "elixir_release_service_manager"
WANTS = "multi-user.target.wants"
NEEDRESTART = "/etc/needrestart/conf.d"


def wanted(layout: _layout.Layout, stop_seconds: float, writable: t.Collection[str]) -> dict[str, t.Any]:
    """What a release's record says of its service, where it is to be one."""
    if not _systemd.may_be_told():
        why = "this is not root: use 'become'" if _systemd.is_pid_1() else "systemd is not PID 1 on this host"
        raise ReleaseError(f"{OPTION} is systemd, and {why}. Set it to daemon to do without.")
    relative = [path for path in writable if not os.path.isabs(path)]
    if relative:
        raise ReleaseError(f"elixir_release_writable_paths has {relative[0]!r}: give absolute paths.")
    there = ours(layout)
    for unit in names(layout):
        if unit not in there:  # what lies in /etc has the last word
            _refuse_foreign(layout, unit)
    return {"stop_timeout": stop_seconds, "writable_paths": sorted(writable)}


def refuse_uncarried(environ: t.Mapping[str, str]) -> None:
    """What systemd cannot give to a release, before anything is tried."""
    names = _environment_file.uncarried(environ)
    if names:
        raise ReleaseError(
            f"The env file sets {', '.join(names)} to a value that systemd refuses, for it is not UTF-8 or has one of Unicode's noncharacters in it: "
            f"write it otherwise, such as in Base64, or set {OPTION} to daemon."
        )


def prove(environ: t.Mapping[str, str]) -> None:
    """That systemd gives a release just what a shell gives to a daemon: it is asked to run a program that tells."""
    path = os.path.join("/run", f"elixir-release-{os.getpid()}.environment")
    _releases.replace(path, _environment_file.text(environ), 0o600)
    try:
        result = _systemd.run("systemd-run", "--pipe", "--wait", "--quiet", "--collect", f"--property=EnvironmentFile={path}", "/usr/bin/env", "-0")
    finally:
        os.unlink(path)
    if result.rc != 0:
        raise ReleaseError(f"systemd cannot read the env file as its EnvironmentFile (exit code {result.rc}): see 'journalctl -e', or set {OPTION} to daemon.")
    given = dict(pair.partition("=")[::2] for pair in result.stdout.split("\0"))
    other = sorted(key for key, value in environ.items() if given.get(key) != value)
    if other:
        raise ReleaseError(f"systemd gives {', '.join(other)} another value than a shell does: write it otherwise, or set {OPTION} to daemon.")


def name(layout: _layout.Layout, release: _releases.Release) -> str:
    return _units.unit(layout.root, release.slot_name)


def render(release: _releases.Release, application: _bin_app.Application) -> None:
    """The env file, which an operator may have changed, as systemd reads it."""
    refuse_uncarried(application.environ)
    _releases.replace(_layout.environment_file(release.path, release.slot_name), _environment_file.text(application.environ), 0o600)


def put(layout: _layout.Layout, release: _releases.Release, application: _bin_app.Application) -> None:
    """Its unit is there. Deployed in place it starts with the host, and is the only one of this application; a slot's does when it is live."""
    render(release, application)
    service, unit = release.service or {}, name(layout, release)
    changed = _write(_units.file(unit), text(layout, release, application))
    if service.get("epmd_port"):
        changed = _put_epmd(release, application) or changed
    if not release.slot:
        changed = enable(unit) or changed
        changed = remove([other for other in ours(layout) if other != unit], reload=False) or changed
    _write(os.path.join(NEEDRESTART, f"elixir-release-{unit.partition('.')[0]}.conf"), _left_by_needrestart(unit))
    if changed:
        _systemd.tell("daemon-reload")


def text(layout: _layout.Layout, release: _releases.Release, application: _bin_app.Application) -> str:
    """Of its unit."""
    service = release.service or {}
    return _units.text(
        _units.Service(
            root=layout.root,
            path=release.path,
            name=release.name,
            version=release.version,
            user=application.account.name,
            tmp=application.environ["RELEASE_TMP"],
            environment_file=_layout.environment_file(release.path, release.slot_name),
            stop_seconds=service["stop_timeout"],
            writable=(f"-{layout.shared}", *service["writable_paths"]),
            port=application.port if release.slot else service.get("port"),
            epmd_port=service.get("epmd_port"),
        )
    )


def as_written(unit: str) -> str:
    return _read(_units.file(unit))


def start(layout: _layout.Layout, release: _releases.Release) -> None:
    """Returns when its program was executed. An earlier one that failed too often is forgotten: systemd would refuse this start for it."""
    unit, epmd_port = name(layout, release), (release.service or {}).get("epmd_port")
    if epmd_port and not _epmd.answers(epmd_port):
        _systemd.systemctl("start", "--", _units.epmd_unit(epmd_port))  # where it fails, the release starts one
    _systemd.systemctl("reset-failed", "--", unit)
    # What it wants when the host starts is there, or is not to be waited for now
    _systemd.tell("start", "--job-mode=ignore-dependencies", "--", unit)


def enable(unit: str) -> bool:
    """Whether it did not start with the host before."""
    if os.path.islink(_wants(unit)):
        return False
    os.makedirs(os.path.dirname(_wants(unit)), exist_ok=True)
    os.symlink(_units.file(unit), _wants(unit))
    return True


def disable(layout: _layout.Layout, slot: str) -> None:
    """What was in that slot starts with the host no more. What was deployed in place before there were slots is gone for good."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(_wants(_units.unit(layout.root, slot)))
    forget([_units.unit(layout.root, slot)])
    remove([unit for unit in ours(layout) if unit == _units.unit(layout.root)])


def remove(units: t.Collection[str], reload: bool = True) -> bool:
    """They start no more, not with the host either. Whether there were any."""
    for unit in units:
        for path in (_wants(unit), os.path.join(NEEDRESTART, f"elixir-release-{unit.partition('.')[0]}.conf"), _units.file(unit)):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
    if units and reload:
        _systemd.tell("daemon-reload")
    return bool(units)


def forget(units: t.Collection[str]) -> None:
    """`systemctl --failed` is not to list what was stopped, such as what crashed or had to be killed: it fails when it has come to its end."""
    for unit in units:
        if _systemd.at_rest(unit).state == "failed":
            _systemd.systemctl("reset-failed", "--", unit)


def forget_left(layout: _layout.Layout, own: str | None) -> None:
    """Of those that something else was started in the place of, when they are gone: their files may be, too."""
    there = ours(layout)
    left = [unit for unit in _systemd.failed() if unit in names(layout) and unit != own]
    forget([unit for unit in left if unit in there or not _systemd.show(unit).file])


def ours(layout: _layout.Layout) -> list[str]:
    """The units of this application that are there."""
    return [unit for unit in names(layout) if _units.is_of(_read(_units.file(unit)), layout.root)]


def ours_of(layout: _layout.Layout, slot: str | None) -> list[str]:
    """All of them, or that of a slot."""
    return [unit for unit in ours(layout) if slot is None or unit == _units.unit(layout.root, slot)]


def restarting(layout: _layout.Layout, seen: t.Collection[int], slot: str | None = None) -> list[_systemd.Unit]:
    """Those that crash, and of which systemd starts the next process in a moment, or has started one that was not to be seen yet; of all, or of a slot."""
    return [unit for unit in map(_systemd.show, ours_of(layout, slot)) if unit.is_restarting or unit.is_up and unit.pid not in seen]


def names(layout: _layout.Layout) -> list[str]:
    return [_units.unit(layout.root, slot) for slot in (None, *_slots.NAMES)]


def _refuse_foreign(layout: _layout.Layout, unit: str) -> None:
    found = _systemd.show(unit)
    if found.file:
        raise ReleaseError(
            f"This host has a unit {unit} already, {found.file}, which is not of {layout.root}: stop it, disable it and remove it, "
            f"choose another root (elixir_release_root), whose last part names the unit, or set {OPTION} to daemon."
        )


def _put_epmd(release: _releases.Release, application: _bin_app.Application) -> bool:
    """A copy, since a release may be removed while its epmd knows the names of others."""
    changed = False
    if not os.path.exists(_units.EPMD):
        own = sorted(glob.glob(os.path.join(glob.escape(release.path), "erts-*", "bin", "epmd")))
        program = own[-1] if own else shutil.which("epmd", path=application.environ.get("PATH"))
        if not program:
            return False
        os.makedirs(os.path.dirname(_units.EPMD), exist_ok=True)
        shutil.copyfile(program, f"{_units.EPMD}.new")
        os.chmod(f"{_units.EPMD}.new", 0o755)
        os.rename(f"{_units.EPMD}.new", _units.EPMD)
        changed = True
    return _write(_units.file(_units.EPMD_UNIT), _units.epmd_text()) or changed


def _wants(unit: str) -> str:
    return os.path.join(_units.DIRECTORY, WANTS, unit)


def _left_by_needrestart(unit: str) -> str:
    escaped = unit.replace(".", "\\.")
    return f"# A release is restarted by a deploy, or by the playbook restart, host after host.\n$nrconf{{override_rc}}{{qr(^{escaped}$)}} = 0;\n"


def _write(path: str, text: str) -> bool:
    if _read(path) == text:
        return False
    os.makedirs(os.path.dirname(path), exist_ok=True)
    _releases.replace(path, text, 0o644)
    return True


def _read(path: str) -> str:
    with contextlib.suppress(OSError), open(path, encoding="utf-8", errors="replace") as file:
        return file.read()
    return ""
