# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of a dead-man timer. The run writes and removes them, the timer's process reads them.

ROOT/.deadman/TOKEN/ is one timer: its plan, the code that it runs, its log, and a file that it has locked for as long as it lives.
Firing and calling off are each one rename of the plan, so exactly one of them wins. A timer never touches another one's plan.
"""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import json
import os
import secrets
import shutil
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._root import _layout, _releases
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _way_back


class Timer(t.NamedTuple):
    """Where the files of one timer are."""

    directory: str

    @property
    def plan(self) -> str:
        return os.path.join(self.directory, "plan.json")

    @property
    def withdrawn(self) -> str:
        return os.path.join(self.directory, "withdrawn.json")

    @property
    def fired(self) -> str:
        """The plan, once it is carried out; then what came of it."""
        return os.path.join(self.directory, "fired.json")

    @property
    def hurry(self) -> str:
        """Its time is over where this is."""
        return os.path.join(self.directory, "hurry")

    @property
    def program(self) -> str:
        return os.path.join(self.directory, "timer.pyz")

    @property
    def log(self) -> str:
        return os.path.join(self.directory, "timer.log")

    @property
    def lock(self) -> str:
        return os.path.join(self.directory, "alive.lock")


class Plan(t.NamedTuple):
    root: str
    release: str  # what is deployed, and left where the timer fires
    way_back: dict[str, t.Any]  # _way_back.WayBack; with the environment of a stranger, so this is for nobody else's eyes
    pointed: str | None
    seconds: float
    by: str | None
    proxy: dict[str, t.Any] | None = None  # where the traffic has to be led back to

    @property
    def target(self) -> _way_back.WayBack:
        return _way_back.WayBack(*(self.way_back.get(field) for field in _way_back.WayBack._fields))


class Fired(t.NamedTuple):
    """What the timer did."""

    way_back: str
    seconds: float
    at: str
    ended: bool
    failed: str | None  # why the host could not go back

    def __str__(self) -> str:
        when = f"by itself at {self.at}, since it had no word from the run for {self.seconds:g} s"
        if self.failed:
            return f"This host tried to go back to {self.way_back} {when}, and failed: {self.failed}"
        return f"This host {'went' if self.ended else 'is going'} back to {self.way_back} {when}."


def make(home: str) -> Timer:
    """An empty one, of the user that this runs as and for nobody else's eyes."""
    os.makedirs(home, mode=0o700, exist_ok=True)
    _refuse_foreign(home)
    timer = Timer(os.path.join(home, secrets.token_hex(8)))
    os.mkdir(timer.directory, 0o700)
    return timer


def read_plan(timer: Timer) -> Plan | None:
    fields = read(timer.plan)
    return Plan(*(fields.get(field) for field in Plan._fields)) if fields else None


def read_fired(timer: Timer) -> Fired:
    fields = read(timer.fired)
    if "root" in fields:  # still the plan, as it was renamed this moment
        fields = {**fields, "way_back": fields["way_back"]["id"] or fields["way_back"]["path"], "at": now(), "ended": False}
    return Fired(
        way_back=fields.get("way_back", "what ran before"),
        seconds=fields.get("seconds", 0),
        at=fields.get("at", "an unknown time"),
        ended=fields.get("ended", True),
        failed=fields.get("failed"),
    )


def is_alive(timer: Timer) -> bool:
    try:
        with open(timer.lock, encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def call_off(timer: Timer) -> bool:
    """Whether this came before the timer's time was over. Else the timer has the plan, and carries it out."""
    if not rename(timer.plan, timer.withdrawn):
        return False
    shutil.rmtree(timer.directory, ignore_errors=True)
    return True


def log(timer: Timer) -> str:
    with contextlib.suppress(OSError), open(timer.log, encoding="utf-8", errors="replace") as file:
        return " ".join(file.read().split())[-500:]
    return ""


def seen(timer: Timer) -> Fired:
    fired = read_fired(timer)
    if not fired.ended and not is_alive(timer):
        fired = fired._replace(failed=f"the timer itself was ended while it did ({log(timer) or 'it said nothing'}).")
    return fired


def all_of(layout: _layout.Layout) -> list[Timer]:
    """Those that are armed, and those that have fired; where both are, the former first."""
    found = [Timer(directory) for directory in directories(layout)]
    found = [timer for timer in found if os.path.exists(timer.plan) or os.path.exists(timer.fired)]
    return sorted(found, key=lambda timer: not os.path.exists(timer.plan))


def directories(layout: _layout.Layout) -> list[str]:
    try:
        return [os.path.join(layout.deadman, name) for name in sorted(os.listdir(layout.deadman))]
    except FileNotFoundError:
        return []


def _refuse_foreign(home: str) -> None:
    """Code that runs with our rights lies there."""
    status = os.lstat(home)
    if os.path.islink(home) or status.st_uid != os.geteuid():
        raise ReleaseError(f"{home} is not a directory of the user that this runs as (uid {os.geteuid()}): see who made it, then remove it.")
    os.chmod(home, 0o700)


def rename(source: str, target: str) -> bool:
    try:
        os.rename(source, target)
    except FileNotFoundError:
        return False
    return True


def read(path: str) -> dict[str, t.Any]:
    """Nothing where it is not there, or damaged."""
    try:
        with open(path, encoding="utf-8") as file:
            fields = json.load(file)
    except (FileNotFoundError, ValueError):
        return {}
    return fields if isinstance(fields, dict) else {}


def write(path: str, fields: dict[str, t.Any]) -> None:
    _releases.replace(path, json.dumps(fields, indent=2, sort_keys=True) + "\n", 0o600)


def now() -> str:
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
