# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lets what is about to be stopped finish: who waits for an answer of a slot, to which nobody new comes by now, and what an expression tells it."""

from __future__ import annotations

from ansible_collections.beamops.elixir.plugins.module_utils._host import _connections, _processes, _text
from ansible_collections.beamops.elixir.plugins.module_utils._root import _slots
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _node_calls, _readiness, _wait

# A connection that has had its answer for so long is one that is kept, or a websocket, which its client opens again elsewhere
QUIET_MS = 1000


def evaluate(process: _processes.Process, expression: str, seconds: float) -> str | None:
    """Why it may not have come to its end, if so."""
    answer = _node_calls.evaluate(process, expression, seconds)
    if answer.came:
        return None
    why = _text.sentence(_text.shown(" ".join(answer.text.split())))
    return f"{process.version} (pid {process.pid}) was asked to stop without having drained. {expression}: {why}"


def watch(slot: _slots.Slot, watch: float, limit: float, since: float | None) -> _readiness.Verdict:
    """Over where nobody waits any more, or after `limit` seconds since `since`, in seconds of the host's uptime."""

    def look() -> tuple[_readiness.Verdict, float | None]:
        elapsed = None if since is None else _processes.uptime() - since
        return verdict(slot, _connections.to_port(slot.port), elapsed, limit), None

    return _wait.watched(look, watch, None, "")


def verdict(slot: _slots.Slot, connections: list[_connections.Connection] | None, elapsed: float | None, limit: float) -> _readiness.Verdict:
    """Where the kernel does not tell, all of the time is given."""
    over = elapsed is None or elapsed > limit
    moved = None if elapsed is None else int(elapsed * 1000)
    waiting = None if connections is None else sum(connection.waits(QUIET_MS, moved) for connection in connections)
    if waiting == 0:
        return _readiness.yes(f"nobody waits for an answer of the slot {slot.name}.", "drained", "0")
    told = "how many wait is not known" if waiting is None else f"{waiting} wait"
    if over:
        return _readiness.yes(f"{told} for an answer of the slot {slot.name} still, and the time for that is over.", "drained")
    return _readiness.not_yet(f"{told} for an answer of the slot {slot.name}.", "drained")
