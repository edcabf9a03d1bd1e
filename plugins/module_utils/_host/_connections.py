# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is connected to a port of this host, and whether somebody waits for an answer there. The kernel is asked, as _listeners does."""

from __future__ import annotations

import struct
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._host import _listeners

ESTABLISHED, CLOSE_WAIT = 1, 8
INET_DIAG_INFO = 2
MESSAGE = 72
ATTRIBUTE = struct.Struct("=HH")
# Milliseconds since something was sent and since something came, in <linux/tcp.h>'s tcp_info
LAST_SENT, LAST_RECEIVED = 44, 52
# Bytes that were sent and have arrived, and that came
BYTES = 120


class Connection(t.NamedTuple):
    """How long ago its end here sent something, and got something; in milliseconds."""

    sent: int
    received: int
    unanswered: bool = False  # it got something, and nothing of what it sent has arrived

    def waits(self, quiet: int, moved: int | None) -> bool:
        """Whether the other end has the last word, or an answer may be on its way still. All in milliseconds.

        Requests go elsewhere since so long ago as `moved`. What still comes after that is of a websocket, where nobody waits.
        """
        # One that asks as soon as it is open has the same age twice, as one that has had its answer at once
        if self.unanswered or self.received < self.sent:
            return True
        is_websocket = moved is not None and self.received < moved - quiet
        return self.sent < quiet and not is_websocket


def to_port(port: int) -> list[Connection] | None:
    """None where the kernel does not tell."""
    try:
        return [connection for family in _listeners.TABLES for connection in _of(family, port)]
    except OSError:
        return None


def _of(family: int, port: int) -> t.Iterator[Connection]:
    states = 1 << ESTABLISHED | 1 << CLOSE_WAIT
    for body in _listeners.dumped(family, states, 1 << (INET_DIAG_INFO - 1)):
        (number,) = struct.unpack_from("!H", body, 4)
        info = _attribute(body, INET_DIAG_INFO)
        if number == port and len(info) >= LAST_RECEIVED + 4:
            sent, received = (struct.unpack_from("=I", info, at)[0] for at in (LAST_SENT, LAST_RECEIVED))
            arrived, came = struct.unpack_from("=QQ", info, BYTES) if len(info) >= BYTES + 16 else (1, 0)  # before Linux 4.1
            yield Connection(sent, received, came > 0 and arrived == 0)


def _attribute(body: bytes, wanted: int) -> bytes:
    at = MESSAGE
    while at + ATTRIBUTE.size <= len(body):
        length, kind = ATTRIBUTE.unpack_from(body, at)
        if kind == wanted:
            return body[at + ATTRIBUTE.size : at + length]
        at += max((length + 3) & ~3, ATTRIBUTE.size)
    return b""
