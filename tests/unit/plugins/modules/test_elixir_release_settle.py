# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._root import _current, _releases
from ansible_collections.beamops.elixir.plugins.modules import elixir_release_lock, elixir_release_settle as module

KAI = {"owner": "kai@laptop", "place": "laptop boot pid:[1]", "pid": 4711, "started": 99}
ADA = {"owner": "ada@ci", "place": "ci boot pid:[1]", "pid": 815, "started": None}


@pytest.fixture
def settle(run_module, layout):
    return lambda run=KAI, **arguments: run_module(module, root=layout.root, run=run, **arguments)


@pytest.fixture
def lock(run_module, layout):
    return lambda run=KAI, **arguments: run_module(elixir_release_lock, root=layout.root, run=run, **arguments)


@pytest.fixture
def current(staged, layout):
    for number in (1, 2):
        staged(f"0.0.{number}-a", state="good", turn=number, staged_at=str(number))
    release = staged("0.1.0-b", staged_at="3")
    _current.point(layout, release.id)
    return release


def test_marks_removes_and_gives_the_lock_back(settle, lock, current, layout):
    lock()
    answer = settle(release=current.id, previous="0.0.2-a", keep=1, by="kai@laptop", proof={"port": 4000})
    assert (answer["changed"], answer["removed"], answer["kept"]) == (True, ["0.0.1-a"], ["0.0.2-a", "0.1.0-b"])
    marked = _releases.find(layout, current.id)
    assert (marked.state, marked.proof) == ("good", {"port": 4000})
    (line,) = _current.entries(layout)
    assert (line["event"], line["release"], line["previous"], line["by"]) == ("deploy", "0.1.0-b", "0.0.2-a", "kai@laptop")
    assert not os.path.exists(layout.lock)
    assert settle(release=current.id, previous="0.0.2-a", keep=1)["changed"] is False


def test_check_mode_changes_nothing(settle, lock, current, layout):
    lock()
    answer = settle(release=current.id, keep=1, _ansible_check_mode=True)
    assert (answer["changed"], answer["removed"]) == (True, ["0.0.1-a"])
    assert _releases.find(layout, current.id).state == "staged" and os.path.exists(layout.lock) and len(_releases.staged(layout)) == 3
    assert settle(release="0.9.0-planned", _ansible_check_mode=True)["changed"] is True


@pytest.mark.parametrize("state", [{"run": ADA}, {"state": "kept", "reason": "look at it"}])
def test_a_lock_that_is_anothers_or_kept_stays(settle, lock, current, layout, state):
    lock(**state)
    assert settle(release=current.id)["changed"] is True
    assert os.path.exists(layout.lock)


def test_what_cannot_be_noted_fails_with_the_lock_in_place(settle, lock, current, layout):
    lock()
    os.mkdir(layout.ledger)
    answer = settle(release=current.id)
    assert answer["failed"] and "ledger.jsonl cannot be written" in answer["msg"] and os.path.exists(layout.lock)


@pytest.mark.parametrize("arguments, words", [({"release": "0.9.0-x"}, "There is no release 0.9.0-x"), ({"release": "0.1.0-b", "keep": 0}, "keep is 0")])
def test_bad_input(settle, current, arguments, words):
    answer = settle(**arguments)
    assert answer["failed"] and words in answer["msg"]
