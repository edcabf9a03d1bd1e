# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Points `current`, and remembers how a release turned out."""

from __future__ import annotations

import datetime
import json
import os
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._root import _history, _layout, _releases, _slots

# Those after which a host serves the release that they name
SWITCHES = ("deploy", "rollback")


def point(layout: _layout.Layout, release_id: str, slot: str | None = None) -> None:
    """Point `current` at the release: a reader sees the old one or the new one, never none."""
    _releases.link(os.path.join(os.path.basename(layout.releases), release_id), layout.current)
    target = _env_of(layout, slot)
    if not os.path.lexists(layout.env_link) or _is_ours(layout) and os.readlink(layout.env_link) != target:
        _releases.link(target, layout.env_link)


def unpoint(layout: _layout.Layout) -> None:
    """There is no current release: nothing that was deployed here is good."""
    if _is_ours(layout):
        os.unlink(layout.env_link)
    if os.path.islink(layout.current):
        os.unlink(layout.current)


def _env_of(layout: _layout.Layout, slot: str | None) -> str:
    """What a person loads who wants to reach what runs."""
    return os.path.relpath(layout.slot_env(slot), layout.root) if slot else os.path.join(os.path.basename(layout.current), ".env")


def _is_ours(layout: _layout.Layout) -> bool:
    """Somebody may have put a file of his own there."""
    return os.path.islink(layout.env_link) and os.readlink(layout.env_link) in [_env_of(layout, slot) for slot in (None, *_slots.NAMES)]


def pointed(layout: _layout.Layout) -> str | None:
    """The id that `current` points to, whether that is there or not."""
    return os.path.basename(os.readlink(layout.current)) if os.path.islink(layout.current) else None


def mark(
    layout: _layout.Layout, release: _releases.Release, state: str, reason: str | None, event: str | None = None, proof: dict[str, t.Any] | None = None
) -> _releases.Release:
    """Record how it turned out. A deploy makes it the newest; a rollback goes back to what it was, and leaves what came after it."""
    marked = release._replace(state=state, reason=reason, proof=proven(release, proof))
    if event != "rollback":
        marked = marked._replace(turn=_history.next_turn(_releases.staged(layout)), good_at=_now("milliseconds") if state == "good" else release.good_at)
    if state == "good":
        marked = marked._replace(left=None)
    _releases.write(marked)
    return marked


def proven(release: _releases.Release, proof: dict[str, t.Any] | None) -> dict[str, t.Any] | None:
    """What is known of how it was proven, with what was seen now."""
    return {**(release.proof or {}), **proof} if proof else release.proof


def leave(layout: _layout.Layout, release: _releases.Release, previous: str | None) -> None:
    """Record what a rollback to this release leaves, so that none leads there again."""
    for left in _history.left_by_going_back(_releases.staged(layout), release, previous):
        _releases.write(left._replace(left=True))


def note(layout: _layout.Layout, event: str, release: _releases.Release, previous: str | None, by: str | None, reason: str | None = None) -> None:
    """Append a line to the ledger. One write of one line: two runs at a time do not mix theirs."""
    line = {
        "at": _now("seconds"),
        "event": event,
        "release": release.id,
        "version": release.version,
        "sha256": release.sha256,
        "previous": previous,
        "by": by,
        "reason": reason or release.reason,
    }
    try:
        descriptor = os.open(layout.ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(json.dumps(line, sort_keys=True) + "\n")
    except OSError as error:
        raise ReleaseError(
            f"{layout.ledger} cannot be written ({error.strerror}), so this {event} of {release.id} is in no history: look at its owner and mode, "
            "and at the disk ('df'), on this host. Then run this again."
        ) from error


def entries(layout: _layout.Layout) -> list[dict[str, t.Any]]:
    """The ledger, oldest first, as far as it can be read: it tells of the past, and nothing may fail for that."""
    try:
        with open(layout.ledger, encoding="utf-8", errors="replace") as file:
            return [entry for entry in map(_entry, file) if entry]
    except OSError:
        return []


def is_noted(layout: _layout.Layout, event: str, release_id: str, previous: str | None = None) -> bool:
    """Whether the ledger's last word is this already: of what the host switched to, or else of what became of that release.

    What goes back from another release than the last time, or once more after something else, has not been said yet. Nor has what then failed.
    """
    said = entries(layout)
    if event != "deploy" and previous:
        return [(entry.get("event"), entry.get("release"), entry.get("previous")) for entry in said[-1:]] == [(event, release_id, previous)]
    if event in SWITCHES:
        return [entry.get("release") for entry in said if entry.get("event") in SWITCHES][-1:] == [release_id]
    return [entry.get("event") for entry in said if entry.get("release") == release_id][-1:] == [event]


def _entry(line: str) -> dict[str, t.Any] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None


def _now(precision: str) -> str:
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec=precision)
