# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run takes of the controller while it lasts: memory, ssh connections, one core."""

from __future__ import annotations

import contextlib
import os
import pathlib
import threading
import typing as t

PROC = pathlib.Path("/proc")
EVERY = 0.2  # seconds


class Most(t.NamedTuple):
    mib: float
    connections: int
    busiest: float  # seconds of CPU of one process: that which all answers go through, which a second core does not help


class Sampler(threading.Thread):
    """The most that was seen of a process and all that came of it, and of the sockets that ssh has for its connections."""

    def __init__(self, pid: int, sockets: pathlib.Path):
        super().__init__(daemon=True)
        self.pid, self.sockets = pid, sockets
        self.most = Most(0, 0, 0)
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(EVERY):
            found = descendants(self.pid)
            now = Most(sum(map(proportional_mib, found)), len(os.listdir(self.sockets)), max(map(own_cpu, found), default=0))
            self.most = Most(*map(max, self.most, now))

    def end(self) -> Most:
        self._over.set()
        self.join()
        return self.most


def descendants(pid: int) -> list[pathlib.Path]:
    """Each worker of Ansible has a session of its own; what ssh leaves behind is inherited by the stopwatch."""
    children: dict[int, list[int]] = {}
    for path in PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError):
            parent = int((path / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(path.name))
    found, new = [], children.get(pid, [])
    while new:
        found += new
        new = [child for parent in new for child in children.get(parent, [])]
    return [PROC / str(number) for number in found]


def own_cpu(path: pathlib.Path) -> float:
    """Without that of its children."""
    with contextlib.suppress(OSError, IndexError):
        user, system = (path / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
    return 0


def proportional_mib(path: pathlib.Path) -> float:
    """What forks share counts once, divided among them."""
    with contextlib.suppress(OSError):
        for line in (path / "smaps_rollup").read_text(encoding="utf-8").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0
