# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import socket

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._host import _listeners

BOTH = pytest.mark.parametrize("family, host", [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])


@pytest.fixture
def listening():
    opened = []

    def listen(family, host):
        it = socket.socket(family)
        opened.append(it)
        try:
            it.bind((host, 0))
        except OSError:
            pytest.skip("there is no IPv6 here")
        it.listen()
        return it.getsockname()[1], str(os.fstat(it.fileno()).st_ino)

    yield listen
    for it in opened:
        it.close()


@BOTH
def test_the_kernel_says_what_its_tables_say(listening, family, host):
    listener = listening(family, host)
    told, listed = _listeners.asked(family), _listeners.read(f"/proc/net/{_listeners.TABLES[family]}")
    assert listener in told and set(told) == set(listed)


@BOTH
def test_a_connection_is_no_listener(listening, family, host):
    listener = listening(family, host)
    with socket.create_connection((host, listener[0])) as connection:
        assert [port for port, inode in _listeners.all_of() if port == listener[0]] == [listener[0]]
        assert connection.getsockname()[1] not in dict(_listeners.all_of())


def test_more_than_one_answer_holds(listening):
    expected = {listening(socket.AF_INET, "127.0.0.1") for _each in range(600)}
    assert expected <= set(_listeners.asked(socket.AF_INET))


def test_a_kernel_that_is_not_asked_is_read(listening, monkeypatch):
    listener = listening(socket.AF_INET, "127.0.0.1")
    monkeypatch.setattr(_listeners, "NETLINK_SOCK_DIAG", 31)  # no such protocol
    with pytest.raises(OSError):
        _listeners.asked(socket.AF_INET)
    assert listener in _listeners.all_of()


def test_a_refusal_of_the_kernel_is_one(monkeypatch):
    with pytest.raises(OSError, match="."):
        _listeners.asked(255)


def test_without_ipv6_there_are_none(tmp_path):
    assert _listeners.read(str(tmp_path / "tcp6")) == []


@pytest.mark.parametrize("asks", [True, False], ids=["asked", "read"])
@pytest.mark.parametrize(("family", "own", "every"), [(socket.AF_INET, "127.0.0.1", "0.0.0.0"), (socket.AF_INET6, "::1", "::")])
def test_what_is_listened_on_at_every_address(listening, monkeypatch, asks, family, own, every):
    if not asks:
        monkeypatch.setattr(_listeners, "NETLINK_SOCK_DIAG", 31)  # no such protocol
    at_own, at_every = listening(family, own)[0], listening(family, every)[0]
    found = _listeners.everywhere()
    assert at_every in found and at_own not in found
