# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The releases under a root: what was staged, when, from where, and how it turned out.

A release's directory is written once. Deploying the same tarball with another env file makes another release,
VERSION-SHA8.2 and so on, so that going back always finds the code *and* the environment that ran.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _flock
from ansible_collections.beamops.elixir.plugins.module_utils._root import _layout

STATES = ("staged", "good", "bad")
# Without these a record is damaged
ESSENTIAL = ("name", "version", "sha256", "state", "staged_at")
# To unpack a big release on a slow disk takes minutes
FLOCK_WITHIN = 300.0


class Release(t.NamedTuple):
    id: str
    path: str
    name: str
    version: str
    sha256: str
    state: str
    reason: str | None
    staged_at: str
    staged_by: str
    node: str | None = None
    good_at: str | None = None  # when a deploy last marked it good; going back to it later changes nothing of that
    turn: int | None = None  # its place among those that a deploy has proven good or bad
    left: bool | None = None  # by a rollback
    proof: dict[str, t.Any] | None = None  # what a look has to see of it, as it was seen when it was proven good; headers may be secret
    user: str | None = None  # that it was staged for
    service: dict[str, t.Any] | None = None  # what systemd is told of it; None where it runs as the daemon of bin/NAME
    slot: _layout.Slot | None = None  # that this is about; a release may run in both, so its record says nothing of it

    @property
    def slot_name(self) -> str | None:
        return self.slot.name if self.slot else None

    @property
    def program(self) -> str:
        return _layout.script(self.path, self.name)


def read(path: str) -> Release:
    record = _layout.record(path)
    try:
        with open(record, encoding="utf-8") as file:
            fields = json.load(file)
        lacking = [key for key in ESSENTIAL if not isinstance(fields.get(key), str)]
        if lacking:
            raise ValueError(f"it lacks {', '.join(lacking)}")
        return Release(path=path, id=os.path.basename(path), **{key: fields.get(key) for key in Release._fields if key not in ("path", "id", "slot")})
    except FileNotFoundError:
        raise ReleaseError(f"{path} is not a release that was staged here: it has no {os.path.basename(record)}.") from None
    except (OSError, ValueError, AttributeError) as error:
        raise ReleaseError(f"{record} cannot be read ({error}): remove {path} and stage the release again.") from error


def write(release: Release) -> None:
    """Record a release's state, whole or not at all."""
    fields = {key: value for key, value in release._asdict().items() if key not in ("path", "id", "slot")}
    replace(_layout.record(release.path), json.dumps(fields, indent=2, sort_keys=True) + "\n", 0o640)


def replace(path: str, text: str, mode: int, gid: int = -1) -> None:
    """Write a file so that a reader sees the old one or the new one, and no one else sees it before its mode is set."""
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".new-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)
            os.fchown(file.fileno(), -1, gid)
            os.fchmod(file.fileno(), mode)
        os.rename(temporary, path)
    except OSError as error:
        os.unlink(temporary)
        error.filename = error.filename or path  # a full disk is told without
        raise


def link(target: str, path: str) -> None:
    """In one step: a reader sees where it led before, or where it leads now."""
    temporary = f"{path}.new"
    if os.path.lexists(temporary):
        os.unlink(temporary)
    os.symlink(target, temporary)
    os.rename(temporary, path)


def staged(layout: _layout.Layout) -> list[Release]:
    """All releases that are whole, oldest first. One whose record is damaged is none of them, and keeps nobody from the others."""
    releases, _unreadable = _recorded(layout)
    return sorted(releases, key=lambda release: (release.staged_at, release.id))


def damaged(layout: _layout.Layout) -> list[tuple[str, str]]:
    """The path of each release whose record cannot be read, and why that is, with what to do."""
    _releases, unreadable = _recorded(layout)
    return sorted(unreadable)


def _recorded(layout: _layout.Layout) -> tuple[list[Release], list[tuple[str, str]]]:
    try:
        names = os.listdir(layout.releases)
    except FileNotFoundError:
        return [], []
    releases, unreadable = [], []
    for path in (layout.release(name) for name in names if not name.startswith(".")):
        try:
            if os.path.exists(_layout.record(path)):
                releases.append(read(path))
        except ReleaseError as error:
            unreadable.append((path, str(error)))
    return releases, unreadable


def alone(layout: _layout.Layout) -> t.ContextManager[None]:
    """Nobody else unpacks or removes a release meanwhile."""
    return _flock.alone(layout.releases, FLOCK_WITHIN)


def unfinished(layout: _layout.Layout) -> list[str]:
    """The directories that a staging or a removal that was broken off has left."""
    try:
        with os.scandir(layout.releases) as found:
            return sorted(entry.name for entry in found if re.match(r"\..+\.unfinished$", entry.name) and entry.is_dir(follow_symlinks=False))
    except FileNotFoundError:
        return []


def is_staged(layout: _layout.Layout, release_id: str) -> bool:
    return release_id in [release.id for release in staged(layout)]


def find(layout: _layout.Layout, release_id: str) -> Release:
    if re.search(r"/|^\.", release_id):
        raise ReleaseError(f"{release_id!r} is not the id of a release: give the name of a directory in {layout.releases}.")
    found = [release for release in staged(layout) if release.id == release_id]
    if not found:
        for path, why in damaged(layout):
            if path == layout.release(release_id):
                raise ReleaseError(why)
        known = ", ".join(release.id for release in staged(layout)) or "none"
        raise ReleaseError(f"There is no release {release_id} in {layout.releases}; there are: {known}.")
    return found[0]


def current(layout: _layout.Layout) -> Release | None:
    """What `current` points to. Nothing where it points to nothing that is there."""
    path = os.path.realpath(layout.current)
    return read(path) if os.path.islink(layout.current) and os.path.exists(_layout.record(path)) else None


def chosen(layout: _layout.Layout, release_id: str | None) -> Release:
    """The release of that id, by default the current one."""
    if release_id:
        return find(layout, release_id)
    release = current(layout)
    if not release:
        raise ReleaseError(f"{layout.current} points to no release: deploy one first, or name one of those in {layout.releases} with 'release'.")
    return release


def free_id(layout: _layout.Layout, release_id: str, noted: t.Collection[str]) -> str:
    """The id itself or, where that is taken or was noted of a release that is gone, the first of ID.2, ID.3, ..."""
    candidate, number = release_id, 1
    while candidate in noted or os.path.lexists(layout.release(candidate)):
        number += 1
        candidate = f"{release_id}.{number}"
    return candidate
