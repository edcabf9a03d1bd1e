# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import socket
import time

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._host import _connections
from ansible_collections.beamops.elixir.plugins.module_utils._host._connections import Connection


@pytest.fixture
def pair():
    """A connection: the client's end, and the server's."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.create_connection(server.getsockname())
        end, _address = server.accept()
        with client, end:
            yield client, end, server.getsockname()[1]


@pytest.mark.parametrize(
    ("connection", "moved", "waits"),
    [
        (Connection(sent=5000, received=5000), 9000, False),
        (Connection(sent=4000, received=5000), 4500, False),  # it has had its answer
        (Connection(sent=5000, received=4000), 9000, True),  # it asks
        (Connection(sent=100, received=5000), 3000, True),  # an answer may be on its way
        (Connection(sent=100, received=5000), None, True),
        (Connection(sent=100, received=100), 9000, False),  # it speaks long after all requests go elsewhere: a websocket
        (Connection(sent=100, received=100), 500, True),
        (Connection(sent=9000, received=200), 9000, True),  # an upload, or a websocket whose answer is on its way
        (Connection(sent=5000, received=5000, unanswered=True), 9000, True),  # it asks since it was opened
        (Connection(sent=3000, received=4294967295), 9000, False),  # it has never said anything
    ],
)
def test_who_waits(connection, moved, waits):
    assert connection.waits(1000, moved) is waits


def test_a_port_that_nobody_is_connected_to():
    assert _connections.to_port(1) == []


def test_one_that_asks_and_has_its_answer(pair):
    client, end, port = pair
    time.sleep(0.05)
    client.sendall(b"question")
    end.recv(100)
    time.sleep(0.1)
    (asked,) = _connections.to_port(port)
    assert asked.received < asked.sent and asked.waits(10, None)
    end.sendall(b"answer")
    time.sleep(0.1)
    (answered,) = _connections.to_port(port)
    assert answered.sent <= answered.received and not answered.waits(10, None)


def test_one_that_asks_at_once_and_has_no_answer_for_long(pair):
    client, end, port = pair
    client.sendall(b"question")
    time.sleep(0.1)
    (asked,) = _connections.to_port(port)
    assert asked.waits(10, None), "also where the kernel tells one age for both"
    end.sendall(b"answer")
    time.sleep(0.1)
    assert not _connections.to_port(port)[0].waits(10, None)


def test_one_that_was_opened_and_has_said_nothing(pair):
    _client, _end, port = pair
    time.sleep(0.1)
    assert not _connections.to_port(port)[0].waits(10, None)


def test_where_the_client_has_gone(pair):
    client, end, port = pair
    client.close()
    time.sleep(0.05)
    assert len(_connections.to_port(port)) == 1, "its answer may be on its way still"
    end.close()
    assert _connections.to_port(port) == []
