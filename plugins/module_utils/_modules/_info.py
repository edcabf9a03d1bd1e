# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tell which releases of an application are on a host, and what runs."""

from __future__ import annotations

import datetime
import os
import pwd

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._host import _cgroup, _host, _processes
from ansible_collections.beamops.elixir.plugins.module_utils._root import (
    _current,
    _env_file,
    _history,
    _layout,
    _lock,
    _releases,
)
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _beside, _drift, _preflight

ARGUMENTS = {
    **_module.ROOT,
    **_module.USER,
    "tarball": {"type": "dict"},
    "ignore_libraries": {"type": "list", "elements": "str", "default": []},
    "path": {"type": "str"},
}

# Below are the system's own accounts and those that were made for a service, as ours is
FIRST_ORDINARY_UID = 1000


def account(name):
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def foreign(layout, entry):
    """Why an account is not the application's, unless somebody says so: it is one of the system's own, and nothing of this root is its."""
    if entry is None or entry.pw_uid >= FIRST_ORDINARY_UID or entry.pw_uid == os.geteuid() != 0:
        return None
    home = os.path.realpath(entry.pw_dir)
    # Made by a deploy, to this root or to another one
    if home == layout.root or os.path.isdir(_layout.Layout(home).releases) or owner(layout.tmp) == entry.pw_uid:
        return None
    return (
        f"The user {entry.pw_name!r} is an account of this host's own (uid {entry.pw_uid}, home {entry.pw_dir}): whatever else runs as that user could read "
        "the application's secrets, and the application what is that user's. Name another user with elixir_release_user, which is made where it is "
        "missing, or this one, to use it all the same."
    )


def owner(path):
    try:
        return os.stat(path).st_uid
    except OSError:
        return None


def described(running):
    process = running.process
    return {
        "pid": process.pid,
        "version": process.version,
        "release": running.release_id,
        "root": process.root,
        "node": process.node,
        "since": process.since,
        "seconds": round(process.seconds, 2),
        "env_changed": running.env_changed,
        "slot": running.slot,
        "unit": running.unit.name if running.unit else None,
        "restarts": running.unit.restarts if running.unit else 0,
    }


def described_release(release):
    """Without what proved it: that may hold secret headers."""
    return {key: value for key, value in release._asdict().items() if key != "proof"}


def lock(layout):
    found = _lock.read(layout)
    if not found:
        return None
    told = {field: getattr(found, field) for field in ("owner", "what", "since", "refreshed", "expires", "kept")}
    return {**told, "expired": not found.kept and found.ends < datetime.datetime.now(datetime.timezone.utc)}


def path(module):
    """The PATH that bin/NAME gets."""
    given = module.params["path"] or _env_file.PATH
    return given.replace("${PATH}", _env_file.PATH).replace("$PATH", _env_file.PATH)


def hide_secrets(module, running, releases):
    """What comes out of a log may hold any."""
    _module.hide(module, _drift.environ(running), running.process.name, running.process.root)
    for release in releases:
        _module.hide_env_file(module, release)


def work(module):
    return look(module, _module.layout(module), module.params["user"])


def look(module, layout, user):
    releases, current, pointed = _releases.staged(layout), _releases.current(layout), _current.pointed(layout)
    serving = _processes.scan().of_root(layout.root)
    running = [_drift.running(process, releases) for process in serving]
    for one in running:
        if one.refused_writes:
            hide_secrets(module, one, releases)
    last_good = _history.last_good(releases, pointed)
    answer = {
        "changed": False,
        "current": current.id if current else None,
        "last_good": last_good.id if last_good else None,
        "lock": lock(layout),
        "releases": [described_release(release) for release in releases],
        "running": [described(one) for one in running],
        "drift": [*_drift.sentences(pointed, current, running), *(why for _path, why in _releases.damaged(layout))],
        "remarks": _drift.remarks(running),
    }
    tarball = module.params.get("tarball")
    if user:
        entry = account(user)
        answer["user_exists"] = entry is not None
        answer["user_is_foreign"] = foreign(layout, entry)
    if not tarball:
        answer["platform"] = _host.this_platform()
    else:
        is_here = tarball["sha256"] in [release.sha256 for release in releases]
        host, ignored = _host.facts(layout.root, tarball, path(module)), module.params["ignore_libraries"]
        answer["problems"] = _preflight.problems(tarball, host, is_here, ignored)
        answer["notes"] = _preflight.notes(tarball, host, ignored)
        # What is here already may be what runs; what is evaluated of it looks by itself
        refusal = None if is_here else _beside.too_little_memory(f"a rehearsal of {tarball['release_id']}", tarball["unpacked_size"], serving, _cgroup.room())
        answer["problems"] += [refusal] if refusal else []
        for note in answer["notes"]:
            module.warn(note)
        answer["msg"] = " ".join(answer["problems"]) or "This host can run the release."
    return answer
