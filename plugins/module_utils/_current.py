# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Points `current`, and remembers how a release turned out."""

from __future__ import annotations

import datetime
import json
import os

from ansible_collections.beamops.elixir.plugins.module_utils import _layout, _releases


def point(layout: _layout.Layout, release_id: str) -> None:
    """Point `current` at the release: a reader sees the old one or the new one, never none."""
    _link(os.path.join(os.path.basename(layout.releases), release_id), layout.current)
    if not os.path.lexists(layout.env_link):
        _link(os.path.join(os.path.basename(layout.current), ".env"), layout.env_link)


def pointed(layout: _layout.Layout) -> str | None:
    """The id that `current` points to, whether that is there or not."""
    return os.path.basename(os.readlink(layout.current)) if os.path.islink(layout.current) else None


def mark(release: _releases.Release, state: str, reason: str | None) -> _releases.Release:
    marked = release._replace(state=state, reason=reason)
    _releases.write(marked)
    return marked


def note(layout: _layout.Layout, event: str, release: _releases.Release, previous: str | None, by: str | None) -> None:
    """Append a line to the ledger. One write of one line: two runs at a time do not mix theirs."""
    line = {
        "at": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "event": event,
        "release": release.id,
        "version": release.version,
        "sha256": release.sha256,
        "previous": previous,
        "by": by,
        "reason": release.reason,
    }
    descriptor = os.open(layout.ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(json.dumps(line, sort_keys=True) + "\n")


def _link(target: str, path: str) -> None:
    temporary = f"{path}.new"
    if os.path.lexists(temporary):
        os.unlink(temporary)
    os.symlink(target, temporary)
    os.rename(temporary, path)
