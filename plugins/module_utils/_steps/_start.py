# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starts a release, as a daemon or as a service, and looks for its process."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _logs, _processes, _systemd
from ansible_collections.beamops.elixir.plugins.module_utils._root import _layout, _releases, _slots
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _bin_app, _said

# `daemon` returns as run_erl forks, a moment before the shell and erlexec that it starts have become beam.smp.
# This is not a wait for the application: whether that comes up, elixir_release_wait says.
APPEARS_WITHIN = 3
LOOK_EVERY = 0.02


def running(layout: _layout.Layout, release: _releases.Release) -> _processes.Process | None:
    """This very release, where it runs; of a slot, there."""
    found = [process for process in _processes.scan().of_release(release.path) if _slots.is_in(layout, process, release.slot)]
    return found[0] if found else None


def refuse_beside_another(layout: _layout.Layout, release: _releases.Release) -> None:
    """Two would fight for the node name and the port."""
    others = [process for process in _processes.scan().of_root(layout.root) if _slots.is_in(layout, process, release.slot)]
    if others:
        raise ReleaseError(f"{others[0].version} (pid {others[0].pid}) runs from {others[0].root}: stop it before {release.id} is started.")


def prepare(layout: _layout.Layout, release: _releases.Release, application: _bin_app.Application) -> None:
    """What has to be there before it can be started, and can be put there while what it replaces is on its way out."""
    if release.slot:
        own = _slots.variables(layout, release.name, application.environ, release.slot)
        _slots.assign(layout, release.slot, release, own, application.account)
    if release.service is not None:
        _service().put(layout, release, application)
    elif _systemd.may_be_told():  # the other slot's may be one
        ours = _service().ours(layout)
        _service().remove([unit for unit in ours if unit == _service().name(layout, release)] if release.slot else ours)


def start(layout: _layout.Layout, release: _releases.Release, application: _bin_app.Application) -> _processes.Process:
    if release.service is not None:
        how = f"{_service().name(layout, release)} was started"
        _service().start(layout, release)
    else:
        how = f"{release.program} daemon said nothing"
        # Its slot's place is there by now
        result = (application._replace(cwd=layout.slot_tmp(release.slot.name)) if release.slot else application).call("daemon")
        if result.rc != 0:
            raise ReleaseError(f"{release.program} daemon failed (exit code {result.rc}): {(result.stderr or result.stdout).strip()}")
    process = appearing(application.path, lambda found: _slots.of_process(layout, found) == release.slot_name if release.slot else True)
    if not process:
        raise ReleaseError(f"{how}, but its process is not there: it died at once.{_last_words(layout, release, application)}")
    if not release.slot and _systemd.may_be_told():
        _service().forget_left(layout, own=_service().name(layout, release) if release.service is not None else None)
    return process


def start_unit(unit: str, path: str) -> _processes.Process:
    """One that is not ours."""
    _systemd.systemctl("reset-failed", "--", unit)
    _systemd.tell("start", "--", unit)
    process = appearing(path)
    if not process:
        raise ReleaseError(f"{unit} was started, but there is no process from {path}: see 'systemctl status {unit}'.")
    return process


def _last_words(layout: _layout.Layout, release: _releases.Release, application: _bin_app.Application) -> str:
    return _logs.tail(application.environ["RELEASE_TMP"]) if release.service is None else _said.tail(layout, release)


def _service() -> t.Any:
    """Only where systemd is: all else need not load it."""
    from ansible_collections.beamops.elixir.plugins.module_utils._steps import _service as service

    return service


def appearing(path: str, counts: t.Callable[[_processes.Process], bool] = lambda process: True) -> _processes.Process | None:
    deadline = time.monotonic() + APPEARS_WITHIN
    while time.monotonic() < deadline:
        found = [process for process in _processes.scan().of_release(path) if counts(process)]
        if found:
            return found[0]
        time.sleep(LOOK_EVERY)
    return None
