# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What memory there is for a process, who was killed for the lack of it, and of which systemd unit a process is."""

from __future__ import annotations

import os
import re
import typing as t

MIB = 1 << 20
PROC = "/proc"
CGROUPS = "/sys/fs/cgroup"
# The names of the same files in cgroup v1, which the memory controller still has on some hosts, and in v2
LIMITS = ("memory.limit_in_bytes", "memory.max")
USED = ("memory.usage_in_bytes", "memory.current")
# Counted as used, and given back where it is wanted: of the cgroup and those below it, in v1 by a name of its own
RECLAIMABLE = r"^total_inactive_file (\d+)$", r"^inactive_file (\d+)$"
KILLS = ("memory.oom_control", "memory.events")
# What v1 says where there is no limit is about as much as an address can tell
UNLIMITED = 1 << 60


class Memory(t.NamedTuple):
    """In bytes; None where it cannot be known."""

    available: int | None
    limit: int | None  # the narrowest of its cgroups
    used: int | None  # in that one, without what can be reclaimed
    oom_kills: int | None  # in its own cgroup


class Room(t.NamedTuple):
    """How much there is for one more process of this cgroup, and what sets the limit."""

    bytes: int
    limit: str


def room(proc: str = PROC, cgroups: str = CGROUPS) -> Room | None:
    """The narrowest there is. None where nothing tells."""
    meminfo = _text(os.path.join(proc, "meminfo"))
    available = _available(meminfo)
    swap = _kilobytes(meminfo, "SwapFree") or 0
    found = [] if available is None else [Room(available + swap, f"the host has {available // MIB} MiB available and {swap // MIB} MiB of swap")]
    for limit, directory in _limits(None, proc, cgroups):
        used = _used(directory) or 0
        found.append(Room(max(limit - used, 0), f"the cgroup {directory} is limited to {limit // MIB} MiB, of which {used // MIB} MiB are used"))
    return min(found, default=None)


def memory(pid: int | None, proc: str = PROC, cgroups: str = CGROUPS) -> Memory:
    """As a process has it, by default this one."""
    directories = _memory_directories(pid, proc, cgroups)
    limit, narrowest = min(_limits(pid, proc, cgroups), default=(None, None))
    kills = (re.search(r"^oom_kill (\d+)$", _first(directory, KILLS), re.MULTILINE) for directory in directories)
    return Memory(
        available=_available(_text(os.path.join(proc, "meminfo"))),
        limit=limit,
        used=_used(narrowest) if narrowest else None,
        oom_kills=next((int(match[1]) for match in kills if match), None),
    )


def unit(pid: int, proc: str = PROC) -> str | None:
    """The service that the process is of. None where it was started from a login."""
    paths = _paths(pid, proc)
    match = re.search(r"/([^/]+\.service)(/|$)", paths.get("name=systemd") or paths.get("") or "")
    return match[1] if match else None


def _limits(pid: int | None, proc: str, cgroups: str) -> list[tuple[int, str]]:
    found = ((_number(directory, LIMITS), directory) for directory in _memory_directories(pid, proc, cgroups))
    return [(limit, directory) for limit, directory in found if limit is not None and limit < UNLIMITED]


def _used(directory: str) -> int | None:
    used = _number(directory, USED)
    if used is None:
        return None
    statistics = _text(os.path.join(directory, "memory.stat"))
    reclaimable = (re.search(pattern, statistics, re.MULTILINE) for pattern in RECLAIMABLE)
    return max(used - next((int(match[1]) for match in reclaimable if match), 0), 0)


def _memory_directories(pid: int | None, proc: str, cgroups: str) -> list[str]:
    """Its cgroup and those above it, as far as they are seen from here: a container sees its own as the topmost."""
    paths = _paths(pid, proc)
    top, path = (os.path.join(cgroups, "memory"), paths["memory"]) if "memory" in paths else (cgroups, paths.get("", "/"))
    found = []
    while path not in ("/", ""):
        found.append(os.path.join(top, path.lstrip("/")))
        path = os.path.dirname(path)
    return [directory for directory in [*found, top] if os.path.isdir(directory)]


def _paths(pid: int | None, proc: str) -> dict[str, str]:
    """For each controller its cgroup; that of v2 has no name."""
    lines = _text(os.path.join(proc, "self" if pid is None else str(pid), "cgroup")).splitlines()
    fields = (line.split(":", 2) for line in lines if line.count(":") >= 2)
    return {controller: path for hierarchy, controllers, path in fields if hierarchy for controller in controllers.split(",")}


def _available(meminfo: str) -> int | None:
    return _kilobytes(meminfo, "MemAvailable")


def _kilobytes(meminfo: str, name: str) -> int | None:
    match = re.search(rf"^{name}:\s+(\d+) kB$", meminfo, re.MULTILINE)
    return int(match[1]) * 1024 if match else None


def _number(directory: str, names: t.Iterable[str]) -> int | None:
    text = _first(directory, names).strip()
    return int(text) if text.isdigit() else None


def _first(directory: str, names: t.Iterable[str]) -> str:
    return next((text for text in (_text(os.path.join(directory, name)) for name in names) if text), "")


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
