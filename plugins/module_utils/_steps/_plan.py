# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A release that is wanted on this host: checked as far as that goes without it, compared with what is there, and told. Nothing is changed."""

from __future__ import annotations

import contextlib
import os
import tempfile
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _command, _node, _processes, _systemd
from ansible_collections.beamops.elixir.plugins.module_utils._root import (
    _cookie,
    _current,
    _env_file,
    _layout,
    _releases,
    _shared,
    _slots,
)
from ansible_collections.beamops.elixir.plugins.module_utils._steps import (
    _bin_app,
    _into_slot,
    _live,
    _overlap,
    _predecessor,
    _serving,
    _startable,
    _way_back,
)
from ansible_collections.beamops.elixir.plugins.module_utils._tarball import _contents, _rel

# What makes another release of the same build
PAIRED = {
    "env": {"type": "str", "default": "", "no_log": True},
    "cookie": {"type": "str", "no_log": True},
    "shared_dirs": {"type": "list", "elements": "str", "default": []},
    "overlap": {"type": "bool", "default": False},
    "service_manager": {"type": "str", "choices": ["auto", "systemd", "daemon"], "default": "auto"},
    "stop_timeout": {"type": "float", "default": 90},
    "writable_paths": {"type": "list", "elements": "str", "default": []},
    **_live.OPTIONS,
}
# Each of them runs what it has to by itself, with no look at others
SCHEDULERS = ("quantum", "citrine", "crontab")
IN_PLACE = "so two of it cannot run at the same time: set elixir_release_strategy to in_place."
OTHER_COOKIE = "set another RELEASE_COOKIE in the env file, or 'cookie' (elixir_release_cookie of the role), of letters and digits only."


class Plan(t.NamedTuple):
    """A release that is wanted on this host, checked as far as that goes without it."""

    layout: _layout.Layout
    tarball: dict[str, t.Any]
    env: str
    variables: dict[str, str]
    cookie: str | None
    account: _command.Account
    shared_dirs: list[str]
    port: int | None = None  # where the user says that it listens
    force: bool = False
    overlap: bool = False
    service: dict[str, t.Any] | None = None  # what systemd is to be told of it
    slots: _live.Seen | None = None  # what serves in which slot

    @property
    def release_id(self) -> str:
        return self.tarball["release_id"]

    def of(self, release_id: str) -> Plan:
        """The same for the release of that id, which may have variables of its own."""
        if not self.overlap:
            return self
        own = _overlap.variables(self.layout, self.tarball["name"], self.variables, release_id)
        return self._replace(env=_overlap.text(self.env, own), variables={**self.variables, **own}, overlap=False)


def plan(
    layout: _layout.Layout,
    tarball: dict[str, t.Any],
    env: str,
    cookie: str | None,
    account: _command.Account,
    shared_dirs: t.Iterable[str] = (),
    overlap: bool = False,
    service: dict[str, t.Any] | None = None,
) -> Plan:
    shared_dirs = _shared.checked(shared_dirs, tarball.get("applications"))
    variables = load(env, account)
    cookie = _wanted_cookie(variables, cookie)
    if "RELEASE_VSN" in variables:
        raise ReleaseError("The env file sets RELEASE_VSN, which would start another version than the one deployed: remove that line.")
    _refuse_unwritable(layout)
    _refuse_foreign_tmp(layout, account)
    if os.path.lexists(layout.current) and not os.path.islink(layout.current):
        raise ReleaseError(f"{layout.current} is no symbolic link, so it is not of this collection: move it away, or choose another root.")
    if overlap:
        _overlap.refuse(tarball.get("applications") or (), variables)
    return Plan(layout, tarball, env, variables, cookie, account, shared_dirs, overlap=overlap, service=service)


def of_params(layout: _layout.Layout, params: t.Mapping[str, t.Any], account: _command.Account) -> Plan:
    """As a module's arguments say, PAIRED among them."""
    service = wanted_service(layout, params["service_manager"], params["stop_timeout"], params["writable_paths"])
    wanted = plan(layout, params["tarball"], params["env"], params["cookie"], account, params["shared_dirs"], params["overlap"], service)
    if not params["slots"]:
        return wanted
    _overlap.refuse(params["tarball"].get("applications") or (), wanted.variables, IN_PLACE)
    return wanted._replace(slots=_live.see(layout, params["tarball"]["name"], params["slots"], _processes.scan()))


def wanted_service(layout: _layout.Layout, manager: str, stop_seconds: float, writable: t.Collection[str]) -> dict[str, t.Any] | None:
    """None where it is to run as a daemon."""
    if manager == "daemon" or manager == "auto" and not _systemd.may_be_told():
        return None
    from ansible_collections.beamops.elixir.plugins.module_utils._steps import _service

    return _service.wanted(layout, stop_seconds, writable)


def load(env: str, account: _command.Account) -> dict[str, str]:
    """The variables of an env file that is not on the host yet."""
    # Not in TMPDIR, where the release's user may not get in
    with tempfile.NamedTemporaryFile("wb", prefix="elixir_release-env-", dir="/tmp") as file:
        file.write(env.encode("utf-8", "surrogateescape"))  # what is not UTF-8 comes from Ansible so
        file.flush()
        os.fchown(file.fileno(), account.uid, -1)
        return _env_file.accept(file.name, account, shown="the env file")


def notes_of_two(tarball: dict[str, t.Any], wanted: Plan) -> list[str]:
    """What two at a time means for some of its applications."""
    applications, name = tarball.get("applications") or (), tarball["name"]
    found = []
    if "dns_cluster" in applications:
        found.append(
            f"The release has dns_cluster, which joins nodes of one name only: {name}-blue of one host and {name}-green of another do not see each other "
            "while both serve, and the deploy does not look for that. Give it a query for each, or deploy in place."
        )
    scheduler = next((application for application in SCHEDULERS if application in applications), None)
    if scheduler:
        found.append(f"The release has {scheduler}, and while two of it run both run its jobs: see that each is done once, as by a lock in the database.")
    return found


def env_missing(wanted: Plan) -> list[str]:
    """The variables that config/runtime.exs raises without, as far as its text tells, and that nobody sets as far as that is known."""
    known = _bin_app.environment(_content_of(wanted), wanted.variables, wanted.layout, wanted.account)
    return [key for key in wanted.tarball.get("env_keys") or [] if key not in known and not key.startswith("RELEASE_")]


def existing(wanted: Plan) -> _releases.Release | None:
    """The same tarball, staged with the same env file, cookie and shared directories, for the same user."""
    for release in _releases.staged(wanted.layout):
        same_user = release.user in (None, wanted.account.name)
        if release.sha256 == wanted.tarball["sha256"] and same_user and _same_service(release, wanted) and _paired(release, wanted.of(release.id)):
            return release
    return None


def contents(layout: _layout.Layout) -> dict[str, _contents.Contents]:
    """What the releases here are made of, by their directories, as far as that was noted."""
    found = {}
    for release in _releases.staged(layout):
        with contextlib.suppress(OSError, ValueError, TypeError), open(_layout.contents_file(release.path), encoding="utf-8") as file:
            found[release.path] = _contents.parse(file.read())
    return found


def refuse_what_cannot_start(wanted: Plan, release: _releases.Release | None, scan: _processes.Scan) -> None:
    """As far as it can be told of a release that is staged, or only planned."""
    wanted = wanted.of(release.id if release else free_id(wanted))
    checked_node(wanted, release.path if release else None, scan)


def checked_node(wanted: Plan, path: str | None, scan: _processes.Scan) -> str | None:
    """The node name that it will take, where nothing speaks against its start."""
    layout, name = wanted.layout, wanted.tarball["name"]
    content = _rel.of_directory(path) if path else _content_of(wanted)
    environ = _bin_app.environment(content, wanted.variables, layout, wanted.account)
    application = _bin_app.Application(path or "", name, content, environ, wanted.account, layout.tmp)
    dry_run = _bin_app.dry_run(application) if path else _planned_command(wanted)
    node = _node.taken(_node.given(dry_run, environ))
    if wanted.slots:
        _into_slot.refuse_what_cannot_start(layout, _in_slot(wanted, application, dry_run), scan)
    else:
        replaces = _predecessor.of(layout, name, node.name if node else None, scan)
        _startable.refuse(_startable.Start(application, dry_run, replaces, wanted.port, wanted.force, service=bool(wanted.service)))
    return node.name if node else None


def _in_slot(wanted: Plan, application: _bin_app.Application, dry_run: str) -> _startable.Start:
    """As it will be started there."""
    slot = wanted.slots.target
    own = _slots.variables(wanted.layout, application.name, wanted.variables, slot)
    in_slot = application._replace(environ={**application.environ, **own})
    return _startable.Start(in_slot, dry_run, wanted.slots.left, slot.port, wanted.force, service=bool(wanted.service))


def answer(wanted: Plan, release: _releases.Release | None, scan: _processes.Scan) -> dict[str, t.Any]:
    """What the next steps need to know of the release, staged or only planned."""
    release_id = release.id if release else free_id(wanted)
    planned = release or _planned(wanted.of(release_id), release_id)
    if wanted.slots:
        return described_in_slot(wanted.layout, planned, wanted.slots)
    return described(wanted.layout, planned, _predecessor.of(wanted.layout, planned.name, planned.node, scan), scan)


def described_in_slot(layout: _layout.Layout, release: _releases.Release, slots: _live.Seen) -> dict[str, t.Any]:
    """Where it is to run, and what serves now, which will be replaced."""
    serving, current = slots.serving, _releases.current(layout)
    runs = {name: process.root == release.path for name, process in slots.processes.items()}
    live = bool(runs.get(slots.live) and current and current.id == release.id and current.state == "good")
    # What was broken off behind its start goes on from there
    slot = _slots.of(slots.live, slots.ports) if runs.get(slots.live) else slots.target
    is_here = os.path.isdir(release.path)  # it may only be planned
    application = _bin_app.staged(release.path, release.name, layout, _bin_app.account_of(release, layout), slot) if is_here else None
    return {
        "release": release.id,
        "path": layout.release(release.id),
        "node": application.environ["RELEASE_NODE"] if application and release.node else None,
        "live": live,
        "port": slot.port,
        "phoenix": bool(live and application and application.is_phoenix),
        "previous": _way_back.release_id(layout, release.id, _processes.Scan([serving] if serving else [])),
        "replaces": [{"pid": serving.pid, "version": serving.version, "root": layout.root}] if serving else [],
        "serves": [],
        "slot": slot.name,
        "live_slot": slots.live,
    }


def described(layout: _layout.Layout, release: _releases.Release, replaces: list[_processes.Process], scan: _processes.Scan) -> dict[str, t.Any]:
    """What a switch to a release needs to know of it, and of what it replaces."""
    current = _releases.current(layout)
    # What a run that was broken off has left running is not proven
    live = bool(current and current.id == release.id and current.state == "good" and [process.root for process in replaces] == [current.path])
    # All others are asked when they are started
    application = _bin_app.staged(release.path, release.name, layout, _bin_app.account_of(release, layout)) if live else None
    return {
        "release": release.id,
        "path": layout.release(release.id),
        "node": release.node,
        "live": live,
        "port": application.port if application else None,
        "phoenix": bool(application and application.is_phoenix),
        "previous": _way_back.release_id(layout, release.id, scan),
        "replaces": [
            {"pid": process.pid, "version": process.version, "root": layout.root if process in scan.of_root(layout.root) else process.root}
            for process in replaces
        ],
        "serves": sorted({port for process in replaces for port in _serving.ports(process) or ()}),
    }


def diff(wanted: Plan, release: _releases.Release | None) -> dict[str, str]:
    """From the current release to this one: its id, and the names of the variables, and which are not what the text says. A value is never shown."""
    current = _releases.current(wanted.layout)
    old_env = _variables(current, wanted.account) if current else {}
    release_id = release.id if release else free_id(wanted)
    wanted = wanted.of(release_id)
    changed = {key for key, value in wanted.variables.items() if key in old_env and old_env[key] != value}
    old_text = (content(_layout.env_file(current.path)) if old_env else "") or ""
    old_shared = (content(_layout.shared_file(current.path)) or "").splitlines() if current else []
    before = [f"release: {current.id}" if current else "", *(f"shared: {path}" for path in old_shared), *_named(old_env, old_text, set())]
    after = [f"release: {release_id}", *(f"shared: {path}" for path in wanted.shared_dirs), *_named(wanted.variables, wanted.env, changed)]
    return {"before": "\n".join(before).strip() + "\n", "after": "\n".join(after) + "\n"}


def _named(variables: dict[str, str], text: str, changed: set[str]) -> list[str]:
    marks = {"computed": _env_file.computed(text, variables), "changed": changed}
    told = {key: ", ".join(mark for mark, keys in marks.items() if key in keys) for key in variables}
    return [f"{key} ({told[key]})" if told[key] else key for key in sorted(variables)]


def free_id(wanted: Plan) -> str:
    """What the ledger says of an id stays true for ever, so none is given twice."""
    noted = {entry.get(key) for entry in _current.entries(wanted.layout) for key in ("release", "previous")}
    return _releases.free_id(wanted.layout, wanted.release_id, noted)


def _planned(wanted: Plan, release_id: str) -> _releases.Release:
    """In check mode, before it is staged."""
    tarball = wanted.tarball
    path = wanted.layout.release(release_id)
    return _releases.Release(release_id, path, tarball["name"], tarball["version"], tarball["sha256"], "staged", None, "", "", _node_to_be(wanted))


def _content_of(wanted: Plan) -> _rel.Content:
    return _rel.of_tarball(wanted.tarball.get("applications") or (), wanted.tarball.get("scripts") or ())


def _node_to_be(wanted: Plan) -> str | None:
    node = _node.taken(_node.given(_planned_command(wanted), wanted.variables))
    return node.name if node else None


def _planned_command(wanted: Plan) -> str:
    """What bin/NAME start would run, as far as the env file tells. Once it is staged, the release itself is asked."""
    variables, name = wanted.variables, wanted.tarball["name"]
    distribution = variables.get("RELEASE_DISTRIBUTION") or "sname"
    node = "" if distribution == "none" else f"-{distribution} {variables.get('RELEASE_NODE') or name}"
    boot = f"/releases/{wanted.tarball['version']}/{variables.get('RELEASE_BOOT_SCRIPT') or 'start'}"
    return f"{variables.get('ELIXIR_ERL_OPTIONS', '')} -setcookie * {node} -boot {boot} -extra --no-halt"


def _variables(release: _releases.Release, account: _command.Account) -> dict[str, str]:
    try:
        return _env_file.load(_layout.env_file(release.path), account)
    except (ReleaseError, OSError):  # what was deployed once need not be in order now: this is for a reader only
        return {}


def _same_service(release: _releases.Release, wanted: Plan) -> bool:
    """How long a stop may take makes no other release."""
    one, other = ((service and service["writable_paths"]) for service in (release.service, wanted.service))
    return one == other


def _paired(release: _releases.Release, wanted: Plan) -> bool:
    cookie = content(_layout.cookie_file(release.path))
    shared = content(_layout.shared_file(release.path)) or ""
    return content(_layout.env_file(release.path)) == wanted.env and wanted.cookie in (None, cookie) and shared == _shared.text(wanted.shared_dirs)


def content(path: str) -> str | None:
    with contextlib.suppress(FileNotFoundError), open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
        return file.read()
    return None


def _wanted_cookie(variables: dict[str, str], cookie: str | None) -> str | None:
    """The env file has the last word. None leaves the one that came with the tarball."""
    of_env_file = variables.get("RELEASE_COOKIE")
    found, where = (cookie, "that was given") if of_env_file is None else (of_env_file, "of the env file, RELEASE_COOKIE,")
    problem = None if found is None else _cookie.cookie_problem(found)
    if problem:
        raise ReleaseError(f"The cookie {where} {problem}: {OTHER_COOKIE}")
    return found


def _refuse_unwritable(layout: _layout.Layout) -> None:
    """Where nothing can be staged, a rehearsal says so too."""
    for path in (layout.releases, layout.tmp):
        there = path
        while not os.path.lexists(there):
            there = os.path.dirname(there)
        if os.access(there, os.W_OK | os.X_OK):
            continue
        if os.statvfs(there).f_flag & os.ST_RDONLY:
            raise ReleaseError(f"{there} is on a file system that is mounted read-only, and {path} is to be written: look at 'mount' and 'dmesg' on this host.")
        raise ReleaseError(
            f"{there} cannot be written to by {_command.account(None).name}, and {path} is to be: use 'become' (elixir_release_become of the playbooks), "
            "give that user the right, or set another 'root' (elixir_release_root of the role)."
        )


def _refuse_foreign_tmp(layout: _layout.Layout, account: _command.Account) -> None:
    """A daemon that cannot write its pipes and logs starts nothing, and says so to nobody."""
    for path in (os.path.join(layout.tmp, name) for name in ("pipe", "log")):
        if os.path.exists(path) and os.stat(path).st_uid != account.uid:
            raise ReleaseError(f"{path} does not belong to {account.name}, who is to write to it: chown -R {account.name} {layout.tmp}")
