# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a release serves: the ports that it listens on, but for the one that other nodes reach it by."""

from __future__ import annotations

from ansible_collections.beamops.elixir.plugins.module_utils._host import _epmd, _processes
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _bin_app


def ports(process: _processes.Process) -> set[int] | None:
    """None where that cannot be told."""
    own = _processes.listening_ports(process.pid)
    if not own or not _bin_app.is_distributed(process):
        return own
    distribution = _epmd.distribution_port(process)
    return own - {distribution} if distribution else None
