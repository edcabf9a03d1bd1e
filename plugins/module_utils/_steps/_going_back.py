# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a host goes back with nobody there to lead it: what the process of a dead-man timer does once its time is over."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _command, _processes
from ansible_collections.beamops.elixir.plugins.module_utils._root import _current, _layout, _slots
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _bin_app, _live, _proxy, _readiness, _start, _stop, _wait
from ansible_collections.beamops.elixir.plugins.module_utils._steps._way_back import WayBack
from ansible_collections.beamops.elixir.plugins.module_utils._tarball import _rel

# For the release that is left, from being asked to being killed: nobody is served meanwhile
STOP_SECONDS = 15
# For what was killed to be gone, and for epmd to have noticed that the name is free
GONE_SECONDS = 5
# For the release that is gone back to, until it answers
READY_SECONDS = 60
RPC_SECONDS = 10
ROUNDS = 3
LOOK_EVERY = 0.2


def go_back(layout: _layout.Layout, way_back: WayBack, pointed: str | None, proxy: dict[str, t.Any] | None = None) -> None:
    """Ends with the way back running and looked at, or raises. Nothing is deleted, nothing is marked bad.

    `pointed` is where `current` pointed when a stranger ran, who has no id to point to.
    """
    if proxy:
        _lead_back(layout, way_back, pointed, proxy)
        return
    for rounds_left in reversed(range(ROUNDS)):
        _stop_others(layout, way_back)
        _point(layout, way_back.id or pointed)
        try:
            _bring_up(layout, way_back)
        except ReleaseError:
            # A run that is slow, but not lost, may have started its release meanwhile, and two of one name end each other: that one was given up
            if not rounds_left or _running(way_back) and not _others(layout, way_back, _processes.scan()):
                raise
        else:
            break
    _point(layout, way_back.id or pointed)


def _lead_back(layout: _layout.Layout, way_back: WayBack, pointed: str | None, proxy: dict[str, t.Any]) -> None:
    """Where two may run at once, what is left serves until the traffic is back where it was."""
    _bring_up(layout, way_back)
    _proxy.move(_proxy.Proxy(proxy["name"], proxy["port"]), proxy["slot"])
    if way_back.id or pointed:
        _current.point(layout, way_back.id or pointed or "", way_back.record.slot_name)
    _stop_others(layout, way_back)
    _live.leave(layout, _slots.other(proxy["slot"]))


def environ(layout: _layout.Layout, way_back: WayBack) -> dict[str, str]:
    """What it is started with; nothing where that cannot be loaded. Secret."""
    try:
        return _application(layout, way_back).environ
    except (OSError, ReleaseError):
        return {}


def _others(layout: _layout.Layout, way_back: WayBack, scan: _processes.Scan) -> list[_processes.Process]:
    return [process for process in scan.of_root(layout.root) if process.root != way_back.path]


def _stop_others(layout: _layout.Layout, way_back: WayBack) -> None:
    for process in _others(layout, way_back, _processes.scan()):
        _stop.ask(process._replace(node=None))  # by a signal at once: bin/NAME stop would wait long for a node that hangs

    def gone() -> bool:
        scan = _processes.scan()
        return not _stop.ask_restarting(layout, scan) and not _others(layout, way_back, scan)

    if not _until(gone, STOP_SECONDS):
        for process in _others(layout, way_back, _processes.scan()):
            _stop.kill(process)
        _until(gone, GONE_SECONDS)
    for process in _others(layout, way_back, _processes.scan()):
        raise ReleaseError(f"pid {process.pid} from {process.root} is still there after it was killed: look at it with 'ps', it may hang in the kernel.")
    if not _running(way_back):
        _until(lambda: _wait.stopped(layout.root, way_back.node).ready, GONE_SECONDS)
    if way_back.unit:  # somebody else has made it, and that is what starts with the host
        _live.nothing_starts_with_host(layout)


def _point(layout: _layout.Layout, release_id: str | None) -> None:
    if release_id:
        if _current.pointed(layout) != release_id:
            _current.point(layout, release_id)
    else:
        _current.unpoint(layout)


def _bring_up(layout: _layout.Layout, way_back: WayBack) -> None:
    process, port = _running(way_back), None
    verdict = _look(layout, way_back, process, port) if process else None
    # What was asked to stop before the run was lost may have run until now
    if not process or not verdict.ready and not _processes.alive(process.pid, process.started):
        application = _application(layout, way_back)
        if way_back.ports is None or application.port in way_back.ports:
            port = application.port
        if way_back.id:
            _start.refuse_beside_another(layout, way_back.record)
        process = _started(layout, way_back, application)
        verdict = _look(layout, way_back, process, port)
    if not verdict.ready:
        raise ReleaseError(verdict.msg)


def _started(layout: _layout.Layout, way_back: WayBack, application: _bin_app.Application) -> _processes.Process:
    if way_back.unit:
        return _start.start_unit(way_back.unit, way_back.path)
    _start.prepare(layout, way_back.record, application)
    return _start.start(layout, way_back.record, application)


def _application(layout: _layout.Layout, way_back: WayBack) -> _bin_app.Application:
    account = _command.account(way_back.user)
    if way_back.environ is None:
        return _bin_app.staged(way_back.path, way_back.name, layout, account, way_back.record.slot)
    return _bin_app.Application(way_back.path, way_back.name, _rel.of_directory(way_back.path), way_back.environ, account, "/")


def _running(way_back: WayBack) -> _processes.Process | None:
    return next(iter(_processes.scan().of_release(way_back.path)), None)


def _look(layout: _layout.Layout, way_back: WayBack, process: _processes.Process, port: int | None) -> _readiness.Verdict:
    """The last of the looks that are taken until it is ready, or never will be."""
    wanted = _wait.Wanted(
        release=way_back.record,
        pid=process.pid,
        stable_for=0,
        port=port,
        url=None,
        headers={},
        status_code=[],
        search_regex=None,
        rpc=True,
        timeout=RPC_SECONDS,
    )
    # A stranger is of a root of its own
    place = layout if way_back.id else _layout.Layout(way_back.path)
    verdicts = []

    def settled() -> bool:
        verdicts[:] = [_wait.ready(place, _wait.as_proven(wanted))]
        return verdicts[0].ready or verdicts[0].fatal

    _until(settled, READY_SECONDS)
    return verdicts[0]


def _until(condition: t.Callable[[], bool], seconds: float) -> bool:
    """Whether it came about within that time. It is looked at once at least."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK_EVERY)
    return True
