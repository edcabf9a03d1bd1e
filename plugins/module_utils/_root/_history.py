# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which release a host can go back to, and which it can do without. Pure functions of what was staged."""

from __future__ import annotations

import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._root._releases import Release


def last_good(releases: list[Release], current_id: str | None) -> Release | None:
    """Where going back leads to: the release that the current one replaced when it was deployed.

    A rollback does not count as a deploy, so going back twice leads further back. What a rollback left is never led to: somebody had a reason.
    """
    current = next((release for release in releases if release.id == current_id), None)
    good = [release for release in _good(releases) if release is not current and not release.left]
    if current and current.state == "good":
        good = [release for release in good if _turn(release) < _turn(current)]
    return good[-1] if good else None


def choose(releases: list[Release], current_id: str | None, wanted: str | None, force: bool) -> Release:
    """The release of that id or, of those of that version, the one that was good last; without either, the last good one."""
    release = _named(releases, wanted) if wanted else last_good(releases, current_id)
    if not release:
        raise ReleaseError(_nothing(releases, current_id, wanted))
    if release.state == "bad" and not force:
        raise ReleaseError(
            f"{release.id} is marked bad on this host: {str(release.reason).rstrip('. ')}. Name another release with 'release' (elixir_release_rollback_to of "
            "the role), or set 'force' (elixir_release_force) to go back to this one."
        )
    return release


def next_turn(releases: list[Release]) -> int:
    """The place of the next release that a deploy proves good or bad. A clock may be set back, this is not."""
    return 1 + max((release.turn or 0 for release in releases), default=0)


def left_by_going_back(releases: list[Release], to: Release, previous_id: str | None) -> list[Release]:
    """What a rollback leaves behind: what it goes back from, and all that it passes over."""
    previous = next((release for release in releases if release.id == previous_id), None)
    if not previous:
        return []
    return [release for release in _good(releases) if _turn(to) < _turn(release) <= _turn(previous)]


def prunable(releases: list[Release], current_id: str | None, running_ids: t.Collection[str], keep: int) -> list[Release]:
    """What nobody will miss, oldest first.

    Kept are what runs, what is current, what going back leads to, the newest good ones, and the newest bad ones: their mark keeps
    them from being deployed again. Of builds, that is: another env file makes another release on one host and none on the next, and all hosts are
    to keep the same builds.
    """
    kept = {current_id, *running_ids}
    fallback = last_good(releases, current_id)
    if fallback:
        kept.add(fallback.id)
    kept.update(_newest_builds((release for release in releases if release.state == "good" or release.id == current_id), keep))
    kept.update(_newest_builds((release for release in releases if release.state == "bad"), keep))
    return [release for release in releases if release.id not in kept]


def _newest_builds(releases: t.Iterable[Release], keep: int) -> list[str]:
    """The ids of the newest release of each of so many builds."""
    newest = {release.sha256: release for release in sorted(releases, key=_turn)}
    return [release.id for release in sorted(newest.values(), key=_turn)[-keep:]]


def _nothing(releases: list[Release], current_id: str | None, wanted: str | None) -> str:
    there = ", ".join(f"{one.id} ({one.state})" for one in releases) or "none"
    if wanted:
        return f"There is no release {wanted} on this host; there are: {there}. Name one that is there, or deploy {wanted}."
    before = f" from before {current_id}" if current_id else ""
    advice = "Name one of these with 'release' (elixir_release_rollback_to of the role), or deploy another." if releases else "Deploy one first."
    return f"This host has no good release{before} to go back to; there are: {there}. {advice}"


def _named(releases: list[Release], wanted: str) -> Release | None:
    for release in releases:
        if release.id == wanted:
            return release
    found = [release for release in releases if release.version == wanted]
    best = _good(found) or found
    return best[-1] if best else None


def _good(releases: list[Release]) -> list[Release]:
    return sorted((release for release in releases if release.state == "good"), key=_turn)


def _turn(release: Release) -> tuple[int, str, str, str]:
    """Releases in the order in which they turned out good or bad. Before there were turns, this collection noted the time, or not even that."""
    return release.turn or 0, release.good_at or release.staged_at, release.staged_at, release.id
