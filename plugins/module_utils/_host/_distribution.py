# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls a function on a running node of this host, as a hidden node does, in a millisecond: bin/NAME boots a BEAM for each question.

This is version 6 of the distribution's handshake, that of OTP 23 and newer, without TLS. The node itself names the caller: each new name of a caller
would be an atom that the node keeps for ever.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import secrets
import socket
import struct
import time
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._host import _term
from ansible_collections.beamops.elixir.plugins.module_utils._host._term import Atom, Pid, Reference

HOSTS = ("127.0.0.1", "::1")

# What every node from OTP 23 to 27 demands, by the names of kernel's dist.hrl. Without PUBLISHED, the caller is hidden
FLAGS = (
    1 << 2  # EXTENDED_REFERENCES
    | 1 << 4  # FUN_TAGS
    | 1 << 7  # NEW_FUN_TAGS
    | 1 << 8  # EXTENDED_PIDS_PORTS
    | 1 << 9  # EXPORT_PTR_TAG
    | 1 << 10  # BIT_BINARIES
    | 1 << 11  # NEW_FLOATS
    | 1 << 16  # UTF8_ATOMS
    | 1 << 17  # MAP_TAG
    | 1 << 18  # BIG_CREATION
    | 1 << 24  # HANDSHAKE_23
    | 1 << 25  # UNLINK_ID
    | 1 << 26  # MANDATORY_25_DIGEST
    | 1 << 33  # NAME_ME
    | 1 << 34  # V4_NC
)
NAMED = b"snamed:"
REG_SEND, SEND, SEND_SENDER = 6, 2, 22


class Unreachable(Exception):
    """The node did not let itself be called: why, in a few words."""


class BrokenOff(Unreachable):
    """It was reached, and may have been asked: who asks it again may have it done twice."""


class Silent(BrokenOff):
    """It was reached, and said nothing: nor would it to who else asks it."""


class Call(t.NamedTuple):
    module: str
    function: str
    arguments: t.Sequence[t.Any] = ()


class _Name(t.NamedTuple):
    """By which the node knows the caller."""

    node: str
    creation: int


def call(host: str | None, port: int, cookie: str, calls: t.Iterable[Call], timeout: float) -> list[t.Any]:
    """What they return, in turn. `host` is what stands behind the @ of the node's name."""
    deadline, failure = time.monotonic() + timeout, Unreachable
    try:
        with _connected(port, timeout) as connection:
            name = _shake_hands(connection, host or "localhost", cookie)
            failure = BrokenOff
            return [_called(connection, name, number, one, deadline) for number, one in enumerate(calls, 1)]
    except socket.timeout as error:
        raise Silent(f"it did not answer within {timeout:g} s") from error
    except (OSError, EOFError, ValueError, struct.error) as error:  # ValueError: an unknown term, and where FIPS forbids MD5
        raise failure(str(error) or type(error).__name__) from error


def _connected(port: int, timeout: float) -> socket.socket:
    for host in HOSTS:
        with contextlib.suppress(ConnectionRefusedError):
            connection = socket.create_connection((host, port), timeout)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connection
    raise Unreachable(f"nobody listens on port {port}")


def _shake_hands(connection: socket.socket, host: str, cookie: str) -> _Name:
    own = host.encode()
    _send(connection, ">H", b"N" + struct.pack(">QIH", FLAGS, 0, len(own)) + own)
    status = _received(connection, ">H")
    if not status.startswith(NAMED):
        raise Unreachable(f"it says {status[:40]!r}")
    length = struct.unpack_from(">H", status, len(NAMED))[0]
    at = len(NAMED) + 2
    name = _Name(status[at : at + length].decode(), struct.unpack_from(">I", status, at + length)[0])
    challenge = _received(connection, ">H")
    if not challenge.startswith(b"N"):
        raise Unreachable("it speaks an older handshake")
    theirs, ours = struct.unpack_from(">I", challenge, 9)[0], secrets.randbits(32)
    _send(connection, ">H", b"r" + struct.pack(">I", ours) + _digest(cookie, theirs))
    if not hmac.compare_digest(_received(connection, ">H"), b"a" + _digest(cookie, ours)):
        raise Unreachable("it has another cookie")
    return name


def _digest(cookie: str, challenge: int) -> bytes:
    return hashlib.md5(f"{cookie}{challenge}".encode()).digest()  # the protocol's own


def _called(connection: socket.socket, name: _Name, number: int, one: Call, deadline: float) -> t.Any:
    caller = Pid(name.node, 1, number, name.creation)
    reference = Reference(name.node, name.creation, (number, 0, 0))
    question = (Atom("call"), Atom(one.module), Atom(one.function), list(one.arguments), Atom("user"))
    control = (REG_SEND, caller, Atom(""), Atom("rex"))
    _send(connection, ">I", b"p" + _versioned(control) + _versioned((Atom("$gen_call"), (caller, reference), question)))
    while True:
        connection.settimeout(max(0.001, deadline - time.monotonic()))
        message = _received(connection, ">I")
        if not message:  # a tick: who does not answer it is taken for gone
            _send(connection, ">I", b"")
            continue
        sent, end = _term.decode(message, 2)
        if sent[0] not in (SEND, SEND_SENDER):
            continue
        answer, _end = _term.decode(message, end + 1)
        if isinstance(answer, tuple) and answer[0] == reference:
            return answer[1]


def _versioned(term: t.Any) -> bytes:
    return b"\x83" + _term.encode(term)


def _send(connection: socket.socket, length: str, data: bytes) -> None:
    connection.sendall(struct.pack(length, len(data)) + data)


def _received(connection: socket.socket, length: str) -> bytes:
    return _exactly(connection, struct.unpack(length, _exactly(connection, struct.calcsize(length)))[0])


def _exactly(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        chunk = connection.recv(count - len(data))
        if not chunk:
            raise EOFError("it closed the connection")
        data += chunk
    return data
