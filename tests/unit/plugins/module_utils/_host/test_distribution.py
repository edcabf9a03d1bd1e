# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Against a node of our own, which speaks the other side of the protocol. Real nodes answer in the Molecule scenario traps."""

from __future__ import annotations

import hashlib
import socket
import struct
import threading

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._host import _distribution, _term
from ansible_collections.beamops.elixir.plugins.module_utils._host._distribution import Call
from ansible_collections.beamops.elixir.plugins.module_utils._host._term import Atom

COOKIE, CHALLENGE = "COOKIEOFTHENODE", 3735928559
NAMED = b"snamed:" + struct.pack(">H", 9) + b"K9P2@host" + struct.pack(">I", 1700000000)


class Peer:
    """One connection. It answers a call with what `answers` has of its function, and notes what it was asked."""

    def __init__(self, answers=None, status=NAMED, challenge=b"N", digest=None, noise=b""):
        self.answers, self.status, self.challenge, self.digest, self.noise = answers or {}, status, challenge, digest, noise
        self.asked, self.flags, self.host, self.ticks = [], None, None, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        connection, _address = self.listener.accept()
        with connection:
            try:
                self.talk(connection)
            except (OSError, struct.error):
                pass

    def talk(self, connection):
        name = self.read(connection, ">H")
        self.flags, _creation, length = struct.unpack_from(">QIH", name, 1)
        self.host = name[15 : 15 + length].decode()
        self.write(connection, ">H", self.status)
        self.write(connection, ">H", self.challenge + struct.pack(">QIIH", self.flags, CHALLENGE, 1, 6) + b"me@you")
        answer = self.read(connection, ">H")
        theirs = struct.unpack_from(">I", answer, 1)[0]
        if answer[5:] != hashlib.md5(f"{COOKIE}{CHALLENGE}".encode()).digest():
            return
        self.write(connection, ">H", b"a" + (self.digest or hashlib.md5(f"{COOKIE}{theirs}".encode()).digest()))
        while True:
            message = self.read(connection, ">I")
            if not message:
                self.ticks += 1
                continue
            control, at = _term.decode(message, 2)
            question, _end = _term.decode(message, at + 1)
            (caller, reference), (_call, module, function, arguments, _user) = question[1:]
            assert control[0] == 6 and control[3] == "rex" and control[1] == caller
            self.asked.append((module, function, arguments))
            connection.sendall(self.noise)
            answer = (reference, self.answers[function])
            self.write(connection, ">I", b"p\x83" + _term.encode((2, Atom(""), caller)) + b"\x83" + _term.encode(answer))

    def read(self, connection, length):
        size = struct.unpack(length, connection.recv(struct.calcsize(length), socket.MSG_WAITALL))[0]
        return connection.recv(size, socket.MSG_WAITALL) if size else b""

    def write(self, connection, length, data):
        connection.sendall(struct.pack(length, len(data)) + data)


def call(peer, *calls, cookie=COOKIE, timeout=5.0):
    return _distribution.call("host", peer.port, cookie, calls or (Call("os", "getpid"),), timeout)


def test_calls_are_answered_in_turn():
    peer = Peer({"get_status": (Atom("started"), Atom("started")), "getenv": "0.2.0"})
    assert call(peer, Call("init", "get_status"), Call("os", "getenv", ["RELEASE_VSN"])) == [(Atom("started"), Atom("started")), [48, 46, 50, 46, 48]]
    assert peer.asked == [("init", "get_status", []), ("os", "getenv", [[ord(letter) for letter in "RELEASE_VSN"]])]
    assert peer.host == "host"


def test_the_caller_is_hidden_and_named_by_the_node():
    peer = Peer({"getpid": Atom("x")})
    call(peer)
    published, name_me = 1, 1 << 33
    assert not peer.flags & published and peer.flags & name_me


def test_what_is_not_the_answer_is_passed_over():
    tick = struct.pack(">I", 0)
    other = b"p\x83" + _term.encode((2, Atom(""), Atom("x"))) + b"\x83" + _term.encode(Atom("hello"))
    link = b"p\x83" + _term.encode((1, Atom("x"), Atom("y")))
    noise = tick + struct.pack(">I", len(other)) + other + struct.pack(">I", len(link)) + link
    peer = Peer({"getpid": Atom("x")}, noise=noise)
    assert call(peer, Call("os", "getpid"), Call("os", "getpid")) == ["x", "x"]
    assert peer.ticks >= 1


@pytest.mark.parametrize(
    ("peer", "words"),
    [
        ({"status": b"snot_allowed"}, "not_allowed"),
        ({"status": b"snok"}, "nok"),
        ({"status": b"sok"}, "sok"),
        ({"challenge": b"n"}, "older handshake"),
        ({"digest": bytes(16)}, "another cookie"),
    ],
)
def test_a_node_that_is_not_to_be_called(peer, words):
    with pytest.raises(_distribution.Unreachable, match=words):
        call(Peer(**peer))


def test_with_another_cookie_it_hangs_up():
    with pytest.raises(_distribution.Unreachable, match="closed"):
        call(Peer(), cookie="ANOTHER")


def test_what_speaks_tls_is_none():
    listener = socket.create_server(("127.0.0.1", 0))

    def alert():
        connection, _address = listener.accept()
        with connection:
            connection.sendall(b"\x15\x03\x03\x00\x02\x02\x0a")

    threading.Thread(target=alert, daemon=True).start()
    with pytest.raises(_distribution.Unreachable):
        _distribution.call("host", listener.getsockname()[1], COOKIE, [Call("os", "getpid")], 5)


def test_one_that_hangs_is_given_up():
    listener = socket.create_server(("127.0.0.1", 0))
    with pytest.raises(_distribution.Silent, match="it did not answer within 0.2 s"):
        _distribution.call("host", listener.getsockname()[1], COOKIE, [Call("os", "getpid")], 0.2)


def test_nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(_distribution.Unreachable, match=f"nobody listens on port {port}"):
        _distribution.call("host", port, COOKIE, [Call("os", "getpid")], 1)
