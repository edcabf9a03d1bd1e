# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Injects the faults of a row while the block lasts."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
import typing as t

from ansible_collections.beamops.elixir.molecule.faults.language import WHOLE, At, Now, Scene
from ansible_collections.beamops.elixir.molecule.faults.machines import Machine

# What an action may take after the end of the run, such as a second deploy
SECONDS = 200


class Injection:
    """The faults of a row, in one run of one half."""

    def __init__(self, scene: Scene, tarball: str):
        self.scene = scene
        self.bytes = os.stat(tarball).st_size
        self.missed: list[str] = []  # the moments that did not come
        self._watching: list[tuple[Machine, subprocess.Popen[str], threading.Thread]] = []

    @contextlib.contextmanager
    def around(
        self, faults: t.Iterable[Now | At], machines: t.Sequence[Machine], all_machines: t.Mapping[str, Machine], *, script: bool = False
    ) -> t.Iterator[None]:
        with contextlib.ExitStack() as stack:
            for fault in faults:
                for machine in machines:
                    if isinstance(fault, Now):
                        _do(fault.do, machine)
                        stack.callback(_do, fault.undo, machine)
                    else:
                        stack.callback(_do, fault.undo, machine)
                        self._watch(fault, machine, machine if script else all_machines.get(fault.seen_on, machine), script)
            stack.callback(self.stop_watching)
            yield

    def stop_watching(self) -> None:
        """The run is over: what has not come will not come, and what has begun is waited for."""
        for machine, watcher, thread in self._watching:
            if watcher.stdin:
                with contextlib.suppress(OSError):
                    watcher.stdin.close()
            thread.join(SECONDS)
            if thread.is_alive():
                watcher.kill()
                self.missed.append(f"{machine.name}: the fault was not injected within {SECONDS} s of the run's end")
        self._watching = []

    def _watch(self, fault: At, machine: Machine, seen_on: Machine, script: bool) -> None:
        moment = (script and fault.script_moment) or fault.moment
        if moment.get("bytes") == WHOLE:
            moment = {**moment, "bytes": self.bytes}
        watcher = seen_on.watch(moment, fault.do if isinstance(fault.do, str) else "")
        thread = threading.Thread(target=self._act, args=(fault, machine, watcher), daemon=True)
        thread.start()
        self._watching.append((machine, watcher, thread))

    def _act(self, fault: At, machine: Machine, watcher: subprocess.Popen[str]) -> None:
        said = watcher.stdout.readline().strip() if watcher.stdout else ""
        if said != "fired 0":
            self.missed.append(f"{machine.name}: {said or 'the moment of the fault did not come'}")
        elif callable(fault.do):
            fault.do(self.scene, machine)


def _do(action: str | t.Callable[[Machine], t.Any], machine: Machine) -> None:
    if callable(action):
        action(machine)
    elif action:
        machine.sh(action)
