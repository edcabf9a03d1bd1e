# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import signal
import socket
import threading
import time

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._host import _processes
from ansible_collections.beamops.elixir.plugins.module_utils._root import _current
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _start
from ansible_collections.beamops.elixir.plugins.modules import (
    elixir_release_start as module,
    elixir_release_stop,
    elixir_release_wait,
)


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


@pytest.fixture
def replaced(run_module, staged, layout, node):
    """What runs, and is the current one; and when it was asked to stop."""
    old = staged("0.0.9-old", env=f"RELEASE_NODE={node}\n")
    _current.point(layout, old.id)
    return run_module(module, root=layout.root, release=old.id)["pid"], _processes.uptime()


@pytest.fixture
def new(staged, node):
    return staged("0.1.0-new", env=f"RELEASE_NODE={node}\n", node=node)


def test_what_it_replaces_is_waited_for_and_then_it_starts_and_current_points_to_it(start, replaced, new, node, layout):
    pid, asked_at = replaced
    threading.Timer(0.5, os.kill, (pid, signal.SIGTERM)).start()
    began = time.monotonic()
    answer = start(release=new.id, asked_at=asked_at, node=node, watch=10, within=60, point=True)
    assert (answer["changed"], answer["ready"], answer["fatal"]) == (True, True, False) and time.monotonic() - began > 0.5
    (process,) = _processes.scan().of_root(layout.root)
    assert (process.pid, process.root) == (answer["pid"], new.path)
    assert _current.pointed(layout) == new.id


def test_what_is_not_gone_yet_is_said_and_nothing_is_started(start, replaced, new, layout):
    pid, asked_at = replaced
    answer = start(release=new.id, asked_at=asked_at, watch=0.1, within=60, point=True)
    assert (answer["changed"], answer["ready"], answer["fatal"], answer["pid"]) == (False, False, False, None)
    assert f"0.1.0 (pid {pid}) from " in answer["msg"] and "still runs; it was asked to stop" in answer["msg"]
    assert [process.pid for process in _processes.scan().of_root(layout.root)] == [pid]
    assert _current.pointed(layout) == "0.0.9-old"


def test_what_does_not_stop_in_time_never_will(start, replaced, new):
    pid, asked_at = replaced
    answer = start(release=new.id, asked_at=asked_at - 100, watch=0.1, within=60)
    assert (answer["ready"], answer["fatal"]) == (False, True) and "(limit 60 s)" in answer["msg"]


def test_what_it_replaces_may_be_of_another_root(start, run_module, replaced, new, place, layout):
    pid, asked_at = replaced
    answer = start(release=new.id, asked_at=asked_at, replaces=str(place / "elsewhere"), watch=0.1)
    # Nothing runs there, so nothing is waited for; what runs here is refused as ever
    assert answer["failed"] and f"(pid {pid}) runs from" in answer["msg"]


def test_where_it_runs_only_current_is_pointed(start, replaced, layout, staged):
    pid, _asked_at = replaced
    _current.point(layout, staged("0.1.0-other").id)
    answer = start(release="0.0.9-old", point=True)
    assert (answer["changed"], answer["ready"], answer["pid"], _current.pointed(layout)) == (True, True, pid, "0.0.9-old")
    assert start(release="0.0.9-old", point=True)["changed"] is False


def test_check_mode_points_nothing(start, replaced, new, layout):
    answer = start(release=new.id, asked_at=replaced[1], point=True, _ansible_check_mode=True)
    assert (answer["changed"], answer["ready"], _current.pointed(layout)) == (True, True, "0.0.9-old")
    assert answer["diff"] == {"before": "current -> 0.0.9-old\n", "after": "current -> 0.1.0-new\n"}
    assert start(release="0.9.0-planned", point=True, _ansible_check_mode=True)["diff"]["after"] == "current -> 0.9.0-planned\n"


def test_the_same_release_is_started_again_when_what_was_asked_to_stop_is_gone(start, replaced, layout):
    """As in a restart."""
    pid, asked_at = replaced
    threading.Timer(0.3, os.kill, (pid, signal.SIGTERM)).start()
    time.sleep(0.02)
    answer = start(release="0.0.9-old", asked_at=_processes.uptime(), watch=10)
    assert answer["changed"] and answer["ready"] and answer["pid"] != pid
    # What was started since runs
    again = start(release="0.0.9-old", asked_at=asked_at)
    assert (again["changed"], again["pid"]) == (False, answer["pid"])


def test_it_starts_beside_what_listens_no_more(start, replaced, staged, node, layout, run_module):
    """The stand-in listens nowhere, so its port is closed at once. It is not asked to stop here, so it stays."""
    pid, asked_at = replaced
    new = staged("0.1.0-new", env=f"RELEASE_NODE={node}-new\nRELEASE_TMP={layout.tmp}/0.1.0-new\n", node=f"{node}-new")
    answer = start(release=new.id, asked_at=asked_at, watch=1, overlap=True)
    assert (answer["changed"], answer["ready"]) == (True, True)
    assert {process.pid for process in _processes.scan().of_root(layout.root)} == {pid, answer["pid"]}

    def wait(state, **arguments):
        return run_module(elixir_release_wait, root=layout.root, state=state, release=new.id, rpc=False, **arguments)

    assert "runs beside" in wait("ready")["msg"] and wait("ready", overlap=True)["ready"]
    assert not wait("stopped", overlap=True)["ready"]
    run_module(elixir_release_stop, root=layout.root, release=new.id, overlap=True, force=True)
    assert wait("stopped", overlap=True, watch=5)["ready"]
    assert [process.pid for process in _processes.scan().of_root(layout.root)] == [answer["pid"]]


def test_one_of_the_same_node_name_waits_until_the_other_is_gone(start, replaced, new):
    answer = start(release=new.id, asked_at=replaced[1], watch=0.1, overlap=True)
    assert not answer["ready"] and "still runs" in answer["msg"]


def test_what_it_replaces_is_asked_once_and_then_it_takes_its_place(start, replaced, new, node, layout):
    pid, _asked_at = replaced
    began = _processes.uptime()
    answer = start(release=new.id, stop=True, node=node, watch=10, within=60, point=True)
    assert (answer["changed"], answer["ready"], answer["fatal"], answer["killed"]) == (True, True, False, None)
    assert [(asked["pid"], asked["node"]) for asked in answer["asked"]] == [(pid, node)] and answer["asked_at"] >= began
    (process,) = _processes.scan().of_root(layout.root)
    assert (process.pid, process.root, _current.pointed(layout)) == (answer["pid"], new.path, new.id)


def test_the_same_release_is_stopped_and_started_again(start, replaced, layout):
    answer = start(stop=True, watch=10)
    assert answer["changed"] and answer["pid"] not in (None, replaced[0]) and answer["release"] == "0.0.9-old"
    assert [process.pid for process in _processes.scan().of_root(layout.root)] == [answer["pid"]]


def test_where_nothing_runs_nothing_is_asked(start, release):
    answer = start(stop=True)
    assert answer["changed"] and answer["asked"] == [] and answer["asked_at"] is not None


def test_check_mode_asks_nothing_to_stop(start, replaced, new, layout):
    answer = start(release=new.id, stop=True, point=True, _ansible_check_mode=True)
    assert (answer["changed"], [asked["how"] for asked in answer["asked"]]) == (True, [None])
    assert [process.pid for process in _processes.scan().of_root(layout.root)] == [replaced[0]]


@pytest.fixture
def stuck(replaced, eventually):
    """It takes note of no request to stop. Until it has really stopped, the next signal would be its end."""
    os.kill(replaced[0], signal.SIGSTOP)
    assert eventually(lambda: _processes._stat(f"/proc/{replaced[0]}").state == "T")
    return replaced[0]


def test_what_does_not_stop_is_spared_until_its_time_is_over(start, stuck, new, layout):
    answer = start(release=new.id, stop=True, watch=0.2, within=60, kill=True)
    assert (answer["ready"], answer["fatal"], answer["pid"], answer["killed"]) == (False, False, None, None) and answer["asked_at"] is not None
    assert [process.pid for process in _processes.scan().of_root(layout.root)] == [stuck]


def test_what_does_not_stop_is_killed_then(start, stuck, new, layout):
    answer = start(release=new.id, stop=True, watch=5, within=0.2, kill=True, by="kai@laptop")
    assert answer["ready"] and answer["killed"] == f"0.1.0 (pid {stuck}) was killed. What it was doing is lost, as in a crash."
    assert answer["killed"] in str(answer["warnings"])
    assert [process.pid for process in _processes.scan().of_root(layout.root)] == [answer["pid"]]
    (line,) = _current.entries(layout)
    assert (line["event"], line["release"], line["by"], line["reason"]) == ("kill", "0.0.9-old", "kai@laptop", f"pid {stuck} did not stop")


def test_without_kill_it_is_only_said(start, stuck, new, layout):
    answer = start(release=new.id, stop=True, watch=5, within=0.2)
    assert (answer["ready"], answer["fatal"]) == (False, True) and "(limit 0.2 s)" in answer["msg"]
    assert [process.pid for process in _processes.scan().of_root(layout.root)] == [stuck]


def test_how_far_it_came_is_told_where_it_fails(start, replaced, staged, monkeypatch):
    monkeypatch.setattr(_start, "APPEARS_WITHIN", 0.1)
    refused = start(release="0.9.0-x", stop=True)
    assert refused["failed"] and (refused["asked"], refused["asked_at"], refused["ready"], refused["fatal"]) == ([], None, False, True)
    died = start(release=staged("0.1.0-new", env="FAULT=crash\n").id, stop=True, watch=10)
    assert died["failed"] and "it died at once" in died["msg"]
    assert [asked["pid"] for asked in died["asked"]] == [replaced[0]] and died["asked_at"] is not None and died["ready"]


PEERS = {"node": "guestbook@web1.x", "names": ["guestbook@web2.x"]}
WHOLE = "guestbook@web1.x\nguestbook@web2.x started guestbook@web1.x"


def test_nothing_is_stopped_whose_cluster_is_not_whole(start, replaced, new, layout, evaluates):
    evaluates("guestbook@web1.x\nguestbook@web2.x silent")
    answer = start(release=new.id, stop=True, deadman=300, peers=PEERS, drain_expression="Oban.drain()", watch=5)
    assert answer["failed"] and (answer["asked"], answer["asked_at"], answer["lacks"]) == ([], None, ["web2.x"])
    assert answer["msg"].startswith("Nothing was stopped, since the cluster is not whole any more: guestbook@web2.x did not answer guestbook@web1.x")
    assert [process.pid for process in _processes.scan().of_root(layout.root)] == [replaced[0]]
    assert start(release=new.id, stop=True, peers=PEERS, _ansible_check_mode=True)["failed"]
    assert not os.path.exists(os.path.join(layout.root, ".deadman")), "no timer is left for it"


def test_where_it_is_whole_or_cannot_be_told_it_goes_on(start, replaced, new, layout, evaluates):
    evaluates(WHOLE)
    assert start(release=new.id, stop=True, peers=PEERS, watch=10)["ready"]
    evaluates("** (exit) :x", "raised")
    assert start(release=new.id, stop=True, peers=PEERS, watch=10)["ready"]


def test_what_serves_drains_before_it_is_asked_to_stop(start, replaced, new, layout, evaluates):
    asked = evaluates()
    answer = start(release=new.id, stop=True, drain_expression="Oban.drain()", watch=10)
    assert (answer["ready"], answer["undrained"]) == (True, None) and asked() == ["Oban.drain()"]


def test_what_does_not_drain_is_stopped_all_the_same(start, replaced, new, layout, evaluates):
    evaluates("** (KeyError) hunter22", "raised")
    with open(f"{new.path}/.env", "a", encoding="utf-8") as file:
        file.write("PASSWORD=hunter22\n")
    answer = start(release=new.id, stop=True, drain=5, drain_expression="Oban.drain()", watch=10)
    assert answer["ready"] and answer["pid"] not in (None, replaced[0])
    assert answer["undrained"] == f"0.1.0 (pid {replaced[0]}) was asked to stop without having drained. Oban.drain(): ** (KeyError) ********."
    assert answer["undrained"] in str(answer["warnings"])


def test_what_has_drained_and_was_not_stopped_is_told_of(start, replaced, new, evaluates):
    evaluates()
    answer = start(stop=True, deadman=300, drain_expression="Oban.drain()")
    assert answer["failed"] and answer["asked_at"] is None and "'release' is missing" in answer["msg"]
    assert answer["msg"].endswith("What serves has drained by then, and serves on: the playbook beamops.elixir.restart takes that back.")
    assert "drained" not in start(stop=True, deadman=300)["msg"]


def test_nothing_drains_in_check_mode_or_where_nothing_is_asked(start, replaced, new, evaluates):
    asked = evaluates()
    start(release=new.id, stop=True, drain_expression="Oban.drain()", _ansible_check_mode=True)
    start(release=new.id, asked_at=replaced[1], drain_expression="Oban.drain()", watch=0.1)
    assert asked() == []


def test_with_whom_it_is_connected_is_told_before_a_restart(start, release, evaluates):
    start()
    evaluates(WHOLE)
    told = start(stop=True, cluster="auto", _ansible_check_mode=True)["cluster"]
    assert (told["wanted"], told["node"], told["peers"]) == ("auto", "guestbook@web1.x", ["guestbook@web2.x"])
    assert "cluster" not in start(stop=True, _ansible_check_mode=True)
