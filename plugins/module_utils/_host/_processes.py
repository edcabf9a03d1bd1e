# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds the BEAM of a release in /proc: no cookie, no epmd and no exit code of bin/app can mislead it.

Everything about a running release is read from the process itself, since what lies on disk (COOKIE, start_erl.data)
may have been replaced under it.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import re
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._host import _listeners, _node

T = t.TypeVar("T")

PROC = "/proc"
# As the kernel itself numbers a process that cannot be seen from where one looks
UNSEEN = 0
# beam.smp, and those of erl's option -emu_type: beam.debug.smp, beam.lcnt.smp and so on
EMULATOR = re.compile(r"(.*/)?beam(\.smp)?|.*/erts-[^/]+/bin/beam(\.\w+)+")
# What bin/NAME is asked for where its BEAM is to stay
OF_A_NODE = {"start", "start_iex", "daemon", "daemon_iex"}
OF_A_HELPER = {"-hidden", "-remsh", "--remsh", "--eval", "--rpc-eval"}


class Process(t.NamedTuple):
    pid: int
    started: int  # clock ticks after boot: with the pid, this tells a process from a later one of the same number
    seconds: float  # how long it has been up
    uid: int
    root: str  # RELEASE_ROOT: the directory it was unpacked to
    name: str
    version: str
    node: str | None  # as told on the command line: without a host for short names; None where it is not distributed
    heart: bool
    environ: dict[str, str]  # secret
    epmd_port: int = _node.EPMD_PORT

    @property
    def since(self) -> str:
        moment = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=self.seconds)
        return moment.isoformat(timespec="seconds")


class Scan(t.NamedTuple):
    """One look at /proc."""

    releases: list[Process]

    def of_root(self, root: str) -> list[Process]:
        """What runs from ROOT itself (as the bash script unpacked it) or from one of ROOT/releases."""
        root = os.path.realpath(root)
        return [process for process in self.releases if process.root == root or os.path.dirname(process.root) == os.path.join(root, "releases")]

    def of_release(self, path: str) -> list[Process]:
        path = os.path.realpath(path)
        return [process for process in self.releases if process.root == path]

    def of_node(self, node: str) -> list[Process]:
        return [process for process in self.releases if process.node and _node.short(process.node) == _node.short(node)]


def scan(proc: str = PROC) -> Scan:
    now = uptime(proc)
    found = (_release(proc, pid, now) for pid in _pids(proc))
    return Scan(sorted((process for process in found if process), key=lambda process: process.pid))


def again(seen: Scan, proc: str = PROC) -> Scan:
    """Those of them that are still there."""
    now = uptime(proc)
    return Scan([_at(process, now) for process in seen.releases if alive(process.pid, process.started, proc)])


def _at(process: Process, now: float) -> Process:
    return process._replace(seconds=now - process.started / os.sysconf("SC_CLK_TCK"))


def alive(pid: int, started: int | None = None, proc: str = PROC) -> bool:
    """Whether that process, and no later one of its number, is there and not a zombie."""
    try:
        stat = _stat(os.path.join(proc, str(pid)))
    except OSError:
        return False
    return stat.state not in "ZX" and started in (None, stat.started)


def resident(pid: int, proc: str = PROC) -> int | None:
    """How many bytes of memory it takes. None where it is gone."""
    try:
        match = re.search(r"^VmRSS:\s+(\d+) kB$", _read(os.path.join(proc, str(pid), "status")), re.MULTILINE)
    except OSError:
        return None
    return int(match[1]) * 1024 if match else None


def hearts(pid: int, proc: str = PROC) -> list[int]:
    """The heart processes that would start this BEAM again."""
    return [other for other in _pids(proc) if _is_heart_of(_arguments(proc, other), pid)]


def uptime(proc: str = PROC) -> float:
    """Seconds since the host was started: no clock that somebody sets changes it."""
    return float(_read(os.path.join(proc, "uptime")).split()[0])


def listening_ports(pid: int, proc: str = PROC) -> set[int] | None:
    """None where we may not look, which is another thing than none."""
    inodes = _socket_inodes(proc, pid)
    return None if inodes is None else {port for port, inode in _listeners.all_of(proc) if inode in inodes}


def distribution_port(pid: int, proc: str = PROC) -> int | None:
    """Where other nodes reach this one without epmd; None where epmd has to be asked."""
    number = option(_arguments(proc, pid), "-erl_epmd_port") or ""
    return int(number) if number.isdigit() else None


def port_owners(port: int, proc: str = PROC) -> dict[int, str]:
    """Who listens on that TCP port: pid and command. Empty where nobody does; where it cannot be told who, the pid is UNSEEN."""
    inodes = {inode for number, inode in _listeners.all_of(proc) if number == port}
    owners = {}
    if inodes:
        for pid in _pids(proc):
            if inodes & (_socket_inodes(proc, pid) or set()):
                owners[pid] = os.path.basename(_arguments(proc, pid)[0])
        return owners or {UNSEEN: "a process that cannot be seen from here"}
    return owners


def missing_right() -> str:
    """What to do where the sockets of a process cannot be read."""
    if os.geteuid() == 0:
        return "root lacks CAP_SYS_PTRACE here, which a container has to be given (--cap-add SYS_PTRACE)"
    return "only root may: use 'become' (elixir_release_become of the playbooks)"


class _Stat(t.NamedTuple):
    state: str
    started: int


def _release(proc: str, pid: int, now: float) -> Process | None:
    directory = os.path.join(proc, str(pid))
    try:
        arguments = _arguments(proc, pid)
        if not _is_emulator(arguments[0]) or _in_a_container(directory):
            return None
        stat = _stat(directory)
        uid = os.stat(directory).st_uid
        environ = _environ(directory)
    except OSError:  # it ended while we looked
        return None
    boot = re.match(r"(?P<root>/.*)/releases/(?P<version>[^/]+)/[^/]+$", option(arguments, "-boot") or "")
    root = environ.get("RELEASE_ROOT") or (boot and boot["root"])
    if stat.state in "ZX" or not root or _is_helper(arguments, environ):
        return None
    node = _node.of_process(arguments)
    return Process(
        pid=pid,
        started=stat.started,
        seconds=now - stat.started / os.sysconf("SC_CLK_TCK"),
        uid=uid,
        root=os.path.realpath(root),
        name=environ.get("RELEASE_NAME", ""),
        version=environ.get("RELEASE_VSN") or (boot["version"] if boot else ""),
        node=node.name if node else None,
        heart="-heart" in arguments,
        environ=environ,
        epmd_port=_node.epmd_port(environ, arguments),
    )


def _is_emulator(program: str) -> bool:
    return bool(EMULATOR.fullmatch(program))


def _is_helper(arguments: list[str], environ: dict[str, str]) -> bool:
    """The short-lived BEAM of eval, rpc, remote, stop or pid: it is of the release, but it is not the release.

    A node may be hidden, or booted from start_clean, by its settings: what bin/NAME was asked for tells more, where that can be seen.
    """
    if "RELEASE_COMMAND" in environ:
        return environ["RELEASE_COMMAND"] not in OF_A_NODE
    return bool(OF_A_HELPER.intersection(arguments))


def _in_a_container(directory: str) -> bool:
    """A container's process is seen from its host as well, where its paths mean nothing."""
    namespaces = re.search(r"^NSpid:\t(.*)$", _read(os.path.join(directory, "status")), re.MULTILINE)
    return bool(namespaces) and len(namespaces[1].split()) > 1


def _is_heart_of(arguments: list[str], pid: int) -> bool:
    return os.path.basename(arguments[0]) == "heart" and option(arguments, "-pid") == str(pid)


def option(arguments: list[str], name: str) -> str | None:
    """The value that follows an option, the last one. Which node name counts, _node says."""
    found = [value for key, value in zip(arguments, arguments[1:]) if key == name]
    return found[-1] if found else None


def _pids(proc: str) -> list[int]:
    return [int(name) for name in os.listdir(proc) if name.isdigit()]


def _arguments(proc: str, pid: int) -> list[str]:
    try:
        return _read(os.path.join(proc, str(pid), "cmdline")).split("\0")
    except OSError:
        return [""]


def _environ(directory: str) -> dict[str, str]:
    try:
        pairs = _private(directory, lambda: _read(os.path.join(directory, "environ"))).split("\0")
    except PermissionError:  # another user's: the command line has to do
        return {}
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)


def _stat(directory: str) -> _Stat:
    # The command's name, in parentheses, may contain blanks and parentheses itself
    fields = _read(os.path.join(directory, "stat")).rpartition(")")[2].split()
    return _Stat(state=fields[0], started=int(fields[19]))


def _socket_inodes(proc: str, pid: int) -> set[str] | None:
    directory = os.path.join(proc, str(pid))
    descriptors = os.path.join(directory, "fd")
    try:
        targets = _private(directory, lambda: [_readlink(os.path.join(descriptors, name)) for name in os.listdir(descriptors)])
    except PermissionError:  # another user's
        return None
    except OSError:  # ended
        return set()
    return {target[len("socket:[") : -1] for target in targets if target.startswith("socket:[")}


def _private(directory: str, look: t.Callable[[], T]) -> T:
    """What only root and the process's own user may see.

    In a container root may lack the right (CAP_SYS_PTRACE); of a program with file capabilities (setcap) its own user does.
    """
    try:
        return look()
    except PermissionError:
        if os.geteuid() != 0:
            raise
        with _as_owner(directory):
            return look()


@contextlib.contextmanager
def _as_owner(directory: str) -> t.Iterator[None]:
    owner, own_group = os.stat(directory), os.getegid()
    os.setegid(owner.st_gid)
    os.seteuid(owner.st_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(own_group)


def _readlink(path: str) -> str:
    try:
        return os.readlink(path)
    except FileNotFoundError:  # closed while we looked
        return ""


def _read(path: str) -> str:
    with open(path, "rb") as file:
        return file.read().decode("utf-8", "surrogateescape")
