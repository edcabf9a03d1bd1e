# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asks epmd, the Erlang port mapper, which node names are taken on this host: no cookie, no BEAM, well under a millisecond."""

from __future__ import annotations

import re
import socket
import struct

from ansible_collections.beamops.elixir.plugins.module_utils._host import _node, _processes

DEFAULT_PORT = _node.EPMD_PORT
HOSTS = ("127.0.0.1", "::1")
NAMES_REQUEST = b"\x00\x01n"


def names(port: int = DEFAULT_PORT, timeout: float = 2) -> dict[str, int]:
    """The short names that are taken, with their distribution ports. Nothing where no epmd answers: then no name is taken."""
    for host in HOSTS:
        try:
            with socket.create_connection((host, port), timeout) as connection:
                connection.sendall(NAMES_REQUEST)
                return parse(_read_all(connection))
        except ConnectionRefusedError:  # it may listen on the other one only
            continue
        except OSError:
            break
    return {}


def answers(port: int = DEFAULT_PORT, timeout: float = 2) -> bool:
    for host in HOSTS:
        try:
            socket.create_connection((host, port), timeout).close()
        except OSError:
            continue
        return True
    return False


def distribution_port(process: _processes.Process) -> int | None:
    """Where other nodes reach that one; None where it has not registered."""
    return _processes.distribution_port(process.pid) or names(process.epmd_port).get(_node.short(process.node or ""))


def parse(answer: bytes) -> dict[str, int]:
    """Four bytes of epmd's own port, then a line a name."""
    if len(answer) < struct.calcsize(">I"):
        return {}
    lines = answer[4:].decode("utf-8", "replace")
    return {name: int(port) for name, port in re.findall(r"^name (\S+) at port (\d+)$", lines, re.MULTILINE)}


def _read_all(connection: socket.socket) -> bytes:
    chunks = []
    while True:
        chunk = connection.recv(4096)
        if not chunk:
            return b"".join(chunks)
        chunks.append(chunk)
