# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lock of a root: one run at a time deploys there, and everybody can read which.

It is a file that outlives the module that wrote it, so it knows its run: the ansible-playbook process on a controller. Between two
modules at the same moment flock decides, on the root's directory, since the file itself is replaced.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _flock
from ansible_collections.beamops.elixir.plugins.module_utils._root import _layout, _releases

# To read, decide and write takes another module some milliseconds
FLOCK_WITHIN = 10.0
UNLOCK = "run the playbook beamops.elixir.unlock"


class Run(t.NamedTuple):
    """A process of Ansible on a controller: `place` and `started` tell it from another one of the same number."""

    place: str
    pid: int
    started: int | None


class Lock(t.NamedTuple):
    owner: str | None
    place: str
    pid: int
    started: int | None
    since: str | None
    refreshed: str
    expires: int
    what: str | None = None
    kept: str | None = None

    @property
    def run(self) -> Run:
        return Run(self.place, self.pid, self.started)

    @property
    def ends(self) -> datetime.datetime:
        return datetime.datetime.fromisoformat(self.refreshed) + datetime.timedelta(seconds=self.expires)

    def __str__(self) -> str:
        if not self.owner:
            return f"somebody unknown, since {self.kept}"
        return f"{self.owner}, process {self.pid}, since {self.since}" + (f", for {self.what}" if self.what else "")


class Wish(t.NamedTuple):
    owner: str
    run: Run
    expires: int
    what: str | None = None
    kept: str | None = None
    force: bool = False
    takeover: Run | None = None  # known to be no more


# Somebody's, and nobody can say whose: it stays until a person has looked, as one that was kept
UNREADABLE = Lock(owner=None, place="", pid=0, started=None, since=None, refreshed="", expires=0, kept="it cannot be read")

OPTIONAL = type(None)
KINDS = {
    "owner": str,
    "place": str,
    "pid": int,
    "started": (int, OPTIONAL),
    "since": str,
    "refreshed": str,
    "expires": int,
    "what": (str, OPTIONAL),
    "kept": (str, OPTIONAL),
}


def wish(run: t.Mapping[str, t.Any] | None, takeover: t.Mapping[str, t.Any] | None, **options: t.Any) -> Wish:
    if not run or not {"owner", *Run._fields} <= set(run):
        raise ReleaseError(
            "'run' is missing, which says what run of Ansible wants the lock: this module works through its action plugin only, "
            "so call it as a task, by the name beamops.elixir.elixir_release_lock."
        )
    if options["expires"] < 1:
        raise ReleaseError(f"expires is {options['expires']}: give the seconds after which a run that is not heard of loses the lock, such as 3600.")
    return Wish(run["owner"], _run(run), takeover=_run(takeover) if takeover else None, **options)


def read(layout: _layout.Layout) -> Lock | None:
    """The lock as it lies there, None where it is free."""
    try:
        with open(layout.lock, encoding="utf-8") as file:
            text = file.read()
    except FileNotFoundError:
        return None
    except ValueError:
        return UNREADABLE
    return parse(text)


def parse(text: str) -> Lock:
    try:
        fields = json.loads(text)
        lock = Lock(**{field: fields[field] for field in Lock._fields})
        whole = all(isinstance(getattr(lock, field), kind) for field, kind in KINDS.items()) and lock.ends.tzinfo
    except (ValueError, TypeError, KeyError, OverflowError):
        return UNREADABLE
    return lock if whole else UNREADABLE


def claim(found: Lock | None, wanted: Wish, now: datetime.datetime) -> str | None:
    """By what right this run may hold the lock, None where it has none."""
    if found is None:
        return "it was free"
    if found.run == wanted.run:
        return "it is its own"
    if wanted.force:
        return "by force"
    if found.kept:
        return None
    if found.run == wanted.takeover:
        return "whose run is no more"
    return "which had expired" if found.ends < now else None


def held(found: Lock | None, wanted: Wish, now: datetime.datetime) -> Lock:
    """The lock of the run that may hold it. A refresh forgets neither what it is for nor, unless forced, why it is kept."""
    own = found if found and found.run == wanted.run else None
    moment = now.isoformat()
    return Lock(
        wanted.owner,
        *wanted.run,
        since=own.since if own else moment,
        refreshed=moment,
        expires=wanted.expires,
        what=wanted.what or (own and own.what),
        kept=wanted.kept or (own.kept if own and not wanted.force else None),
    )


def hold(layout: _layout.Layout, wanted: Wish, look_only: bool = False) -> dict[str, t.Any]:
    """Take, refresh or keep the lock, where this run may, and say who holds it then."""
    if not look_only:
        _make_root(layout.root)
    with contextlib.nullcontext() if look_only else _flock.alone(layout.root, FLOCK_WITHIN):
        found, now = read(layout), _now()
        right = claim(found, wanted, now)
        if not right:
            return _left_to(layout, found)
        lock = held(found, wanted, now)
        if not look_only:
            _releases.replace(layout.lock, json.dumps(lock._asdict(), indent=2, sort_keys=True) + "\n", 0o644)
    if found and found.run == lock.run:
        return _answer(f"This run holds {layout.lock} since {lock.since}.", lock, changed=found.kept != lock.kept, held=True)
    if found:
        return _answer(f"Took over {layout.lock} of {found}, {right}.", lock, changed=True, held=True, taken_over=str(found))
    return _answer(f"Took {layout.lock}.", lock, changed=True, held=True)


def give_back(layout: _layout.Layout, wanted: Wish, look_only: bool = False) -> dict[str, t.Any]:
    """Remove this run's lock. What was kept, or is another's, is removed by force only."""
    if not os.path.lexists(layout.lock):  # nor need there be a root
        return _answer(f"There is no {layout.lock}.", None)
    with contextlib.nullcontext() if look_only else _flock.alone(layout.root, FLOCK_WITHIN):
        found = read(layout)
        if found and not wanted.force and (found.kept or found.run != wanted.run):
            return _left_to(layout, found, held=found.run == wanted.run)
        if found and not look_only:
            os.unlink(layout.lock)
    return _answer(f"Removed {layout.lock} of {found}." if found else f"There is no {layout.lock}.", None, changed=bool(found))


def _left_to(layout: _layout.Layout, lock: Lock, held: bool = False) -> dict[str, t.Any]:
    if not lock.owner:
        msg = f"{layout.lock} cannot be read, so it may be anybody's lock. Look at it and at the host, then {UNLOCK}."
    elif lock.kept:
        msg = f"{layout.lock} was kept by {lock}: {lock.kept.strip().rstrip('.')}. Look at the host, then {UNLOCK}."
    else:
        msg = (
            f"{layout.lock} is held by {lock}. That run was last heard of at {lock.refreshed}; after {lock.ends.isoformat()} its lock counts as expired. "
            f"Wait until it is done (elixir_release_lock_wait, in seconds), or, where that run is no more, {UNLOCK}."
        )
    return _answer(msg, lock, held=held, holder=None if lock.kept else lock.run._asdict())


def _answer(msg: str, lock: Lock | None, changed: bool = False, held: bool = False, **more: t.Any) -> dict[str, t.Any]:
    told = {field: getattr(lock, field, None) for field in ("owner", "since", "what", "kept")}
    return {"changed": changed, "held": held, **told, "taken_over": None, "msg": msg, **more}


def _run(fields: t.Mapping[str, t.Any]) -> Run:
    return Run(*(fields[field] for field in Run._fields))


def _now() -> datetime.datetime:
    # Whole seconds on both sides: what counts as expired is so for sure
    return datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)


def _make_root(root: str) -> None:
    umask = os.umask(0o022)
    try:
        os.makedirs(root, exist_ok=True)
    finally:
        os.umask(umask)
