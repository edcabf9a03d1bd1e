# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import time

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _processes, _systemd
from ansible_collections.beamops.elixir.plugins.module_utils._root import _current, _releases
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _stop
from ansible_collections.beamops.elixir.plugins.modules import (
    elixir_release_deadman as module,
    elixir_release_start,
    elixir_release_wait,
)


@pytest.fixture
def deadman(run_module, layout, staged, node, place, monkeypatch):
    monkeypatch.setattr(_systemd, "RUNTIME", str(place / "no-systemd"))
    _current.point(layout, staged("0.1.0-a", state="good", staged_at="1", env=f"RELEASE_NODE={node}\nPASSWORD=hunter22\n", node=node).id)
    staged("0.2.0-b", staged_at="2", env=f"RELEASE_NODE={node}\n", node=node)
    yield lambda **arguments: run_module(module, root=layout.root, **arguments)
    if os.path.isdir(layout.root):
        run_module(module, root=layout.root, state="disarmed")


def answered(answer):
    assert "failed" not in answer, answer
    return answer["changed"], answer["way_back"], answer["seconds"]


def test_armed_and_disarmed(deadman):
    assert answered(deadman(release="0.2.0-b", seconds=60, by="kai@laptop")) == (True, "0.1.0-a", 60)
    assert answered(deadman(state="disarmed")) == (True, "0.1.0-a", 60)
    assert answered(deadman(state="disarmed")) == (False, None, None)


def test_check_mode_arms_and_disarms_nothing(deadman, layout):
    assert answered(deadman(release="0.2.0-b", seconds=60, _ansible_check_mode=True)) == (True, "0.1.0-a", 60)
    assert not os.path.exists(os.path.join(layout.root, ".deadman"))
    assert answered(deadman(state="disarmed", _ansible_check_mode=True)) == (False, None, None)
    assert answered(deadman(release="0.9.0-planned", seconds=60, _ansible_check_mode=True)) == (True, "0.1.0-a", 60)
    deadman(release="0.2.0-b", seconds=60)
    assert answered(deadman(state="disarmed", _ansible_check_mode=True)) == (True, "0.1.0-a", 60)
    assert answered(deadman(state="disarmed")) == (True, "0.1.0-a", 60)


def test_where_there_is_nothing_to_go_back_to_it_changes_nothing(deadman, layout):
    _releases.write(_releases.find(layout, "0.1.0-a")._replace(state="bad"))
    assert answered(deadman(release="0.2.0-b", seconds=60)) == (False, None, None)


def test_too_late(deadman, layout):
    deadman(release="0.2.0-b", seconds=1)
    deadline = time.monotonic() + 10
    while not os.path.exists(layout.ledger) and time.monotonic() < deadline:
        time.sleep(0.05)
    answer = deadman(state="disarmed")
    assert answer["failed"] and "This host went back to 0.1.0-a by itself at " in answer["msg"] and "no word from the run for 1 s" in answer["msg"]
    assert answer["fired"] in ("going", "back")
    assert answered(deadman(release="0.2.0-b", seconds=60)) == (True, "0.1.0-a", 60)


def test_fired_it_goes_back_at_once(deadman):
    assert deadman(state="fired")["fired"] is None
    deadman(release="0.2.0-b", seconds=60)
    assert deadman(state="fired", _ansible_check_mode=True)["fired"] is None
    answer = deadman(state="fired")
    assert (answer["changed"], answer["fired"]) == (True, "going")
    deadline = time.monotonic() + 10
    while answer["fired"] == "going" and time.monotonic() < deadline:
        time.sleep(0.05)
        answer = deadman(state="fired")
    assert (answer["fired"], answer["changed"]) == ("back", False) and "This host went back to 0.1.0-a" in answer["msg"]
    deadman(release="0.2.0-b", seconds=60)


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"seconds": 60}, "release"),
        ({"release": "0.2.0-b"}, "seconds"),
        ({"release": "0.2.0-b", "seconds": 0}, "seconds is 0: give at least 1"),
        ({"release": "0.9.0-x", "seconds": 60}, "There is no release 0.9.0-x"),
        ({"release": "../x", "seconds": 60}, "is not the id of a release"),
        ({"state": "perhaps"}, "value of state must be one of: armed, disarmed, fired"),
        ({"release": "0.2.0-b", "seconds": 60, "user": "no-such-user"}, "no user 'no-such-user'"),
    ],
)
def test_bad_input(deadman, arguments, words):
    answer = deadman(**arguments)
    assert answer["failed"] and words in answer["msg"]


@pytest.fixture
def replace(run_module, layout):
    return lambda **arguments: run_module(elixir_release_start, root=layout.root, stop=True, watch=10, **arguments)


def test_what_is_to_be_replaced_is_asked_to_stop_when_it_is_armed(deadman, replace, run_module, layout):
    pid = run_module(elixir_release_start, root=layout.root)["pid"]
    answer = replace(deadman=60, release="0.2.0-b", by="kai@laptop")
    assert [asked["pid"] for asked in answer["asked"]] == [pid] and answer["pid"] not in (None, pid)
    assert answered(deadman(state="disarmed")) == (True, "0.1.0-a", 60)


def test_where_it_cannot_be_armed_nothing_is_asked_to_stop(deadman, replace, run_module, layout):
    run_module(elixir_release_start, root=layout.root)
    for arguments, words in (
        ({"deadman": 60}, "'release' is missing"),
        ({"deadman": 60, "release": "0.3.0-c"}, "There is no release 0.3.0-c"),
        ({"deadman": -1, "release": "0.2.0-b"}, "seconds is -1"),
    ):
        answer = replace(**arguments)
        assert answer["failed"] and words in answer["msg"] and (answer["asked"], answer["asked_at"]) == ([], None)
    assert len(_processes.scan().of_root(layout.root)) == 1


def test_where_nothing_can_be_asked_it_is_called_off(deadman, replace, run_module, layout, monkeypatch):
    run_module(elixir_release_start, root=layout.root)

    def refused(process):
        raise ReleaseError("not ours")

    monkeypatch.setattr(_stop, "ask", refused)
    answer = replace(deadman=60, release="0.2.0-b")
    assert answer["failed"] and answer["msg"] == "not ours" and answer["asked_at"] is None
    assert answered(deadman(state="disarmed")) == (False, None, None)


def test_check_mode_of_a_replacement_arms_nothing(deadman, replace):
    assert replace(deadman=60, release="0.2.0-b", _ansible_check_mode=True)["asked"] == []
    assert answered(deadman(state="disarmed")) == (False, None, None)


def test_wait_calls_it_off_when_the_release_is_ready(deadman, replace, run_module, layout):
    run_module(elixir_release_start, root=layout.root)
    pid = replace(deadman=60, release="0.2.0-b")["pid"]

    def wait(**arguments):
        return run_module(elixir_release_wait, root=layout.root, state="ready", release="0.2.0-b", rpc=False, disarm=True, **arguments)

    assert not wait(stable_for=3600)["ready"]
    assert answered(deadman(state="disarmed", _ansible_check_mode=True)) == (True, "0.1.0-a", 60)
    assert wait(pid=pid)["ready"]
    assert answered(deadman(state="disarmed")) == (False, None, None)
    assert wait(pid=pid)["ready"]
