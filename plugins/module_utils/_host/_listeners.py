# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which TCP ports are listened on, and by the inode of which socket.

The kernel is asked for the listening sockets alone (sock_diag, as `ss` does), which it answers in some 50 µs. To read /proc/net/tcp it goes through its
whole table of connections, which takes 5 to 10 ms of CPU time on a host with much memory, however few there are.
"""

from __future__ import annotations

import os
import socket
import struct
import typing as t

PROC = "/proc"
LISTENING = 10  # TCP_LISTEN
TABLES = {socket.AF_INET: "tcp", socket.AF_INET6: "tcp6"}

# <linux/netlink.h>, <linux/sock_diag.h>, <linux/inet_diag.h>
NETLINK_SOCK_DIAG = 4
SOCK_DIAG_BY_FAMILY, NLMSG_ERROR, NLMSG_DONE = 20, 2, 3
REQUEST_DUMP = 0x1 | 0x300
HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence, pid
ASKED = struct.Struct("=BBBxI48x")  # family, protocol, extensions, states; of any socket
TOLD = struct.Struct("=4x2s62xI")  # port, inode; the rest is of no interest here
SECONDS = 5.0

Listener = t.Tuple[int, str]


def all_of(proc: str = PROC) -> list[Listener]:
    found: list[Listener] = []
    for family, table in TABLES.items():
        found += _of(family, os.path.join(proc, "net", table), ask=proc == PROC)
    return found


def _of(family: int, table: str, ask: bool) -> list[Listener]:
    if ask:
        try:
            return asked(family)
        except OSError:  # a kernel without it, or a container that may not
            pass
    return read(table)


def asked(family: int) -> list[Listener]:
    found: list[Listener] = []
    for body in dumped(family, 1 << LISTENING):
        port, inode = TOLD.unpack_from(body)
        found.append((int.from_bytes(port, "big"), str(inode)))
    return found


def dumped(family: int, states: int, extensions: int = 0) -> list[bytes]:
    """What the kernel says of each TCP socket in one of these states."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, NETLINK_SOCK_DIAG) as kernel:
        kernel.settimeout(SECONDS)
        question = ASKED.pack(family, socket.IPPROTO_TCP, extensions, states)
        kernel.send(HEADER.pack(HEADER.size + len(question), SOCK_DIAG_BY_FAMILY, REQUEST_DUMP, 1, 0) + question)
        found: list[bytes] = []
        while True:
            for kind, body in _messages(kernel.recv(65536)):
                if kind == NLMSG_DONE:
                    return found
                if kind == NLMSG_ERROR:
                    number = -struct.unpack_from("=i", body)[0]
                    raise OSError(number, os.strerror(number))
                found.append(body)


def read(table: str) -> list[Listener]:
    try:
        with open(table, encoding="ascii") as file:
            lines = file.read().splitlines()[1:]
    except FileNotFoundError:  # no IPv6
        return []
    rows = [line.split() for line in lines]
    return [(int(fields[1].rpartition(":")[2], 16), fields[9]) for fields in rows if int(fields[3], 16) == LISTENING]


def _messages(data: bytes) -> t.Iterator[tuple[int, bytes]]:
    at = 0
    while at + HEADER.size <= len(data):
        length, kind = HEADER.unpack_from(data, at)[:2]
        yield kind, data[at + HEADER.size : at + length]
        at += max((length + 3) & ~3, HEADER.size)
