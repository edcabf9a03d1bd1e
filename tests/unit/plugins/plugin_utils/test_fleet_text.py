# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.beamops.elixir.plugins.plugin_utils import _fleet_text

PATH = "/opt/guestbook/releases/0.2.0-bbbbbbbb.2"
NEW = {"release": "0.2.0-bbbbbbbb.2", "path": PATH, "previous": "0.1.0-aaaaaaaa", "replaces": [{"root": "/opt/guestbook"}]}
BEFORE = {"current": "0.1.0-aaaaaaaa", "running": [{"version": "0.1.0"}]}
STARTED = {"start": {"release": "0.2.0-bbbbbbbb.2", "pid": 42}}
BACK = {"start": {"release": "0.1.0-aaaaaaaa", "pid": 43}, "went_back": True}
PROBLEM = {"msg": "Wait until the release is ready: it has died.\nlog tail", "lost": False, "stopped": True, "look": "http", "seen": "500"}


def host(**noted):
    return {"host": "web1", "new": NEW, "before": BEFORE, **noted}


@pytest.mark.parametrize(
    ("noted", "after", "runs"),
    [
        ({**STARTED, "switched": True}, "0.2.0-bbbbbbbb.2", "0.2.0, pid 42"),
        ({**STARTED, "switched": True, "unsettled": "no room"}, "0.2.0-bbbbbbbb.2", "0.2.0, pid 42, not settled, see above"),
        ({"new": {**NEW, "live": True, "replaces": [{"pid": 42}]}, "switched": False}, "0.2.0-bbbbbbbb.2", "0.2.0, pid 42"),
        ({}, "0.1.0-aaaaaaaa", "0.1.0, untouched"),
        ({"problem": PROBLEM, **BACK}, "0.1.0-aaaaaaaa", "0.1.0, pid 43, went back"),
        ({**BACK, "new": {**NEW, "previous": None}}, "-", "what ran before, went back"),
        ({**BACK, "new": {**NEW, "previous": None, "replaces": []}}, "-", "nothing, as before"),
        ({"problem": PROBLEM, **STARTED}, "0.2.0-bbbbbbbb.2", "failed, see above"),
        ({"problem": {**PROBLEM, "stopped": False}}, "0.1.0-aaaaaaaa", "0.1.0, untouched"),
        ({"problem": PROBLEM, "stuck": "it died", **BACK}, "?", "COULD NOT GO BACK, see above"),
        ({"before": {"current": None, "running": []}}, "-", ", untouched"),
        # In check mode nothing was started
        ({"switched": True, "start": {"release": "0.2.0-bbbbbbbb.2", "pid": None}}, "0.2.0-bbbbbbbb.2", "-"),
    ],
)
def test_a_row_a_host(noted, after, runs):
    head, row = _fleet_text.deployed([host(**noted)], check_mode=False)
    assert head.split() == ["HOST", "BEFORE", "AFTER", "RUNNING"]
    before = (noted.get("before", BEFORE)["current"]) or "-"
    assert row == f"{'web1':<20} {before:<22} {after:<22} {runs}"


def test_a_host_that_was_not_looked_at_has_no_row():
    assert len(_fleet_text.deployed([host(), {"host": "web2"}], check_mode=False)) == 2


def test_in_check_mode_the_table_says_what_would_be():
    assert _fleet_text.deployed([host()], check_mode=True)[1].split() == ["web1", "0.1.0-aaaaaaaa", "0.2.0-bbbbbbbb.2", "(check", "mode)"]


def test_behind_the_table_stands_what_there_is_to_know():
    listings = {"results": [{"stdout_lines": ["unknown migration 2"]}]}
    lines = _fleet_text.deployed([host(down={"killed": "It did not stop."}, listings=listings), {**host(), "host": "web2"}], check_mode=False)
    assert lines[3:] == ["web1: It did not stop.", "The database has migrations that the older release does not know: 2."]
    undrained = {**STARTED, "start": {**STARTED["start"], "undrained": "0.1.0 has not drained."}, "asked": {"undrained": "Nor has 0.0.9."}}
    assert _fleet_text.deployed([host(**undrained)], check_mode=False)[2:] == ["web1: 0.1.0 has not drained.", "web1: Nor has 0.0.9."]
    killed = {"start": {**STARTED["start"], "killed": "0.1.0 was killed."}}
    assert _fleet_text.deployed([host(switched=True, **killed)], check_mode=False)[2:] == ["web1: 0.1.0 was killed."]
    lines = _fleet_text.deployed([host(listings=listings, migrated_down={"rc": 0})], check_mode=False)
    assert lines[2:] == ["These migrations were taken back: 2."]
    assert "does not know" in _fleet_text.deployed([host(listings=listings, migrated_down={"rc": 1})], check_mode=False)[2]


@pytest.mark.parametrize(
    ("noted", "lines"),
    [
        ({"problem": PROBLEM, **BACK}, [PROBLEM["msg"], "It went back to 0.1.0-aaaaaaaa."]),
        (
            {"problem": PROBLEM, **BACK, "timer": {"fired": "back", "msg": "It went by itself."}},
            ["It went by itself.", PROBLEM["msg"], "It went back to 0.1.0-aaaaaaaa."],
        ),
        (
            {"problem": PROBLEM, **BACK, "new": {**NEW, "previous": None, "replaces": []}},
            [PROBLEM["msg"], "Nothing ran here before, so nothing runs here now."],
        ),
        (
            {"problem": PROBLEM, **BACK, "new": {**NEW, "previous": None, "replaces": [{"root": "/home"}]}, "timer": {"fired": None, "msg": "It is back."}},
            [PROBLEM["msg"], "It is back."],
        ),
        ({"problem": {**PROBLEM, "stopped": False}}, [PROBLEM["msg"], "Nothing was stopped here."]),
        (
            {"problem": PROBLEM, "stuck": "Start the old release: it died."},
            [
                PROBLEM["msg"],
                "This host could NOT go back to 0.1.0-aaaaaaaa. Start the old release: it died.",
                "Its lock is kept: look at the host, then run the playbook beamops.elixir.unlock.",
            ],
        ),
        (
            {"problem": {**PROBLEM, "lost": True}, "stuck": "It could not be reached."},
            [
                PROBLEM["msg"],
                "This host could NOT go back to 0.1.0-aaaaaaaa. It could not be reached.",
                "If it lives, its own timer takes it back 300 s after its switch began.",
            ],
        ),
        (
            {"problem": {**PROBLEM, "lost": True, "proven": True}, "stuck": "It could not be reached."},
            [
                PROBLEM["msg"],
                "This host could NOT go back to 0.1.0-aaaaaaaa. It could not be reached.",
                "0.2.0-bbbbbbbb.2 was proven before the host was lost, and serves if that lives. When it can be reached, deploy once more.",
            ],
        ),
        (
            {"problem": PROBLEM, "stuck": "Start the old release: it died.", "kept": {"msg": "/opt/guestbook: Read-only file system."}},
            [
                PROBLEM["msg"],
                "This host could NOT go back to 0.1.0-aaaaaaaa. Start the old release: it died.",
                "Its lock could not be kept for that: /opt/guestbook: Read-only file system. Look at the host before anything else is deployed to it.",
            ],
        ),
        ({"switched": True, "unsettled": "No room."}, ["0.2.0-bbbbbbbb.2 serves, but the deploy could not be settled here. No room."]),
        # Migrations after the switch failed, and this host stays
        ({"switched": True, "problem": {**PROBLEM, "stopped": False}}, [PROBLEM["msg"]]),
        (
            {"problem": PROBLEM, **BACK, "marked_bad": {"failed": True, "msg": "No room for the ledger."}},
            [PROBLEM["msg"], "It went back to 0.1.0-aaaaaaaa.", "No room for the ledger."],
        ),
    ],
)
def test_why_a_host_failed(noted, lines):
    assert _fleet_text.failure(host(**noted), "deploy", 300) == lines


def test_without_a_timer_a_lost_host_keeps_its_lock():
    lines = _fleet_text.failure(host(problem={**PROBLEM, "lost": True}, stuck="It could not be reached."), "deploy", 0)
    assert lines[-1].startswith("Its lock is kept")


@pytest.mark.parametrize(
    ("look", "advice"),
    [
        ("http", "See whether elixir_release_health_url"),
        ("port", "See whether elixir_release_health_url"),
        ("cluster", "See whether these hosts reach each other"),
        ("expression", "See whether elixir_release_ready asks"),
    ],
)
def test_a_look_that_the_old_release_fails_too_is_told(look, advice):
    same = {"ready": False, "look": look, "seen": "500", "msg": "it answers 500."}
    lines = _fleet_text.failure(host(problem={**PROBLEM, "look": look}, same_look=same, **BACK), "deploy", 300)
    assert lines[2] == "0.1.0-aaaaaaaa fails the same look: it answers 500."
    assert lines[3].startswith(f"So 0.2.0-bbbbbbbb.2 is not marked bad. {advice}")


def test_with_evidence_the_message_is_one_line():
    lines = _fleet_text.failure(host(problem=PROBLEM, **BACK), "deploy", 300, ["port 4000: free"], "_build/web1.txt")
    assert lines == [
        "Wait until the release is ready: it has died.",
        "It went back to 0.1.0-aaaaaaaa.",
        "What the host showed:",
        "  port 4000: free",
        "All of it: _build/web1.txt",
    ]


def test_a_host_that_may_be_left_out_by_its_balancer():
    lines = _fleet_text.failure(host(problem=PROBLEM, **BACK, not_given_back="Ask HAProxy: no such server."), "deploy", 300)
    assert lines[-1].startswith("elixir_release_after_failure_tasks failed as well") and lines[-1].endswith("Ask HAProxy: no such server.")


def short(*seen, **noted):
    """A fleet whose web1 is about to be taken out and has looked at the others: whether each serves."""
    results = [{"item": f"web{number}", "ready": serves, "msg": f"port {number} is closed."} for number, serves in enumerate(seen, 2)]
    return [host(**{"new": {**NEW, "live": False}, "others": {"results": results}}), *({"host": result["item"], **noted} for result in results)]


def test_enough_others_serve():
    assert _fleet_text.shortage(short(True, False), ["web1"], 1) == {}
    assert _fleet_text.shortage([host(new={**NEW, "live": False})], ["web1"], 1) == {}, "nobody has looked"


@pytest.mark.parametrize(
    ("seen", "who"),
    [
        ([False, False], "None of the other hosts serves"),
        ([False, True], "Of the other hosts only web3 serves"),
        ([True, True], "Of the other hosts only web2, web3 serve"),
    ],
)
def test_too_few_others_serve(seen, who):
    first = _fleet_text.shortage(short(*seen), ["web1", "web9"], 3)["msg"].splitlines()[0]
    assert first == f"{who}, and elixir_release_min_available asks for 3: nothing of this batch (web1, web9) was stopped."


def test_who_does_not_serve_and_what_to_do():
    shortage = _fleet_text.shortage(short(False, True, False), ["web1"], 2)
    lines = shortage["msg"].splitlines()
    assert lines[1:3] == ["web2: port 2 is closed.", "web4: port 4 is closed."]
    assert lines[3].startswith("See to web2, web4 first") and "--limit web2,web4 " in lines[3] and lines[3].endswith("elixir_release_min_available=1.")
    assert (lines[4:], shortage["sends_back"]) == ([], False)


def test_what_has_switched_stays_unless_it_may_be_to_blame():
    shortage = _fleet_text.shortage([*short(False, True)[:2], {"host": "web3", "switched": True}], ["web1"], 2)
    assert "web3. The next run goes on from there." in shortage["msg"] and not shortage["sends_back"]
    shortage = _fleet_text.shortage(short(False, switched=True), ["web1"], 2)
    assert "goes on from there" not in shortage["msg"] and shortage["sends_back"]
