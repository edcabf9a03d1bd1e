# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._host import _processes
from ansible_collections.beamops.elixir.plugins.module_utils._root import _current
from ansible_collections.beamops.elixir.plugins.modules import elixir_release_start, elixir_release_stop as module


@pytest.fixture
def stop(run_module, layout):
    return lambda **arguments: run_module(module, root=layout.root, **arguments)


@pytest.fixture
def pid(run_module, layout, staged, node):
    """The process of a release that runs."""
    release = staged(env=f"RELEASE_NODE={node}\nPASSWORD=hunter22\n")
    return run_module(elixir_release_start, root=layout.root, release=release.id)["pid"]


@pytest.mark.parametrize("arguments, how", [({}, "stop"), ({"force": True}, "kill")])
def test_asks_once(stop, layout, pid, node, eventually, arguments, how):
    first = stop(**arguments)
    assert ("msg" in first) == (how == "kill")
    assert (first["changed"], first["asked"]) == (True, [{"pid": pid, "version": "0.1.0", "node": node, "how": how}])
    assert eventually(lambda: not _processes.scan().of_root(layout.root))
    second = stop(**arguments)
    assert (second["changed"], second["asked"]) == (False, [])


def test_when_it_was_asked_is_told_by_no_clock(stop, pid):
    began = _processes.uptime()
    assert began <= stop()["asked_at"] <= stop()["asked_at"] <= _processes.uptime()


def test_a_kill_stands_in_the_ledger(stop, layout, pid):
    assert _current.entries(layout) == []
    answer = stop(force=True, by="kai@laptop")
    assert [entry["event"] for entry in _current.entries(layout)] == ["kill"]
    (line,) = _current.entries(layout)
    assert (line["release"], line["by"], line["reason"]) == ("0.1.0-1a2b3c4d", "kai@laptop", f"pid {pid} did not stop")
    assert answer["msg"] == f"0.1.0 (pid {pid}) was killed. What it was doing is lost, as in a crash."
    assert answer["msg"] in str(answer["warnings"])


def test_a_kill_that_cannot_be_noted_is_one_all_the_same(stop, layout, pid, eventually):
    os.mkdir(layout.ledger)
    answer = stop(force=True)
    assert "ledger.jsonl cannot be written" in str(answer["warnings"])
    assert eventually(lambda: not _processes.alive(pid))


def test_check_mode_stops_nothing(stop, pid, node):
    answer = stop(_ansible_check_mode=True)
    assert (answer["changed"], answer["asked"]) == (True, [{"pid": pid, "version": "0.1.0", "node": node, "how": None}])
    assert _processes.alive(pid)


def test_another_roots_release_is_left_alone(run_module, place, pid):
    answer = run_module(module, root=str(place / "another"))
    assert (answer["changed"], answer["asked"]) == (False, [])
    assert _processes.alive(pid)


def test_no_secret_is_shown(stop, pid):
    answer = str(stop())
    assert "hunter22" not in answer and "COOKIEOFTHETARBALL" not in answer


def test_it_drains_before(stop, layout, pid, evaluates):
    asked = evaluates()
    assert stop(drain=5, drain_expression="Oban.drain()", _ansible_check_mode=True)["undrained"] is None and asked() == []
    assert "'drain' is missing" in stop(drain_expression="Oban.drain()")["msg"] and _processes.alive(pid)
    answer = stop(drain=5, drain_expression="Oban.drain()")
    assert (answer["undrained"], len(answer["asked"]), asked()) == (None, 1, ["Oban.drain()"])


def test_what_does_not_drain_is_asked_to_stop_all_the_same(stop, layout, pid, evaluates, eventually):
    evaluates("** (KeyError) hunter22", "raised")
    answer = stop(drain=5, drain_expression="Oban.drain()")
    assert "without having drained. Oban.drain(): ** (KeyError) ********." in answer["undrained"] and len(answer["asked"]) == 1
    assert eventually(lambda: not _processes.alive(pid))


def test_what_is_killed_has_no_time_to_drain(stop, pid, evaluates):
    asked = evaluates()
    assert stop(force=True, drain=5, drain_expression="Oban.drain()")["asked"] and asked() == []
