# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asks a running release to stop, with what the process itself knows: its own cookie, node name and directory."""

from __future__ import annotations

import contextlib
import os
import signal

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _processes
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _node_calls


def ask(process: _processes.Process) -> str:
    """As bin/NAME stop does or, where the node cannot be reached so, by SIGTERM, which the BEAM takes for the same. Says by which."""
    if _node_calls.stop(process):
        return "stop"
    _send(process, signal.SIGTERM)
    return "term"


def kill(process: _processes.Process) -> str:
    """Ends it at once. Its heart goes first: it would start the same old release again."""
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
