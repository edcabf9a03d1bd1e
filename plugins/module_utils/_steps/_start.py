# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starts a release as a daemon and looks for its process."""

from __future__ import annotations

import time

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _logs, _processes
from ansible_collections.beamops.elixir.plugins.module_utils._root import _layout, _releases
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _bin_app

# `daemon` returns as run_erl forks, a moment before the shell and erlexec that it starts have become beam.smp.
# This is not a wait for the application: whether that comes up, elixir_release_wait says.
APPEARS_WITHIN = 3
LOOK_EVERY = 0.02


def running(release: _releases.Release) -> _processes.Process | None:
    """This very release, where it runs."""
    found = _processes.scan().of_release(release.path)
    return found[0] if found else None


def refuse_beside_another(layout: _layout.Layout, release: _releases.Release) -> None:
    """Two would fight for the node name and the port."""
    others = _processes.scan().of_root(layout.root)
    if others:
        raise ReleaseError(f"{others[0].version} (pid {others[0].pid}) runs from {others[0].root}: stop it before {release.id} is started.")


def start(application: _bin_app.Application) -> _processes.Process:
    result = application.call("daemon")
    if result.rc != 0:
        raise ReleaseError(f"{application.path}/bin/{application.name} daemon failed (exit code {result.rc}): {(result.stderr or result.stdout).strip()}")
    process = _appearing(application.path)
    if not process:
        raise ReleaseError(
            f"{application.path}/bin/{application.name} daemon said nothing, but its process is not there: it died at once."
            f"{_logs.tail(application.environ['RELEASE_TMP'])}"
        )
    return process


def _appearing(path: str) -> _processes.Process | None:
    deadline = time.monotonic() + APPEARS_WITHIN
    while time.monotonic() < deadline:
        found = _processes.scan().of_release(path)
        if found:
            return found[0]
        time.sleep(LOOK_EVERY)
    return None
