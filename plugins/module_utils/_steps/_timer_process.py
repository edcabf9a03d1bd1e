# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The process of a dead-man timer: until its plan is gone, or its time is over. Then it takes the host back."""

from __future__ import annotations

import contextlib
import os
import sys
import time

from ansible_collections.beamops.elixir.plugins.module_utils._root import _current, _layout, _secrets
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _going_back, _timer

LOOK_EVERY = 1


def watch(directory: str) -> None:
    """Until its plan is gone, or its time is over."""
    timer = _timer.Timer(directory)
    _redirect_output(timer.log)
    os.umask(0o022)
    os.chdir("/")
    found = _timer.read_plan(timer)
    if found and _time_is_over(timer, found.seconds):
        _fire(timer, found)


def _time_is_over(timer: _timer.Timer, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while os.path.exists(timer.plan):
        left = deadline - time.monotonic()
        if left <= 0 or os.path.exists(timer.hurry):
            return True
        time.sleep(min(LOOK_EVERY, left))
    return False


def _fire(timer: _timer.Timer, found: _timer.Plan) -> None:
    if not _timer.rename(timer.plan, timer.fired):
        return
    layout, way_back = _layout.Layout(found.root), found.target
    outcome = _timer.Fired(way_back.label, found.seconds, _timer.now(), False, None)
    _tell(timer, outcome)
    try:
        _going_back.go_back(layout, way_back, found.pointed, found.proxy)
    except Exception as error:  # whatever it is: nobody is there to read a traceback
        text = _masked(error, _going_back.environ(layout, way_back), (way_back.label, way_back.name))
        sys.stderr.write(f"{text}\n")
        # In the ledger without the log that it may quote
        outcome = outcome._replace(failed=text.partition("\n")[0])
    _tell(timer, outcome._replace(ended=True))
    _note(layout, found, outcome.failed)


def _masked(error: Exception, environ: dict[str, str], shown: tuple[str, str]) -> str:
    return _secrets.mask(str(error) or repr(error), _secrets.of(environ, shown))


def _tell(timer: _timer.Timer, outcome: _timer.Fired) -> None:
    with contextlib.suppress(OSError):  # a full disk is no reason to stay
        _timer.write(timer.fired, outcome._asdict())


def _note(layout: _layout.Layout, found: _timer.Plan, failed: str | None) -> None:
    reason = f"no word from the run for {found.seconds:g} s"
    record = found.target.record._replace(reason=f"{reason}, and going back failed: {failed}" if failed else reason)
    _current.note(layout, "failure" if failed else "rollback", record, found.release, f"dead-man timer of {found.by}" if found.by else "dead-man timer")


def _redirect_output(path: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    for output in (1, 2):
        os.dup2(descriptor, output)
    os.close(descriptor)
