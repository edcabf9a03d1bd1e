# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import socket

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._host import _epmd
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _bin_app, _node_calls, _start


@pytest.fixture
def process(layout, staged, account, node):
    release = staged(env=f"RELEASE_NODE={node}\n")
    return _start.start(layout, release, _bin_app.staged(release.path, release.name, layout, account))


@pytest.fixture
def silent(monkeypatch):
    """Where a node listens that hangs: the kernel takes the connection, and nobody answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setattr(_epmd, "distribution_port", lambda process: listener.getsockname()[1])
        yield


def test_where_it_cannot_be_called_its_program_asks(process):
    assert _node_calls.status(process, 5)["pid"] == str(process.pid)
    assert _node_calls.stop(process)


def test_a_node_that_hangs_is_not_asked_a_second_time(process, silent, monkeypatch):
    """bin/NAME would get through to the stand-in, and wait for a real one as long as this did."""
    monkeypatch.setattr(_node_calls, "STOP_SECONDS", 0.2)
    assert _node_calls.status(process, 0.2) == "the node did not answer within 0.2 s"
    assert not _node_calls.stop(process)
