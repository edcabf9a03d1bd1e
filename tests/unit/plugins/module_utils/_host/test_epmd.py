# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import socket
import threading

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._host import _epmd


def test_parse_of_what_epmd_answers(recorded):
    names = _epmd.parse(recorded["epmd"].encode("latin-1"))
    helper = [name for name in names if name.startswith("rpc-")]
    assert set(names) == {"guestbook", *helper} and len(helper) == 1
    assert names["guestbook"] > 1024


def test_parse_of_what_epmd_answers_without_nodes(recorded):
    assert _epmd.parse(recorded["epmd_without_nodes"].encode("latin-1")) == {}


@pytest.mark.parametrize("answer", [b"", b"\0\0", b"\0\0\x11\x11", b"\0\0\x11\x11nonsense\nname x\n", b"\0\0\x11\x11\xff\xfe"])
def test_parse_of_what_is_no_list(answer):
    assert _epmd.parse(answer) == {}


@pytest.fixture
def server():
    """Answers the first request that comes with `chunks`, and closes."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(1)
    listener.settimeout(1)
    requests = []

    def serve(*chunks):
        def answer():
            connection = listener.accept()[0]
            with connection:
                requests.append(connection.recv(64))
                for chunk in chunks:
                    connection.sendall(chunk)

        thread = threading.Thread(target=answer)
        thread.start()
        threads.append(thread)
        return listener.getsockname()[1]

    threads = []
    serve.requests = requests
    yield serve
    for thread in threads:
        thread.join(2)
    listener.close()


def test_names_that_are_taken(server):
    port = server(b"\0\0\x11\x11name guestbook at port 38027\nna", b"me blue at port 40001\n")
    assert _epmd.names(port) == {"guestbook": 38027, "blue": 40001}
    assert server.requests == [b"\x00\x01n"]


def test_no_epmd_means_that_no_name_is_taken():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert _epmd.names(unused.getsockname()[1]) == {}


def test_an_epmd_that_says_nothing_is_not_waited_for():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(1)
        assert _epmd.names(silent.getsockname()[1], timeout=0.05) == {}


def test_an_epmd_that_listens_on_ipv6_only():
    try:
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this host has no IPv6")

    def answer():
        connection = listener.accept()[0]
        with connection:
            connection.recv(64)
            connection.sendall(b"\0\0\x11\x11name guestbook at port 38027\n")

    with listener:
        listener.settimeout(1)
        thread = threading.Thread(target=answer)
        thread.start()
        assert _epmd.names(listener.getsockname()[1]) == {"guestbook": 38027}
        thread.join(2)
