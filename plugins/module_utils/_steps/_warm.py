# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A slot that is kept warm after the traffic was moved away: a process on the host ends it when its time is over, for no run is there any more to do so."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _processes
from ansible_collections.beamops.elixir.plugins.module_utils._root import _layout, _lock, _slots
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _drain, _live, _proxy, _stop, _timer

LOOK_EVERY = 1.0


class Plan(t.NamedTuple):
    root: str
    name: str
    slot: str
    slots: dict[str, t.Any]
    pid: int
    started: int  # with the pid, this tells it from a later one
    seconds: float
    drain_seconds: float
    stop_seconds: float
    drain_expression: str | None = None


def arm(layout: _layout.Layout, process: _processes.Process, slot: str, slots: dict[str, t.Any], **given: t.Any) -> None:
    """`given` is what is left of a plan."""
    # With what its process needs, which nobody else does
    from ansible_collections.beamops.elixir.plugins.module_utils._steps import _timer_launch

    plan = Plan(layout.root, process.name, slot, slots, process.pid, process.started, **given)
    _timer_launch.start(layout, plan._asdict(), layout.warm, __name__.rpartition(".")[2], f"Ends what is kept warm in the slot {slot} of {layout.root}")


def watch(directory: str) -> None:
    """What the process does. It leaves nothing behind."""
    timer = _timer.Timer(directory)
    os.chdir("/")
    fields = _timer.read(timer.plan)
    if fields:
        with contextlib.suppress(OSError, ReleaseError):  # nobody is there to read it, and the next deploy finds what is left
            _end(Plan(**fields))
    shutil.rmtree(directory, ignore_errors=True)


def _end(plan: Plan) -> None:
    layout = _layout.Layout(plan.root)
    deadline = time.monotonic() + plan.seconds
    # A run may be about to go back to it
    while _processes.alive(plan.pid, plan.started) and (time.monotonic() < deadline or _lock.read(layout)):
        time.sleep(LOOK_EVERY)
    if not _processes.alive(plan.pid, plan.started) or _proxy.serves(_live.proxy(plan.name, plan.slots)) == plan.slot:
        return
    _drain.watch(_slots.of(plan.slot, plan.slots["ports"]), plan.drain_seconds, plan.drain_seconds, _processes.uptime())
    process = next((process for process in _processes.scan().of_root(layout.root) if process.pid == plan.pid), None)
    if not process:  # it has gone meanwhile
        return
    if plan.drain_expression:
        _drain.evaluate(process, plan.drain_expression, plan.drain_seconds)
    _stop.ask(process)
    _live.leave(layout, plan.slot)
    until = time.monotonic() + plan.stop_seconds
    while _processes.alive(plan.pid, plan.started):
        if time.monotonic() > until:
            _stop.kill(process)
        time.sleep(LOOK_EVERY)
