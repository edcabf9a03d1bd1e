# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Frames and the handshake."""

from __future__ import annotations

import asyncio

import pytest

from ansible_collections.beamops.elixir.benchmarks.zero_downtime import websocket
from ansible_collections.beamops.elixir.benchmarks.zero_downtime.connection import Answer
from ansible_collections.beamops.elixir.benchmarks.zero_downtime.tally import Lost


class Fed:
    """A connection on which the server has sent these bytes."""

    def __init__(self, data):
        self.data, self.sent = data, b""

    async def take(self, count):
        taken, self.data = self.data[:count], self.data[count:]
        assert len(taken) == count
        return taken

    async def send(self, data):
        self.sent += data


def message(data):
    connection = Fed(data)
    return asyncio.run(websocket.read_message(connection)), connection


def test_a_frame_is_masked_as_in_the_rfc():
    assert websocket.masked(websocket.TEXT, b"Hello", bytes.fromhex("37fa213d")) == bytes.fromhex("818537fa213d7f9f4d5158")


@pytest.mark.parametrize(("size", "head"), [(125, "81fd"), (126, "81fe007e"), (65536, "81ff0000000000010000")])
def test_a_length_is_as_short_as_it_can_be(size, head):
    assert websocket.masked(websocket.TEXT, bytes(size), bytes(4)).startswith(bytes.fromhex(head))


@pytest.mark.parametrize("head", ["8105", "817e0005", "817f0000000000000005"])
def test_each_length_is_read(head):
    assert message(bytes.fromhex(head) + b"Hello")[0] == (websocket.TEXT, b"Hello")


def test_a_message_in_parts_is_put_together_and_a_ping_between_them_answered():
    frame, connection = message(b"\x01\x03Hel" + b"\x89\x01?" + b"\x80\x02lo")
    assert frame == (websocket.TEXT, b"Hello")
    assert connection.sent[:2] == b"\x8a\x81"


def test_a_close_has_a_code_or_none():
    assert message(b"\x88\x02\x03\xf4")[0].code == 1012
    assert message(b"\x88\x00")[0].code == websocket.WITHOUT_CODE


def test_a_masked_frame_of_a_server_is_refused():
    with pytest.raises(Lost, match="masked"):
        message(b"\x81\x85\0\0\0\0Hello")


def test_the_handshake_is_checked_as_in_the_rfc():
    key = "dGhlIHNhbXBsZSBub25jZQ=="
    websocket.check_handshake(Answer(101, {"sec-websocket-accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="}, b""), key)
    with pytest.raises(Lost, match="Sec-WebSocket-Accept"):
        websocket.check_handshake(Answer(101, {}, b""), key)
    with pytest.raises(Lost, match="wrong status: 502"):
        websocket.check_handshake(Answer(502, {}, b""), key)
