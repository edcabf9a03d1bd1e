# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A node that is called: it speaks the other side of the distribution protocol."""

from __future__ import annotations

import hashlib
import socket
import struct
import threading

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._host import _term
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
            if function not in self.answers:  # it ends
                return
            connection.sendall(self.noise)
            answer = (reference, self.answers[function])
            self.write(connection, ">I", b"p\x83" + _term.encode((2, Atom(""), caller)) + b"\x83" + _term.encode(answer))

    def read(self, connection, length):
        size = struct.unpack(length, connection.recv(struct.calcsize(length), socket.MSG_WAITALL))[0]
        return connection.recv(size, socket.MSG_WAITALL) if size else b""

    def write(self, connection, length, data):
        connection.sendall(struct.pack(length, len(data)) + data)


@pytest.fixture
def make_peer():
    return Peer


@pytest.fixture
def cookie():
    """That of the node."""
    return COOKIE
