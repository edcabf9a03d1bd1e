# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The life of a release in a slot, by the modules that know of slots."""

from __future__ import annotations

import os
import socket

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._host import _cgroup, _processes
from ansible_collections.beamops.elixir.plugins.module_utils._root import _current
from ansible_collections.beamops.elixir.plugins.modules import (
    elixir_release_rollback_info,
    elixir_release_stage,
    elixir_release_start,
    elixir_release_stop,
    elixir_release_switch as module,
    elixir_release_wait,
)

PORTS = [64101, 64102]


@pytest.fixture
def slots(nginx):
    return {"ports": PORTS, "proxy_port": nginx.server_port}


@pytest.fixture
def call(run_module, layout, slots):
    return lambda it, slot=None, **arguments: run_module(it, root=layout.root, slots=slots, **({"slot": slot} if slot else {}), **arguments)


@pytest.fixture
def release(staged, node):
    return lambda release_id, **fields: staged(release_id, env=f"RELEASE_NODE={node}\n", node=node, **fields)


@pytest.fixture
def live(call, release):
    """A release that serves, in blue."""
    old = release("0.1.0-a", state="good", turn=1)
    call(elixir_release_start, "blue", release=old.id, stop=True)
    call(module, "blue", release=old.id)
    return old


def flags(nginx):
    return os.listdir(nginx.directory)


def test_it_starts_with_what_it_has_there(call, release, layout, node):
    new = release("0.1.0-a")
    answer = call(elixir_release_start, "green", release=new.id, stop=True)
    assert (answer["changed"], answer["port"], answer["slot"], answer["asked"]) == (True, PORTS[1], "green", [])
    (process,) = _processes.scan().of_root(layout.root)
    assert (process.pid, process.node) == (answer["pid"], f"{node}-green")
    assert (process.environ["PORT"], process.environ["RELEASE_TMP"]) == (str(PORTS[1]), layout.slot_tmp("green"))
    assert call(elixir_release_start, "green", release=new.id, stop=True)["changed"] is False, "it is there already"
    assert not os.path.exists(layout.current), "it does not serve yet"


def test_the_traffic_moves_and_current_with_it(call, live, release, layout, nginx):
    new = release("0.2.0-b")
    started = call(elixir_release_start, "green", release=new.id, stop=True)
    assert len(_processes.scan().of_root(layout.root)) == 2 and _current.pointed(layout) == live.id and flags(nginx) == ["blue"]
    answer = call(module, "green", release=new.id, pid=started["pid"], url="http://127.0.0.1:1/health", search_regex="from green")
    assert (answer["changed"], answer["ready"], answer["look"]) == (True, True, "http") and answer["since"] > 0
    assert flags(nginx) == ["green"] and _current.pointed(layout) == new.id
    again = call(module, "green", release=new.id, url="/health")
    assert (again["changed"], again["ready"]) == (False, True)


def test_what_does_not_run_there_gets_no_traffic(call, live, release, nginx, fail_module):
    new = release("0.2.0-b")
    answer = fail_module(module, new.id)
    assert "does not run in the slot green" in answer["msg"] and answer["since"] is None
    started = call(elixir_release_start, "green", release=new.id, stop=True)
    answer = fail_module(module, new.id, pid=started["pid"] + 1)
    assert f"no traffic is moved there. It was started as pid {started['pid'] + 1}, which has died." in answer["msg"] and flags(nginx) == ["blue"]


def test_what_fails_through_the_proxy_says_so(call, live, release):
    new = release("0.2.0-b")
    call(elixir_release_start, "green", release=new.id, stop=True)
    answer = call(module, "green", release=new.id, url="/elsewhere", watch=0.3, within=0.1)
    assert (answer["ready"], answer["fatal"]) == (False, True) and "/elsewhere answers 404" in answer["msg"]


def test_a_header_that_is_a_secret_is_not_shown(call, live, release):
    new = release("0.2.0-b")
    call(elixir_release_start, "green", release=new.id, stop=True)
    answer = call(module, "green", release=new.id, url="/of-s3cr3t-y", headers={"X-Api-Key": "s3cr3t-y"})
    assert answer["ready"] is False and "s3cr3t-y" not in str(answer)


def test_a_disk_that_refuses_the_link_is_told_with_what_was_seen_before(call, live, release, layout, nginx, fail_module):
    new = release("0.2.0-b")
    call(elixir_release_start, "green", release=new.id, stop=True)
    os.unlink(layout.current)
    os.makedirs(os.path.join(layout.current, "in the way"))
    answer = fail_module(module, new.id, url="/health")
    assert answer["failed"] and layout.current in answer["msg"] and "df" in answer["msg"]
    assert (answer["changed"], answer["look"]) == (True, "http") and answer["since"] > 0 and flags(nginx) == ["green"]


def test_a_regular_expression_that_is_none_moves_nothing(call, live, release, nginx, fail_module):
    new = release("0.2.0-b")
    call(elixir_release_start, "green", release=new.id, stop=True)
    assert "search_regex '(' is not a regular expression" in fail_module(module, new.id, url="/health", search_regex="(")["msg"]
    assert flags(nginx) == ["blue"]


def test_the_other_slot_is_asked_and_leaves_nothing(call, live, release, layout):
    new = release("0.2.0-b")
    call(elixir_release_start, "green", release=new.id, stop=True)
    since = call(module, "green", release=new.id)["since"]
    answer = call(elixir_release_stop, "blue", drain=5, since=since)
    assert ([one["version"] for one in answer["asked"]], answer["ready"]) == (["0.1.0"], True)
    assert call(elixir_release_wait, "blue", state="stopped", watch=5)["ready"]
    assert [process.root for process in _processes.scan().of_root(layout.root)] == [new.path]
    assert sorted(os.listdir(layout.slots)) == ["green", "green.env"]


def test_it_drains_when_the_traffic_has_moved(call, live, release, layout, evaluates):
    new = release("0.2.0-b")
    call(elixir_release_start, "green", release=new.id, stop=True, drain_expression="Oban.drain()")
    since = call(module, "green", release=new.id)["since"]
    asked = os.path.join(layout.slot_tmp("blue"), "evaluated")
    assert not os.path.exists(asked), "it serves until then"
    answer = call(elixir_release_stop, "blue", drain=5, since=since, drain_expression="Oban.drain()")
    with open(asked, encoding="utf-8") as file:
        assert file.read().split() == ["Oban.drain()"]
    assert len(answer["asked"]) == 1 and "without having drained" in answer["undrained"], "the stand-in has no answer there"


def test_what_is_left_in_a_slot_goes_before_the_next_one_starts(call, live, release, layout):
    for release_id in ("0.2.0-b", "0.3.0-c"):
        call(elixir_release_start, "green", release=release(release_id).id, stop=True, watch=5)
    assert sorted(process.root.rpartition("/")[2] for process in _processes.scan().of_root(layout.root)) == ["0.1.0-a", "0.3.0-c"]


def test_a_rollback_finds_what_is_kept_warm(call, live, release, layout):
    new = release("0.2.0-b", state="good", turn=2)
    call(elixir_release_start, "green", release=new.id, stop=True)
    call(module, "green", release=new.id)
    answer = call(elixir_release_rollback_info)
    assert (answer["release"], answer["slot"], answer["live_slot"], answer["previous"]) == (live.id, "blue", "green", new.id)
    assert call(elixir_release_start, "blue", release=live.id, stop=True)["changed"] is False


def test_a_restart_starts_it_in_the_other_slot(call, live, layout):
    answer = call(elixir_release_start, _ansible_check_mode=True)
    assert (answer.get("slot"), answer.get("port")) == ("green", PORTS[1]), answer.get("msg")
    call(elixir_release_start, "green", stop=True)
    assert [process.root for process in _processes.scan().of_root(layout.root)] == [live.path, live.path]


BEFORE_A_SECOND_ONE_STARTS = [
    pytest.param(elixir_release_rollback_info, {}, id="rollback"),
    pytest.param(elixir_release_start, {"_ansible_check_mode": True}, id="restart"),
]


@pytest.mark.parametrize("it, arguments", BEFORE_A_SECOND_ONE_STARTS)
def test_too_little_memory_for_a_second_one_is_told_before(call, live, release, layout, monkeypatch, it, arguments):
    monkeypatch.setattr(_cgroup, "room", lambda: _cgroup.Room(0, "the host has 0 MiB available and 0 MiB of swap"))
    release("0.0.9-z", state="good", turn=0)
    answer = call(it, **arguments)
    assert answer["failed"] and "There is too little memory to run 0." in answer["msg"] and "in its slot beside pid" in answer["msg"]


def test_what_is_kept_warm_needs_no_more_memory(call, live, release, monkeypatch):
    new = release("0.2.0-b", state="good", turn=2)
    call(elixir_release_start, "green", release=new.id, stop=True)
    call(module, "green", release=new.id)
    monkeypatch.setattr(_cgroup, "room", lambda: _cgroup.Room(0, "the host has 0 MiB available and 0 MiB of swap"))
    assert call(elixir_release_rollback_info)["release"] == live.id


def test_a_deploy_needs_memory_only_where_it_starts_a_second_one(call, make_tarball, node, nginx, monkeypatch):
    wanted = {"tarball": {**make_tarball(), "unpacked_size": 1 << 20}, "remote_src": True}
    first = call(elixir_release_stage, env=f"RELEASE_NODE={node}\n", **wanted)["release"]
    call(elixir_release_start, "blue", release=first, stop=True)
    call(module, "blue", release=first)
    monkeypatch.setattr(_cgroup, "room", lambda: _cgroup.Room(0, "the host has 0 MiB available and 0 MiB of swap"))
    assert call(elixir_release_stage, env=f"RELEASE_NODE={node}\n", **wanted)["release"] == first
    answer = call(elixir_release_stage, env=f"RELEASE_NODE={node}\nA=2\n", **wanted)
    assert answer["failed"] and "There is too little memory to run" in answer["msg"]


@pytest.mark.parametrize("it, arguments", BEFORE_A_SECOND_ONE_STARTS)
def test_a_port_that_is_held_by_another_is_told_before(call, live, release, it, arguments):
    release("0.0.9-z", state="good", turn=0)
    with socket.create_server(("127.0.0.1", PORTS[1])):
        answer = call(it, **arguments)
    assert answer["failed"] and f"Port {PORTS[1]}, where the release would listen, is held by pid {os.getpid()}" in answer["msg"]


def test_check_mode_moves_nothing(call, live, release, nginx):
    answer = call(module, "green", release=release("0.2.0-b").id, _ansible_check_mode=True)
    assert (answer["changed"], answer["ready"]) == (True, True) and flags(nginx) == ["blue"]


@pytest.fixture
def fail_module(call):
    def fail(it, release_id, **arguments):
        return call(it, "green", release=release_id, **arguments)

    return fail
