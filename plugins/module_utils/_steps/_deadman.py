# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The dead-man timer: a process on the host that takes it back to what ran before, unless the run calls it off in time.

This is what a run does with it. The files are _timer's, what the process does is _timer_process's, how it comes to run is _timer_launch's.
"""

from __future__ import annotations

import os
import shutil
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _command, _processes
from ansible_collections.beamops.elixir.plugins.module_utils._root import _current, _layout, _releases
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _timer, _way_back


def plan(
    layout: _layout.Layout, account: _command.Account, release_id: str, seconds: float, by: str | None, proxy: dict[str, t.Any] | None = None
) -> _timer.Plan | None:
    """What the timer would do. None where there is nothing to go back to."""
    earlier = armed(layout)
    if earlier and earlier.release == release_id:  # it may run by now, but is not proven yet: it is nothing to go back to
        return earlier._replace(seconds=seconds, by=by)
    release = _releases.find(layout, release_id) if _releases.is_staged(layout, release_id) else None
    way_back = _way_back.find(layout, account, release, _processes.scan())
    return _timer.Plan(layout.root, release_id, way_back._asdict(), _current.pointed(layout), seconds, by, proxy) if way_back else None


def arm(layout: _layout.Layout, wanted: _timer.Plan | None) -> None:
    """There is one timer afterwards, or none where there is nothing to go back to. The new one runs before an earlier one is called off."""
    # With what the timer's process needs, which nobody else does
    from ansible_collections.beamops.elixir.plugins.module_utils._steps import _timer_launch

    earlier = _timer.all_of(layout)
    for timer in earlier:
        _refuse_beside_one_that_goes_back(timer)
    started = _timer_launch.start(layout, wanted._asdict()) if wanted else None
    try:
        for timer in earlier:
            if not _timer.call_off(timer):
                _refuse_beside_one_that_goes_back(timer)  # it fired this moment
    except ReleaseError:
        if started:
            _timer.call_off(started)
        raise
    for directory in _timer.directories(layout):
        if not started or directory != started.directory:
            shutil.rmtree(directory, ignore_errors=True)


def disarm(layout: _layout.Layout) -> _timer.Plan | None:
    """The plan that was called off, if there was one. Raises where the timer was quicker, and every time from then on until the next one is armed."""
    found = [(timer, _timer.read_plan(timer)) for timer in _timer.all_of(layout)]
    for timer, called_off in found:
        if not _timer.call_off(timer):
            raise ReleaseError(f"{_timer.seen(timer)} See why the run was not heard of for so long, and deploy again.")
    return found[0][1] if found else None


def hurry(layout: _layout.Layout) -> bool:
    """Have the timer go back now, without waiting any longer. Whether there is one that will."""
    waiting = [timer for timer in _timer.all_of(layout) if os.path.exists(timer.plan) and _timer.is_alive(timer)]
    for timer in waiting:
        with open(timer.hurry, "w", encoding="utf-8"):
            pass
    return bool(waiting)


def outcome(layout: _layout.Layout) -> tuple[str | None, str]:
    """What the timer did, if anything: going, back or failed. And the same in words."""
    timer = next((timer for timer in _timer.all_of(layout) if os.path.exists(timer.fired)), None)
    if not timer:
        return None, "No timer has gone back."
    fired = _timer.seen(timer)
    return "failed" if fired.failed else "back" if fired.ended else "going", str(fired)


def armed(layout: _layout.Layout) -> _timer.Plan | None:
    """The plan that would be carried out if no word came."""
    plans = (_timer.read_plan(timer) for timer in _timer.all_of(layout) if _timer.is_alive(timer))
    return next((found for found in plans if found), None)


def _refuse_beside_one_that_goes_back(timer: _timer.Timer) -> None:
    if os.path.exists(timer.fired) and _timer.is_alive(timer) and not _timer.read_fired(timer).ended:
        raise ReleaseError(f"{_timer.seen(timer)} Wait until it has, see what runs then, and deploy again.")
