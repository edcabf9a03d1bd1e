# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a second BEAM can run beside a release that serves, and whether that one has lived through it."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._host import _cgroup, _processes
from ansible_collections.beamops.elixir.plugins.module_utils._root import _layout, _releases

MIB = _cgroup.MIB
# A BEAM that loads every module of a release takes about this and as much as the release takes on the disk: 78 MiB where that takes 15
BEAM = 64 * MIB


def live(layout: _layout.Layout, release: _releases.Release, scan: _processes.Scan) -> list[_processes.Process]:
    """What serves here; on the first deploy it may have been started from elsewhere."""
    ours = scan.of_root(layout.root)
    return ours or [process for process in (scan.of_node(release.node) if release.node else []) if process.name == release.name]


def too_little_memory(what: str, unpacked: int, running: list[_processes.Process], room: _cgroup.Room | None) -> str | None:
    """Why a second BEAM is not started, in words. Where nothing runs there is nobody to lose; what is too much shows by itself then.

    Only what is clearly too little counts: it takes no more than the code needs, and no more than what serves.
    """
    resident = max((_processes.resident(process.pid) or 0 for process in running), default=0)
    needed = min(BEAM + unpacked, resident)
    if not room or not resident or room.bytes >= needed:
        return None
    return (
        f"There is too little memory to run {what} beside pid {running[0].pid}, which serves and could be killed for it: a second BEAM needs about "
        f"{needed // MIB} MiB, and {room.bytes // MIB} MiB are left ({room.limit}). Give it more memory, add swap, or stop what runs first, "
        "with the playbook beamops.elixir.stop."
    )


def unpacked_size(path: str) -> int:
    return sum(os.lstat(os.path.join(directory, name)).st_size for directory, _directories, names in os.walk(path) for name in names)


def died(before: t.Iterable[_processes.Process]) -> list[_processes.Process]:
    return [process for process in before if not _processes.alive(process.pid, process.started)]


def lost(process: _processes.Process, what: str) -> str:
    """What is said of one that died meanwhile."""
    return (
        f"pid {process.pid}, {process.name} {process.version} from {process.root}, served when {what} began, and is gone. If nobody stopped it, the kernel "
        "most likely killed it for lack of memory: see 'journalctl -k' or 'dmesg', and start it with the playbook beamops.elixir.restart."
    )
