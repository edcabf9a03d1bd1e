# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which release a host can go back to, and which it can do without. Pure functions of what was staged."""

from __future__ import annotations

import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._releases import Release


def last_good(releases: list[Release], current_id: str | None) -> Release | None:
    """Where going back leads to: the release that a deploy marked good before it did so with the current one.

    A rollback does not count as a deploy, so going back twice leads further back, and never to what was just left.
    """
    current = next((release for release in releases if release.id == current_id), None)
    good = _good([release for release in releases if release is not current])
    if current and current.state == "good":
        good = [release for release in good if _turn(release) < _turn(current)]
    return good[-1] if good else None


def choose(releases: list[Release], current_id: str | None, wanted: str | None, force: bool) -> Release:
    """The release of that id or, of those of that version, the one that was good last; without either, the last good one."""
    release = _named(releases, wanted) if wanted else last_good(releases, current_id)
    if not release:
        raise ReleaseError(_nothing(releases, current_id, wanted))
    if release.state == "bad" and not force:
        raise ReleaseError(f"{release.id} is marked bad on this host: {release.reason}. Name another release, or set 'force' to go back to this one.")
    return release


def prunable(releases: list[Release], current_id: str | None, running_ids: t.Collection[str], keep: int) -> list[Release]:
    """What nobody will miss, oldest first.

    Kept are what runs, what is current, what going back leads to, the newest good ones, and the newest bad ones: their mark keeps
    them from being deployed again.
    """
    kept = {current_id, *running_ids}
    fallback = last_good(releases, current_id)
    if fallback:
        kept.add(fallback.id)
    good = sorted((release for release in releases if release.state == "good" or release.id == current_id), key=_turn)
    bad = [release for release in releases if release.state == "bad"]
    kept.update(release.id for release in [*good[-keep:], *bad[-keep:]])
    return [release for release in releases if release.id not in kept]


def _nothing(releases: list[Release], current_id: str | None, wanted: str | None) -> str:
    there = ", ".join(f"{one.id} ({one.state})" for one in releases) or "none"
    if wanted:
        return f"There is no release {wanted} on this host; there are: {there}. Name one that is there, or deploy {wanted}."
    before = f" from before {current_id}" if current_id else ""
    advice = "Name one of these with 'release', or deploy another." if releases else "Deploy one first."
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


def _turn(release: Release) -> tuple[str, str, str]:
    """Releases in the order in which they became good. Those of this collection's first version did not record when."""
    return release.good_at or release.staged_at, release.staged_at, release.id
