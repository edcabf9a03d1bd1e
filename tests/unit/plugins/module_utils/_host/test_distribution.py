# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Against a node of our own, which speaks the other side of the protocol. Real nodes answer in the Molecule scenario traps."""

from __future__ import annotations

import socket
import struct
import threading

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._host import _distribution, _term
from ansible_collections.beamops.elixir.plugins.module_utils._host._distribution import Call
from ansible_collections.beamops.elixir.plugins.module_utils._host._term import Atom

COOKIE = "COOKIEOFTHENODE"


def call(peer, *calls, cookie=COOKIE, timeout=5.0):
    return _distribution.call("host", peer.port, cookie, calls or (Call("os", "getpid"),), timeout)


def test_calls_are_answered_in_turn(make_peer):
    peer = make_peer({"get_status": (Atom("started"), Atom("started")), "getenv": "0.2.0"})
    assert call(peer, Call("init", "get_status"), Call("os", "getenv", ["RELEASE_VSN"])) == [(Atom("started"), Atom("started")), [48, 46, 50, 46, 48]]
    assert peer.asked == [("init", "get_status", []), ("os", "getenv", [[ord(letter) for letter in "RELEASE_VSN"]])]
    assert peer.host == "host"


def test_the_caller_is_hidden_and_named_by_the_node(make_peer):
    peer = make_peer({"getpid": Atom("x")})
    call(peer)
    published, name_me = 1, 1 << 33
    assert not peer.flags & published and peer.flags & name_me


def test_what_is_not_the_answer_is_passed_over(make_peer):
    tick = struct.pack(">I", 0)
    other = b"p\x83" + _term.encode((2, Atom(""), Atom("x"))) + b"\x83" + _term.encode(Atom("hello"))
    link = b"p\x83" + _term.encode((1, Atom("x"), Atom("y")))
    noise = tick + struct.pack(">I", len(other)) + other + struct.pack(">I", len(link)) + link
    peer = make_peer({"getpid": Atom("x")}, noise=noise)
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
def test_a_node_that_is_not_to_be_called(make_peer, peer, words):
    with pytest.raises(_distribution.Unreachable, match=words):
        call(make_peer(**peer))


def test_with_another_cookie_it_hangs_up(make_peer):
    with pytest.raises(_distribution.Unreachable, match="closed"):
        call(make_peer(), cookie="ANOTHER")


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


def test_what_breaks_off_may_have_been_done(make_peer):
    """Whoever asks again could have it done twice."""
    with pytest.raises(_distribution.BrokenOff, match="closed"):
        call(make_peer({}), Call("init", "stop"))
    unknown = b"p\x83" + _term.encode((2, Atom(""), Atom("x"))) + b"\x83t"
    with pytest.raises(_distribution.BrokenOff, match="no term"):
        call(make_peer({"getpid": Atom("x")}, noise=struct.pack(">I", len(unknown)) + unknown))
    with pytest.raises(_distribution.Unreachable) as refused:
        call(make_peer(status=b"snot_allowed"))
    assert not isinstance(refused.value, _distribution.BrokenOff), "nothing was asked"
