# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os

import pytest

from ansible_collections.beamops.elixir.plugins.modules import elixir_release_lock as module

KAI = {"owner": "kai@laptop", "place": "laptop boot pid:[1]", "pid": 4711, "started": 99}
ADA = {"owner": "ada@ci", "place": "ci boot pid:[1]", "pid": 815, "started": None}


@pytest.fixture
def lock(run_module, layout):
    """Runs the module as the action plugin does."""
    return lambda run=KAI, **arguments: run_module(module, root=layout.root, run=run, **arguments)


def test_is_taken_held_and_given_back(lock, layout):
    first = lock(what="deploy of 0.2.0")
    assert (first["changed"], first["held"], first["owner"], first["what"], first["kept"]) == (True, True, "kai@laptop", "deploy of 0.2.0", None)
    assert (lock()["changed"], lock()["held"]) == (False, True)
    with open(layout.lock, encoding="utf-8") as file:
        written = json.load(file)
    assert (written["expires"], written["what"]) == (3600, "deploy of 0.2.0")
    other = lock(ADA)
    assert (other["changed"], other["held"], other["owner"]) == (False, False, "kai@laptop")
    assert "failed" not in other
    assert (lock(ADA, state="absent")["changed"], lock(state="absent")["changed"], lock(state="absent")["changed"]) == (False, True, False)
    assert lock(ADA)["held"] is True


def test_of_a_run_that_is_no_more_is_taken_over(lock):
    lock(ADA)
    holder = lock()["holder"]
    assert lock(takeover={**holder, "pid": 816})["held"] is False
    answer = lock(takeover=holder)
    assert (answer["changed"], answer["held"]) == (True, True)
    assert answer["taken_over"].startswith("ada@ci, process 815, since ")


def test_is_kept_until_it_is_forced(lock):
    lock(ADA)
    assert lock(ADA, state="kept", reason="it died")["kept"] == "it died"
    assert (lock()["held"], lock(state="absent")["changed"], lock(ADA, state="absent")["changed"]) == (False, False, False)
    assert lock(state="absent", force=True)["changed"] is True
    assert lock()["held"] is True


def test_a_reason_keeps_only_where_it_is_asked_for(lock):
    assert lock(reason="it died")["kept"] is None


def test_expires(lock, layout):
    lock(ADA, expires=60)
    with open(layout.lock, encoding="utf-8") as file:
        written = json.load(file)
    with open(layout.lock, "w", encoding="utf-8") as file:
        json.dump({**written, "refreshed": "2026-01-01T00:00:00+00:00"}, file)
    assert "which had expired" in lock()["msg"]


def test_check_mode_looks_only(lock, layout):
    answer = lock(_ansible_check_mode=True)
    assert (answer["changed"], answer["held"]) == (True, True)
    assert not os.path.exists(layout.root)
    lock(ADA)
    assert lock(_ansible_check_mode=True)["held"] is False
    assert lock(ADA, state="absent", _ansible_check_mode=True)["changed"] is True
    assert lock(ADA, state="kept", reason="it died", _ansible_check_mode=True)["kept"] == "it died"
    assert (lock(ADA)["held"], lock(ADA)["kept"]) == (True, None)


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"run": None}, "this module works through its action plugin only"),
        ({"run": {"owner": "kai@laptop"}}, "'run' is missing"),
        ({"state": "kept"}, "reason"),
        ({"state": "perhaps"}, "value of state must be one of: present, absent, kept"),
        ({"expires": 0}, "expires is 0: give the seconds"),
    ],
)
def test_bad_input(lock, arguments, words, layout):
    answer = lock(**arguments)
    assert answer["failed"] and words in answer["msg"]
    assert not os.path.exists(layout.lock)
