# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import socket

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._host import _processes
from ansible_collections.beamops.elixir.plugins.module_utils._root import _current
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _start
from ansible_collections.beamops.elixir.plugins.modules import elixir_release_start as module


@pytest.fixture
def start(run_module, layout):
    return lambda **arguments: run_module(module, root=layout.root, **arguments)


@pytest.fixture
def release(staged, layout, node):
    release = staged(env=f"RELEASE_NODE={node}\nPORT=8080\nPASSWORD=hunter22\n")
    _current.point(layout, release.id)
    return release


def test_starts_once(start, release, layout):
    first = start()
    assert (first["changed"], first["release"], first["port"], first["phoenix"]) == (True, release.id, 8080, False)
    (process,) = _processes.scan().of_root(layout.root)
    assert process.pid == first["pid"]
    second = start(release=release.id)
    assert (second["changed"], second["pid"], second["release"]) == (False, first["pid"], release.id)
    assert len(_processes.scan().of_root(layout.root)) == 1


def test_check_mode_starts_nothing(start, release, layout):
    answer = start(_ansible_check_mode=True)
    assert (answer["changed"], answer["pid"], answer["port"]) == (True, None, 8080)
    assert _processes.scan().of_root(layout.root) == []
    pid = start()["pid"]
    answer = start(_ansible_check_mode=True)
    assert (answer["changed"], answer["pid"]) == (False, pid)


def test_check_mode_of_a_release_that_is_only_planned(start):
    answer = start(release="0.9.0-planned", _ansible_check_mode=True)
    assert (answer["changed"], answer["pid"], answer["release"]) == (True, None, "0.9.0-planned")


@pytest.mark.parametrize(
    "env, words",
    [
        ("RELEASE_NODE=a@b.c\n", "a short name's host has no dot"),
        ("ERL_AFLAGS='-sname other'\n", "erl takes '-sname other'"),
        ("A=1 2\n", "makes the shell complain"),
    ],
)
def test_check_mode_says_what_keeps_it_from_starting_again_while_it_runs(start, release, layout, env, words):
    """Before a restart stops it."""
    pid = start()["pid"]
    with open(f"{release.path}/.env", "a", encoding="utf-8") as file:
        file.write(env)
    answer = start(_ansible_check_mode=True)
    assert answer["failed"] and words in answer["msg"]
    assert [process.pid for process in _processes.scan().of_root(layout.root)] == [pid]


def test_check_mode_looks_at_the_port_and_at_the_account(start, release):
    start()
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen(1)
        port = stranger.getsockname()[1]
        assert f"Port {port}" in start(port=port, _ansible_check_mode=True)["msg"]
        assert start(port=port, force=True, _ansible_check_mode=True)["changed"] is False
        assert start(port=port)["changed"] is False  # nothing was stopped for it, and nothing is left to refuse
    assert "no user 'no-such-user'" in start(user="no-such-user", _ansible_check_mode=True)["msg"]


def test_refuses_where_another_release_runs(start, release, staged, layout):
    start()
    answer = start(release=staged("0.2.0-b").id)
    assert answer["failed"] and "stop it before 0.2.0-b is started" in answer["msg"]
    assert [process.root for process in _processes.scan().of_root(layout.root)] == [release.path]
    # In check mode that one has not been stopped, which it will be
    assert start(release="0.2.0-b", _ansible_check_mode=True)["changed"]


def test_a_release_that_dies_at_once_fails_with_its_log_and_without_its_secrets(start, staged, monkeypatch):
    monkeypatch.setattr(_start, "APPEARS_WITHIN", 0.1)
    answer = start(release=staged(env="FAULT=crash\nPASSWORD=terminating\n").id)
    assert answer["failed"] and "it died at once" in answer["msg"]
    assert "Runtime ******** during boot" in answer["msg"]


def test_no_secret_is_shown(start, release):
    assert "hunter22" not in str(start())


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({}, "current points to no release: deploy one first"),
        ({"release": "0.9.0-x"}, "There is no release 0.9.0-x"),
        ({"release": "0.1.0-1a2b3c4d", "user": "no-such-user"}, "no user 'no-such-user'"),
    ],
)
def test_bad_input(start, staged, arguments, words):
    staged()
    answer = start(**arguments)
    assert answer["failed"] and words in answer["msg"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start it as another user")
def test_starts_it_as_its_user(start, release, layout):
    for directory, _directories, _files in os.walk(layout.tmp):
        os.chown(directory, 65534, 65534)
    pid = start(user="nobody")["pid"]
    assert os.stat(f"/proc/{pid}").st_uid == 65534
