# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a release can be started in its slot, beside what serves in the other one. What is left in its own goes before."""

from __future__ import annotations

import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _cgroup, _node, _processes
from ansible_collections.beamops.elixir.plugins.module_utils._root import _layout
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _beside, _live, _predecessor, _startable


def refuse_what_cannot_start(layout: _layout.Layout, start: _startable.Start, scan: _processes.Scan) -> None:
    """Nothing is stopped for the node name that it has there."""
    if _node.taken(start.given):
        _predecessor.refuse_stranger(layout, start.application.environ["RELEASE_NODE"], scan)
    _startable.refuse(start)


def refuse_too_little_memory(release_id: str, unpacked_size: t.Callable[[], int], seen: _live.Seen) -> None:
    """Where two are to run for a while."""
    if seen.serving and not seen.left:
        refusal = _beside.too_little_memory(f"{release_id} in its slot", unpacked_size(), [seen.serving], _cgroup.room())
        if refusal:
            raise ReleaseError(refusal)
