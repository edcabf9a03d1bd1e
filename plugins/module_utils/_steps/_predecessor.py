# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a release takes the place of."""

from __future__ import annotations

import os

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _processes
from ansible_collections.beamops.elixir.plugins.module_utils._root import _layout, _releases


def of(layout: _layout.Layout, name: str, node: str | None, scan: _processes.Scan) -> list[_processes.Process]:
    """What has to stop before this release starts.

    That is what runs from this root. On the first deploy it is also a release of the same name and node that was started from
    elsewhere, say by the bash script that this collection replaces. Whoever else holds the node name is not ours to stop.
    """
    ours = scan.of_root(layout.root)
    strangers = [process for process in (scan.of_node(node) if node else scan.releases) if process not in ours]
    if not ours and not _releases.current(layout):
        taken_over = [process for process in strangers if process.name == name and not os.path.exists(_layout.record(process.root))]
        if taken_over:
            return taken_over
    if node and strangers:
        _refuse(node, strangers[0])
    return ours


def refuse_stranger(layout: _layout.Layout, node: str, scan: _processes.Scan) -> None:
    """Of a node that nothing of this root should be stopped for."""
    ours = scan.of_root(layout.root)
    for stranger in (process for process in scan.of_node(node) if process not in ours):
        _refuse(node, stranger)


def _refuse(node: str, stranger: _processes.Process) -> None:
    label = f"{stranger.name} {stranger.version}".strip()  # another user's tells no name
    raise ReleaseError(
        f"The node name {node} is taken on this host by pid {stranger.pid}, {label} from {stranger.root}: "
        f"stop that one, or set another RELEASE_NODE in the env file."
    )
