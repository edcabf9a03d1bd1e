# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._root import _current, _history, _releases
from ansible_collections.beamops.elixir.plugins.modules import elixir_release_current as module


@pytest.fixture
def current(run_module, layout, staged):
    staged("0.1.0-a", staged_at="1")
    staged("0.2.0-b", staged_at="2", version="0.2.0")
    return lambda release="0.2.0-b", **arguments: run_module(module, root=layout.root, release=release, **arguments)


def ledger(layout):
    with open(layout.ledger, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def test_points_once(current, layout):
    first = current("0.1.0-a")
    assert (first["changed"], first["previous"], first["current"]) == (True, None, "0.1.0-a")
    second = current()
    assert (second["changed"], second["previous"], second["current"]) == (True, "0.1.0-a", "0.2.0-b")
    assert second["diff"] == {"before": "current -> 0.1.0-a\n", "after": "current -> 0.2.0-b\n"}
    third = current()
    assert (third["changed"], third["previous"], third["current"]) == (False, "0.2.0-b", "0.2.0-b")
    assert _releases.current(layout).id == "0.2.0-b"


def test_pointing_in_check_mode_changes_nothing(current, layout):
    answer = current("0.3.0-staged-in-earnest-only", _ansible_check_mode=True)
    assert answer["changed"] is True and answer["diff"]["after"] == "current -> 0.3.0-staged-in-earnest-only\n"
    assert _current.pointed(layout) is None
    current()
    assert current(_ansible_check_mode=True)["changed"] is False


def test_points_to_nothing_that_is_not_there(current, layout):
    current("0.1.0-a")
    answer = current("0.3.0-c")
    assert answer["failed"] and "There is no release 0.3.0-c" in answer["msg"] and "0.1.0-a, 0.2.0-b" in answer["msg"]
    assert _current.pointed(layout) == "0.1.0-a"


def test_records_once_that_it_is_good(current, layout):
    current()
    first = current(state="good", previous="0.1.0-a", by="kai@laptop")
    assert (first["changed"], first["current"], first["diff"]) == (True, "0.2.0-b", {"before": "0.2.0-b: staged\n", "after": "0.2.0-b: good\n"})
    assert current(state="good", previous="0.1.0-a", by="kai@laptop")["changed"] is False
    assert _releases.find(layout, "0.2.0-b").state == "good"
    (line,) = ledger(layout)
    assert (line["event"], line["release"], line["previous"], line["by"]) == ("deploy", "0.2.0-b", "0.1.0-a", "kai@laptop")


def test_records_that_it_is_bad_and_why(current, layout):
    assert current(state="bad", reason="it died")["changed"] is True
    assert current(state="bad", reason="it died")["changed"] is False
    assert current(state="bad", reason="it died again")["changed"] is True
    release = _releases.find(layout, "0.2.0-b")
    assert (release.state, release.reason) == ("bad", "it died again")
    assert current(state="good")["changed"] is True
    assert _releases.find(layout, "0.2.0-b").reason is None
    assert [(line["event"], line["reason"]) for line in ledger(layout)] == [("failure", "it died"), ("failure", "it died again"), ("deploy", None)]


def test_an_older_release_that_is_deployed_again_is_the_newest_good_one(current, layout):
    for release in ("0.1.0-a", "0.2.0-b"):
        current(release, state="good")
    earlier = _releases.find(layout, "0.2.0-b").turn
    assert current("0.1.0-a", state="good", _ansible_check_mode=True)["changed"] is True
    assert current("0.1.0-a", state="good")["changed"] is True
    assert current("0.1.0-a", state="good")["changed"] is False
    assert [line["release"] for line in ledger(layout)] == ["0.1.0-a", "0.2.0-b", "0.1.0-a"]
    assert _releases.find(layout, "0.1.0-a").turn > earlier


def test_a_rollback_leaves_the_release_its_place_among_the_good_ones(current, layout):
    for release in ("0.1.0-a", "0.2.0-b"):
        current(release, state="good")
    earlier = _releases.find(layout, "0.1.0-a")
    back = {"state": "good", "event": "rollback", "previous": "0.2.0-b", "reason": "customers could not log in"}
    assert current("0.1.0-a", **back)["changed"] is True
    assert current("0.1.0-a", **back)["changed"] is False
    assert _releases.find(layout, "0.1.0-a") == earlier
    assert _releases.find(layout, "0.2.0-b").left is True
    line = ledger(layout)[-1]
    assert (line["event"], line["release"], line["previous"], line["reason"]) == ("rollback", "0.1.0-a", "0.2.0-b", "customers could not log in")
    assert current("0.2.0-b", state="good")["changed"] is True, "it is deployed again"


def test_deploy_a_and_b_back_to_a_deploy_c_leads_back_to_a(current, layout, staged):
    staged("0.3.0-c", staged_at="0", version="0.3.0")
    current("0.1.0-a", state="good")
    current("0.2.0-b", state="good", previous="0.1.0-a")
    current("0.1.0-a", state="good", event="rollback", previous="0.2.0-b")
    current("0.3.0-c", state="good", previous="0.1.0-a")
    assert _history.last_good(_releases.staged(layout), "0.3.0-c").id == "0.1.0-a"


def test_what_proved_it_is_kept_and_is_no_other_deploy(current, layout):
    look = {"port": 4000, "url": "http://127.0.0.1:4000/health", "headers": {"Authorization": "Basic aGVsbG86d29ybGQ="}}
    assert "Basic" not in str(current(state="good", proof=look))
    before = _releases.find(layout, "0.2.0-b")
    assert before.proof == look
    assert current(state="good", proof=look)["changed"] is False
    assert current(state="good", proof={"port": 4001})["changed"] is True
    assert _releases.find(layout, "0.2.0-b") == before._replace(proof={**look, "port": 4001})
    assert len(ledger(layout)) == 1
    assert current("0.2.0-b", state="good", event="rollback", previous="0.1.0-a")["changed"] is True
    assert _releases.find(layout, "0.2.0-b").proof == {**look, "port": 4001}


def test_nothing_is_current_after_a_first_deploy_that_failed(current, layout):
    current()
    assert current(None, state="absent", _ansible_check_mode=True)["changed"] is True
    answer = current(None, state="absent")
    assert (answer["changed"], answer["previous"], answer["current"]) == (True, "0.2.0-b", None)
    assert answer["diff"] == {"before": "current -> 0.2.0-b\n", "after": ""}
    assert not os.path.lexists(layout.current)
    assert current(None, state="absent")["changed"] is False


def test_a_failure_of_another_release_in_between_is_no_news_of_this_one(current, layout):
    current("0.1.0-a", state="good")
    current("0.2.0-b", state="bad", reason="it died")
    assert current("0.1.0-a", state="good")["changed"] is False
    assert len(ledger(layout)) == 2


@pytest.mark.parametrize("outcome", [{"state": "good"}, {"state": "bad", "reason": "it died"}])
def test_a_ledger_that_cannot_be_written_takes_nothing_from_the_mark_and_is_made_up_for(current, layout, outcome):
    os.mkdir(layout.ledger)
    answer = current(**outcome)
    assert answer["failed"] and f"{layout.ledger} cannot be written" in answer["msg"]
    assert _releases.find(layout, "0.2.0-b").state == outcome["state"]
    os.rmdir(layout.ledger)
    assert current(**outcome)["changed"] is True
    assert [line["release"] for line in ledger(layout)] == ["0.2.0-b"]


@pytest.mark.parametrize("release", ["0.2.0-b", "0.3.0-not-staged"])
def test_recording_in_check_mode_changes_nothing(current, layout, release):
    assert current(release, state="good", _ansible_check_mode=True)["changed"] is True
    assert [found.state for found in _releases.staged(layout)] == ["staged", "staged"]
    assert not os.path.exists(layout.ledger)


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"state": "bad"}, "reason"),
        ({"state": "good", "event": "perhaps"}, "value of event must be one of: deploy, failure, rollback"),
        ({"state": "perhaps"}, "value of state must be one of: current, good, bad, absent"),
        ({"release": "../../etc"}, "is not the id of a release"),
    ],
)
def test_bad_input(current, arguments, words):
    answer = current(**arguments)
    assert answer["failed"] and words in answer["msg"]
