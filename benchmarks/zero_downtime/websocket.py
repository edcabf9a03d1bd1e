# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""As much of RFC 6455 as a client needs."""

from __future__ import annotations

import base64
import hashlib
import os
import struct
import typing as t

from ansible_collections.beamops.elixir.benchmarks.zero_downtime.connection import Answer, Connection
from ansible_collections.beamops.elixir.benchmarks.zero_downtime.tally import ANSWER, Lost

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
DATA = (TEXT, BINARY)
FINAL, MASKED = 0x80, 0x80
# For an end without a close frame, and for one whose frame has no code: none of them is ever sent.
ABNORMAL, WITHOUT_CODE = 1006, 1005
NORMAL = 1000

_ACCEPTED = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

Take = t.Callable[[int], t.Awaitable[bytes]]


class Frame(t.NamedTuple):
    opcode: int
    payload: bytes

    @property
    def code(self) -> int:
        """Of a close frame."""
        return struct.unpack(">H", self.payload[:2])[0] if len(self.payload) >= 2 else WITHOUT_CODE


def key() -> str:
    return base64.b64encode(os.urandom(16)).decode()


def accepts(sent: str) -> str:
    return base64.b64encode(hashlib.sha1((sent + _ACCEPTED).encode()).digest()).decode()


def handshake_headers(sent: str) -> str:
    return f"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {sent}\r\n"


def check_handshake(answer: Answer, sent: str) -> None:
    answer.expect(101)
    if answer.headers.get("sec-websocket-accept") != accepts(sent):
        raise Lost(ANSWER, "wrong Sec-WebSocket-Accept")


def masked(opcode: int, payload: bytes, mask: bytes | None = None) -> bytes:
    """A whole frame, as a client has to send it."""
    mask = mask or os.urandom(4)
    if len(payload) < 126:
        length = struct.pack(">B", MASKED | len(payload))
    elif len(payload) < 65536:
        length = struct.pack(">BH", MASKED | 126, len(payload))
    else:
        length = struct.pack(">BQ", MASKED | 127, len(payload))
    return bytes([FINAL | opcode]) + length + mask + bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))


async def read_frame(take: Take) -> tuple[bool, Frame]:
    first, second = await take(2)
    if second & MASKED:
        raise Lost(ANSWER, "a masked frame")
    length = second
    if length == 126:
        (length,) = struct.unpack(">H", await take(2))
    elif length == 127:
        (length,) = struct.unpack(">Q", await take(8))
    return bool(first & FINAL), Frame(first & 0x0F, await take(length))


async def read_message(connection: Connection) -> Frame:
    """The next message or close; pings are answered."""
    opcode, parts = CONTINUATION, b""
    while True:
        final, frame = await read_frame(connection.take)
        if frame.opcode == CLOSE:
            return frame
        if frame.opcode == PING:
            await connection.send(masked(PONG, frame.payload))
        elif frame.opcode in (CONTINUATION, *DATA):
            opcode, parts = opcode or frame.opcode, parts + frame.payload
            if final:
                return Frame(opcode, parts)
