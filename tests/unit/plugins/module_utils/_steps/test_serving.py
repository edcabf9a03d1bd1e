# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import socket
import struct
import threading

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._host import _node, _processes
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _serving


@pytest.fixture
def listen():
    """Opens a port of this very process."""
    opened = []

    def listen():
        opened.append(socket.create_server(("127.0.0.1", 0)))
        return opened[-1].getsockname()[1]

    yield listen
    for server in opened:
        server.close()


@pytest.fixture
def epmd():
    """An epmd of its own that lists what it is told to, and its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        names = {}

        def answer():
            while True:
                try:
                    connection = server.accept()[0]
                except OSError:
                    return
                with connection:
                    connection.recv(3)
                    lines = "".join(f"name {name} at port {port}\n" for name, port in names.items())
                    connection.sendall(struct.pack(">I", 4369) + lines.encode())

        threading.Thread(target=answer, daemon=True).start()
        yield names, server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


def process(node, **environ):
    """As a scan would find it."""
    epmd_port = _node.epmd_port(environ)
    return _processes.Process(os.getpid(), 7, 60.0, os.geteuid(), "/opt/guestbook", "guestbook", "0.1.0", node, False, environ, epmd_port)


def test_all_but_the_port_of_the_distribution(listen, epmd):
    names, epmd_port = epmd
    before, served, names["guestbook"] = _processes.listening_ports(os.getpid()), listen(), listen()
    assert _serving.ports(process("guestbook@web1", ERL_EPMD_PORT=str(epmd_port))) == {*before, served}


def test_what_epmd_does_not_list_cannot_be_told(listen, epmd):
    listen()
    assert _serving.ports(process("guestbook", ERL_EPMD_PORT=str(epmd[1]))) is None


def test_an_undistributed_release_has_no_such_port(listen):
    port = listen()
    assert port in _serving.ports(process(None)) and port in _serving.ports(process("guestbook", RELEASE_DISTRIBUTION="none"))


def test_no_port_is_none_without_epmd():
    assert _serving.ports(process("guestbook")._replace(pid=4194304)) == set()
