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
# Where in that the address is
ADDRESS, ADDRESS_BYTES = 8, {socket.AF_INET: 4, socket.AF_INET6: 16}
SECONDS = 5.0

Listener = t.Tuple[int, str]


def all_of(proc: str = PROC) -> list[Listener]:
    found: list[Listener] = []
    for family, table in TABLES.items():
        found += _of(family, os.path.join(proc, "net", table), ask=proc == PROC)
    return found


def everywhere(proc: str = PROC) -> set[int]:
    """The ports that are listened on at every address of this host, and so from wherever it can be reached."""
    found: set[int] = set()
    for family, table in TABLES.items():
        path = os.path.join(proc, "net", table)
        try:
            addresses = _asked_addresses(family) if proc == PROC else _read_addresses(path)
        except OSError:
            addresses = _read_addresses(path)
        found |= {port for address, port in addresses if not any(address)}
    return found


def _asked_addresses(family: int) -> list[tuple[bytes, int]]:
    bodies = dumped(family, 1 << LISTENING)
    return [(body[ADDRESS : ADDRESS + ADDRESS_BYTES[family]], int.from_bytes(body[4:6], "big")) for body in bodies]


def _read_addresses(table: str) -> list[tuple[bytes, int]]:
    places = [fields[1].split(":") for fields in _rows(table)]
    return [(bytes.fromhex(address), int(port, 16)) for address, port in places]


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
    return [(int(fields[1].rpartition(":")[2], 16), fields[9]) for fields in _rows(table)]


def _rows(table: str) -> list[list[str]]:
    try:
        with open(table, encoding="ascii") as file:
            lines = file.read().splitlines()[1:]
    except FileNotFoundError:  # no IPv6
        return []
    return [fields for fields in (line.split() for line in lines) if int(fields[3], 16) == LISTENING]


def _messages(data: bytes) -> t.Iterator[tuple[int, bytes]]:
    at = 0
    while at + HEADER.size <= len(data):
        length, kind = HEADER.unpack_from(data, at)[:2]
        yield kind, data[at + HEADER.size : at + length]
        at += max((length + 3) & ~3, HEADER.size)
