# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a host is not as the last deploy left it."""

from __future__ import annotations

import contextlib
import glob
import json
import os
import re
import time
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _command, _logs, _processes, _systemd
from ansible_collections.beamops.elixir.plugins.module_utils._root import _env_file, _layout, _slots
from ansible_collections.beamops.elixir.plugins.module_utils._root._releases import Release
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _bin_app, _said

# bin/NAME sets these itself, whatever the env file says
OF_BIN_APP = {*_bin_app.OF_THE_PROCESS, "RELEASE_ROOT", "RELEASE_PROG", "RELEASE_VSN"}

# Between a process and its log: the two are told by different clocks
SLACK_SECONDS = 2


class Running(t.NamedTuple):
    """A process, and which variables of its release's env file it was not started with."""

    process: _processes.Process
    env_changed: list[str]
    refused_writes: t.Sequence[str] = ()  # paths under releases/, as often as its log says so since it was started
    tmp: str = ""  # where it may write
    unit: _systemd.Unit | None = None  # that it is the main process of
    slot: str | None = None
    kept_warm: bool = False  # on purpose, for a rollback by one rename

    @property
    def release_id(self) -> str:
        return os.path.basename(self.process.root)


def running(process: _processes.Process, releases: list[Release]) -> Running:
    release = next((release for release in releases if release.path == process.root), None)
    layout = _layout.of_release(process.root)
    tmp = process.environ.get("RELEASE_TMP") or layout.tmp
    if not release:
        return Running(process, [], unit=_systemd.of_process(process.pid))
    return Running(
        process=process,
        env_changed=env_changed(process, release),
        refused_writes=refused_writes(process, release, tmp),
        tmp=tmp,
        unit=_systemd.of_process(process.pid),
        slot=_slots.of_process(layout, process),
        kept_warm=process.pid in kept_warm(layout),
    )


def kept_warm(layout: _layout.Layout) -> list[int]:
    """The processes of which somebody knows when they end."""
    plans = glob.glob(os.path.join(glob.escape(layout.warm), "*", "plan.json"))
    found = []
    for path in plans:
        with contextlib.suppress(OSError, ValueError, KeyError), open(path, encoding="utf-8") as file:
            found.append(json.load(file)["pid"])
    return found


def refused_writes(process: _processes.Process, release: Release, tmp: str) -> list[str]:
    """What it tried to write into its own directory, which belongs to somebody else and does not survive the next deploy; or, as a service, anywhere."""
    if release.service is not None:
        layout = _layout.of_release(release.path)
        return _logs.refused_writes(_said.since_start(layout, release._replace(slot=_slots.slot_of(layout, process))), "")
    path = _logs.newest(tmp)
    try:
        # A log of an earlier start is of another process: this one may have been started without run_erl
        if not path or os.path.getmtime(path) < time.time() - process.seconds - SLACK_SECONDS:
            return []
        return _logs.refused_writes(_logs.since_start(tmp), os.path.dirname(process.root))
    except OSError:  # nobody can tell then
        return []


def env_changed(process: _processes.Process, release: Release) -> list[str]:
    """The names of the variables in the release's env file of which the process has another value. The values are told to nobody."""
    if not process.environ:  # another user's: it cannot be seen
        return []
    try:
        variables = _env_file.load(_layout.env_file(release.path), _command.owner(process.uid))
    except (ReleaseError, OSError):  # nobody can tell then
        return []
    layout, own = _layout.of_release(release.path), OF_BIN_APP | _set_by_env_sh(release)
    slot = _slots.slot_of(layout, process)
    if slot:  # it has some of them from there
        variables = {**variables, **_slots.variables(layout, release.name, variables, slot)}
    return sorted(key for key, value in variables.items() if key not in own and not _has(process, key, value))


def environ(one: Running) -> dict[str, str]:
    """Its own, without what erl set for it, such as directories. Secret."""
    return {key: value for key, value in one.process.environ.items() if key not in OF_BIN_APP}


def sentences(pointed: str | None, current: Release | None, found: list[Running]) -> list[str]:
    """What is not as it should be, a sentence each; `pointed` is the id that `current` points to, whether that is there or not."""
    said = []
    if not found:
        said.append(f"Nothing runs, and current is {pointed}." if pointed else "Nothing runs, and there is no current release.")
    by_slot = [one for one in found if one.slot and one.process.root != (current.path if current else None)]
    if len(found) > 1 and by_slot and len({one.slot for one in found}) == len(found):
        said += [f"{_name(one)} runs in the slot {one.slot} too, and is not the current one." for one in by_slot[:1] if not one.kept_warm]
        found = [one for one in found if one not in by_slot]
    elif len(found) > 1:
        said.append(f"{len(found)} releases run at once: {', '.join(_name(one) for one in found)}.")
    if pointed and not current:
        said.append(f"current points to {pointed}, which is not there.")
    for one in found:
        if one.process.root != (current.path if current else None) and one.release_id != pointed:
            said.append(f"{_name(one)} runs, and current is {pointed}." if pointed else f"{_name(one)} runs, and there is no current release.")
    if current and current.state == "bad":
        said.append(f"The current release {current.id} is marked bad: {str(current.reason).rstrip('. ')}.")
    for one in found:
        if one.env_changed:
            said.append(f"The env file of {_name(one)} was changed after it was started, in {', '.join(one.env_changed)}: restart it.")
        if one.refused_writes:
            said.append(_not_written(one))
        if one.unit and not one.unit.enabled:
            said.append(f"{one.unit.name}, which runs {_name(one)}, does not start with the host: systemctl enable {one.unit.name}")
        if one.unit and one.unit.restarts:
            said.append(
                f"{_name(one)} has ended {_times(one.unit.restarts)} since it was started, and {one.unit.name} started it again: see its journal. "
                f"To have seen it: systemctl reset-failed {one.unit.name}"
            )
    return said


def remarks(found: list[Running]) -> list[str]:
    """What is as it should be, and worth a word."""
    return [f"{_name(one)} is kept warm in the slot {one.slot}, for a rollback by one rename." for one in found if one.kept_warm]


def _not_written(one: Running) -> str:
    paths = one.refused_writes
    first = max(sorted(set(paths)), key=paths.count)
    others = len(set(paths)) - 1
    more = f" (and {others} more path{'s' if others > 1 else ''})" if others else ""
    times = _times(len(paths))
    writable = " A service may write to what elixir_release_writable_paths names, too." if one.unit else ""
    return (
        f"{_name(one)} was denied {first}{more}, {times} since its start as its log says: it may not write there. "
        f"{one.tmp} is writable and survives; for uploads and the like there is elixir_release_shared_dirs.{writable}"
    )


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _name(one: Running) -> str:
    process = one.process
    # A release that was started from the root itself, say by a script, has no id
    from_elsewhere = os.path.basename(os.path.dirname(process.root)) != "releases"
    return f"{process.version} from {process.root} (pid {process.pid})" if from_elsewhere else f"{one.release_id} (pid {process.pid})"


def _has(process: _processes.Process, key: str, value: str) -> bool:
    there = process.environ.get(key)
    if there is None:
        return False
    # What is not UTF-8 is read the way that _command reads it
    there = there.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    # erl puts its own directories in front
    return there == value or (key == "PATH" and there.endswith(f":{value}"))


def _set_by_env_sh(release: Release) -> set[str]:
    """A release's env.sh is read after the env file, and may set some of the same variables."""
    try:
        with open(os.path.join(release.path, "releases", release.version, "env.sh"), encoding="utf-8", errors="replace") as file:
            text = file.read()
    except OSError:
        return set()
    return set(re.findall(r"\b([A-Za-z_][A-Za-z0-9_]*)=", re.sub(r"(?m)^\s*#.*$", "", text)))
