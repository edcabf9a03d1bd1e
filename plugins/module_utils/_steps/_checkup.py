# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wrong with a host, or could be better, whatever is to be deployed to it. Only looks, and each look for itself."""

from __future__ import annotations

import os
import re
import shutil
import sys
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _cgroup, _clock, _command, _epmd, _host, _listeners, _processes, _systemd
from ansible_collections.beamops.elixir.plugins.module_utils._root import _layout, _releases, _slots, _units
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _beside, _bin_app, _live, _preflight, _proxy, _service

LOCALE = ("LC_ALL", "LC_CTYPE", "LANG")
SECONDS = 10
# Of the disk; under it somebody is to look, whatever a release takes
LITTLE_ROOM = 0.1


class Finding(t.NamedTuple):
    about: str
    wrong: bool  # else it is advice
    text: str  # what was found, and what to do


class Subject(t.NamedTuple):
    layout: _layout.Layout
    name: str
    slots: dict[str, t.Any] | None
    current: _releases.Release | None
    running: list[_processes.Process]


def look(layout: _layout.Layout, name: str, slots: dict[str, t.Any] | None) -> list[Finding]:
    seen = Subject(layout, name, slots, _releases.current(layout), _processes.scan().of_root(layout.root))
    return [finding for check in CHECKS for finding in _told(check, seen)]


def _told(check: t.Callable[[Subject], t.Iterable[Finding]], seen: Subject) -> list[Finding]:
    try:
        return list(check(seen))
    except (OSError, ReleaseError) as error:
        return [Finding(check.__name__, False, f"It could not be looked at: {error}")]


def rights(seen: Subject) -> t.Iterator[Finding]:
    if os.geteuid() != 0:
        yield advice("rights", f"This is not root but uid {os.geteuid()}: what only root sees was not looked at. elixir_release_become is for that.")


def python(seen: Subject) -> t.Iterator[Finding]:
    if sys.version_info < (3, 9):
        yield advice("python", f"Python {sys.version.split()[0]} is too old for ansible-core 2.20 and newer: install 3.9 or newer.")


def disk(seen: Subject) -> t.Iterator[Finding]:
    space, release = _host.space(seen.layout.root), seen.current
    if release:
        unpacked = _beside.unpacked_size(release.path)
        files = sum(len(names) for _directory, _directories, names in os.walk(release.path))
        for why in _preflight.full_disk({"size": unpacked // 2, "unpacked_size": unpacked, "files": files}, space):
            yield wrong("disk", f"Another release such as {release.id} has no room: {why}")
            return
    status = os.statvfs(str(space["disk"]))
    for what, free, all_of in (("bytes", status.f_bavail, status.f_blocks), ("inodes", status.f_favail, status.f_files)):
        if all_of and not free:
            yield wrong("disk", f"{space['disk']} has no {what} left: make room there.")
        elif all_of and free < LITTLE_ROOM * all_of:
            yield advice("disk", f"{space['disk']} has {100 * free // all_of} % of its {what} left.")


def memory(seen: Subject) -> t.Iterator[Finding]:
    if seen.current:
        refused = _beside.too_little_memory("a rehearsal", _beside.unpacked_size(seen.current.path), seen.running, _cgroup.room())
        if refused:
            yield wrong("memory", refused)
    for process in seen.running:
        kills = _cgroup.memory(process.pid).oom_kills
        if kills:
            yield advice("memory", f"The kernel has killed {kills} processes of the cgroup of pid {process.pid} for lack of memory: see 'journalctl -k'.")


def clock(seen: Subject) -> t.Iterator[Finding]:
    if _clock.is_synchronised() is False:
        yield advice("clock", "Nothing sets this host's clock, as the kernel says: install systemd-timesyncd or chrony.")


def network(seen: Subject) -> t.Iterator[Finding]:
    """Whether they can be reached nobody knows here: a firewall may stand before them, which is what they need."""
    open_ports = _listeners.everywhere()
    named = [("epmd", seen.running[0].epmd_port if seen.running else _epmd.DEFAULT_PORT)]
    named += [(f"the node of pid {process.pid}", _epmd.distribution_port(process)) for process in seen.running]
    told = [f"{what} at port {port}" for what, port in named if port in open_ports]
    if told:
        what = " and ".join(told)
        yield advice("network", f"At every address listen {what}. Who reaches that and knows the cookie runs code here: see that a firewall is before it.")


def reboot(seen: Subject) -> t.Iterator[Finding]:
    """Of a unit that does not start with the host, the status tells."""
    for process in seen.running:
        if not _systemd.of_process(process.pid):
            instead = "elixir_release_service_manager: auto makes it a service with the next deploy" if _systemd.may_be_told() else "see to that by other means"
            yield advice("reboot", f"{process.version} (pid {process.pid}) runs as a daemon, which nothing starts again after a reboot or a crash: {instead}.")


def units(seen: Subject) -> t.Iterator[Finding]:
    if not _systemd.is_pid_1():
        return
    ours, failed = _service.ours(seen.layout), _systemd.failed()
    for unit in failed:
        told = _systemd.show(unit)
        if unit in ours and told.enabled:
            see = f"see 'journalctl --unit={unit}'. The playbook beamops.elixir.restart starts what is current."
            yield wrong("units", f"{unit} has failed ({told.result}): {see}")
        elif unit in _service.names(seen.layout):
            yield wrong("units", f"systemctl --failed lists {unit}, which nothing needs any more: systemctl reset-failed {unit}")
    others = [unit for unit in failed if unit not in _service.names(seen.layout)]
    if others:
        yield advice("units", f"systemctl --failed lists {', '.join(others)}: see to {'it' if len(others) == 1 else 'them'}, it is none of this application's.")
    for unit in ours:
        yield from _unit(seen, unit)


def _unit(seen: Subject, unit: str) -> t.Iterator[Finding]:
    told = _systemd.show(unit)
    if not told.enabled and not told.is_up:  # of a slot that nothing is in
        return
    if _systemd.has_changed_on_disk(unit):
        yield wrong("units", f"{unit} was changed, and systemd does not know it yet: systemctl daemon-reload")
    text = _service.as_written(unit)
    started = re.search(rf"^ExecStart=.*?{re.escape(seen.layout.releases)}/([^/\s\"]+)/", text, re.MULTILINE)
    release = next((found for found in _releases.staged(seen.layout) if started and found.id == started[1]), None)
    if not release:
        yield wrong("units", f"{unit} starts {started[1] if started else 'something'}, which is not in {seen.layout.releases}: deploy once more.")
    elif told.enabled and seen.current and release.id != seen.current.id:
        yield wrong("units", f"{unit} starts {release.id} with the host, and current is {seen.current.id}: beamops.elixir.restart makes the two one.")
    elif release.service is not None and text != _text(seen, release._replace(slot=_slot(seen, unit))):
        who = "somebody has changed it, or an older version of this collection has written it"
        yield advice("units", f"{unit} is not as a deploy writes it: {who}. The next deploy does. What is to stay belongs into a drop-in, by 'systemctl edit'.")


def _slot(seen: Subject, unit: str) -> _layout.Slot | None:
    name = next((name for name in _slots.NAMES if unit == _units.unit(seen.layout.root, name)), None)
    return _live.slot_of({"slot": name, "slots": seen.slots})


def _text(seen: Subject, release: _releases.Release) -> str:
    return _service.text(seen.layout, release, _application(seen, release, release.slot))


def _application(seen: Subject, release: _releases.Release, slot: _layout.Slot | None = None) -> _bin_app.Application:
    return _bin_app.staged(release.path, release.name, seen.layout, _bin_app.account_of(release, seen.layout), slot)


def nginx(seen: Subject) -> t.Iterator[Finding]:
    if not seen.slots:
        return
    try:
        _live.see(seen.layout, seen.name, seen.slots, _processes.scan())
    except ReleaseError as error:
        yield wrong("nginx", str(error))
    complaint = _proxy.complaint()
    if complaint:
        yield wrong("nginx", f"'nginx -t' complains, so that nginx would not start again, with the host either: {complaint}")
    if _systemd.is_pid_1() and not _systemd.show("nginx.service").enabled:
        yield wrong("nginx", "nginx does not start with the host: systemctl enable nginx")


def locale(seen: Subject) -> t.Iterator[Finding]:
    """That of what runs, else that of what would."""
    environ = seen.running[0].environ if seen.running else _application(seen, seen.current).environ if seen.current else {}
    if not environ or not shutil.which("locale"):
        return
    asked = {key: environ[key] for key in LOCALE if environ.get(key)}
    env = {**asked, "PATH": os.environ.get("PATH", os.defpath)}
    result = _command.run(["locale", "charmap"], env=env, cwd="/", account=_command.account(None), timeout=SECONDS)
    charmap = result.stdout.strip()
    if charmap != "UTF-8":
        given = ", ".join(f"{key}={value}" for key, value in asked.items()) or "no LANG"
        yield wrong("locale", f"With {given} the character set is {charmap}, and Elixir wants UTF-8: leave it out of the env file, or make that locale.")


def wrong(about: str, text: str) -> Finding:
    return Finding(about, True, text)


def advice(about: str, text: str) -> Finding:
    return Finding(about, False, text)


CHECKS = (rights, python, disk, memory, clock, network, reboot, units, nginx, locale)
