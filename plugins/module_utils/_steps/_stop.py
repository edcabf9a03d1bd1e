# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asks a running release to stop, with what the process itself knows: its own cookie, node name and directory."""

from __future__ import annotations

import contextlib
import os
import signal

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _processes, _systemd
from ansible_collections.beamops.elixir.plugins.module_utils._root import _layout
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _node_calls


def ask(process: _processes.Process) -> str:
    """As bin/NAME stop does or, where the node cannot be reached so, by SIGTERM, which the BEAM takes for the same. Says by which.

    What systemd runs, it has to end: it would start again what ends otherwise than well.
    """
    unit = _systemd.of_process(process.pid)
    if unit:
        _systemd.ask_to_stop(unit.name)
        return "systemctl"
    if _node_calls.stop(process):
        return "stop"
    _send(process, signal.SIGTERM)
    return "term"


def ask_restarting(layout: _layout.Layout, scan: _processes.Scan, slot: str | None = None) -> list[str]:
    """What crashes has no process now and then, and systemd starts the next one, unless it is told not to. The units that were told.

    A process that has just been started is a shell for a moment, which the scan does not know for a release.

    In a slot that is the one of the slot: what the other one has is not to be stopped.
    """
    if not _systemd.may_be_told():
        return []
    # Only where systemd is
    from ansible_collections.beamops.elixir.plugins.module_utils._steps import _service

    units = [unit.name for unit in _service.restarting(layout, [process.pid for process in scan.of_root(layout.root)], slot)]
    for unit in units:
        _systemd.ask_to_stop(unit)
    return units


def kill(process: _processes.Process) -> str:
    """Ends it at once. Its heart goes first: it would start the same old release again. So would systemd, unless it is told."""
    unit = _systemd.of_process(process.pid)
    if unit:
        _systemd.ask_to_stop(unit.name)
    for heart in _processes.hearts(process.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(heart, signal.SIGKILL)
    _send(process, signal.SIGKILL)
    return "kill"


def _send(process: _processes.Process, sign: signal.Signals) -> None:
    if not _processes.alive(process.pid, process.started):
        return
    try:
        os.kill(process.pid, sign)
    except ProcessLookupError:
        pass
    except PermissionError as error:
        raise ReleaseError(f"pid {process.pid} from {process.root} belongs to another user (uid {process.uid}): use 'become'.") from error
