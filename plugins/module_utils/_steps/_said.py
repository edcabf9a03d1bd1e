# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a release said since it was started last: in run_erl's log, or in the journal."""

from __future__ import annotations

from ansible_collections.beamops.elixir.plugins.module_utils._host import _journal, _logs
from ansible_collections.beamops.elixir.plugins.module_utils._root import _layout, _releases, _units
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _overlap


def since_start(layout: _layout.Layout, release: _releases.Release) -> str:
    if release.service is not None:
        return _logs.plain(_journal.since_start(_units.unit(layout.root, release.slot_name)))
    return _logs.since_start(tmp(layout, release))


def tmp(layout: _layout.Layout, release: _releases.Release) -> str:
    """Where it writes."""
    return layout.slot_tmp(release.slot.name) if release.slot else _overlap.tmp(layout, release.id)


def where(layout: _layout.Layout, release: _releases.Release) -> str | None:
    """As a person finds it."""
    if release.service is not None:
        return f"journalctl --unit={_units.unit(layout.root, release.slot_name)}"
    return _logs.newest(tmp(layout, release))


def tail(layout: _layout.Layout, release: _releases.Release) -> str:
    """Its beginning and its end, as one indented text; empty where that is nothing."""
    return _logs.quoted(where(layout, release), since_start(layout, release))
