# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.beamops.elixir.plugins.plugin_utils import _fleet

NEW = {
    "release": "0.2.0-bbbbbbbb",
    "path": "/opt/guestbook/releases/0.2.0-bbbbbbbb",
    "previous": "0.1.0-aaaaaaaa",
    "live": False,
    "sha256": "bb",
    "replaces": [{"pid": 7, "version": "0.1.0", "root": "/opt/guestbook"}],
}


def problem(batch, lost=False, stopped=True, msg="Wait until the release is ready: it has died.\nlog tail"):
    return {"msg": msg, "lost": lost, "stopped": stopped, "blames": stopped, "look": "process", "seen": "died", "batch": batch}


def untouched(name, **more):
    return {"host": name, "new": NEW, **more}


def switched(name, **more):
    return untouched(name, switched=True, **more)


def failed(name, batch, **more):
    """As the rescue of a switch leaves a host: it has gone back."""
    return untouched(name, problem=problem(batch), went_back=True, **more)


def lost(name, batch, stopped=True):
    return untouched(name, problem=problem(batch, lost=True, stopped=stopped, msg="The host could not be reached any more."))


# Five hosts in the batches [web1], [web2, web3], [web4, web5]
CANARY = [failed("web1", ["web1"]), *(untouched(name) for name in ("web2", "web3", "web4", "web5"))]
LOST = [switched("web1"), lost("web2", ["web2", "web3"]), switched("web3"), untouched("web4"), untouched("web5")]
THIRD_BATCH = [*(switched(name) for name in ("web1", "web2", "web3")), failed("web4", ["web4", "web5"]), switched("web5")]
GOOD = [switched(name) for name in ("web1", "web2", "web3", "web4", "web5")]
MIGRATION_AFTER = [switched("web1", problem=problem(["web1", "web2"], stopped=False)), switched("web2")]
NOTHING_STOPPED = [untouched("web1", problem=problem(["web1"], stopped=False))]


@pytest.mark.parametrize(
    ("fleet", "on_failure", "going_back"),
    [
        (GOOD, "fleet", []),
        (CANARY, "fleet", []),
        (CANARY, "batch", []),
        (CANARY, "host", []),
        # It may be back: that is seen by trying, whatever becomes of the others
        (LOST, "fleet", ["web1", "web2", "web3"]),
        (LOST, "batch", ["web2", "web3"]),
        (LOST, "host", ["web2"]),
        (THIRD_BATCH, "fleet", ["web1", "web2", "web3", "web5"]),
        (THIRD_BATCH, "batch", ["web5"]),
        (THIRD_BATCH, "host", []),
        (MIGRATION_AFTER, "fleet", ["web1", "web2"]),
        (MIGRATION_AFTER, "host", []),
        (NOTHING_STOPPED, "fleet", []),
        ([lost("web1", ["web1"], stopped=False)], "fleet", []),
        # What was live already has nothing to go back from
        ([*CANARY[:1], untouched("web2", switched=False)], "fleet", []),
    ],
)
def test_going_back(fleet, on_failure, going_back):
    assert _fleet.decisions(fleet, on_failure, "deploy")["going_back"] == going_back


@pytest.mark.parametrize(
    ("fleet", "staying"),
    [
        (GOOD, ["web1", "web2", "web3", "web4", "web5"]),
        (CANARY, []),
        # All of them go back
        (THIRD_BATCH, []),
        ([switched("web1", went_back=True), switched("web2", stuck="Start the old release: it died.")], []),
        ([untouched("web1", switched=False)], ["web1"]),
    ],
)
def test_staying(fleet, staying):
    assert _fleet.decisions(fleet, "fleet", "deploy")["staying"] == staying


def test_reasons_are_a_line_and_name_the_host_where_it_is_another():
    reasons = _fleet.decisions(THIRD_BATCH, "fleet", "deploy")["reasons"]
    assert reasons["web4"] == "Wait until the release is ready: it has died."
    assert reasons["web1"] == "web4: Wait until the release is ready: it has died."
    assert set(_fleet.decisions(GOOD, "fleet", "deploy")["reasons"].values()) == {None}


@pytest.mark.parametrize(
    ("fleet", "event", "older"),
    [
        (CANARY, "deploy", ["web1"]),
        # The newer one is left somewhere
        (THIRD_BATCH, "deploy", []),
        ([{**host, "went_back": True} for host in THIRD_BATCH], "deploy", ["web1", "web2", "web3", "web4", "web5"]),
        (GOOD, "deploy", []),
        (GOOD, "rollback", ["web1", "web2", "web3", "web4", "web5"]),
        (THIRD_BATCH, "rollback", []),
        ([untouched("web1", switched=False)], "rollback", []),
        # What could not go back may run the newer one
        ([failed("web1", ["web1"]), untouched("web2", stuck="it died")], "deploy", []),
    ],
)
def test_serving_older(fleet, event, older):
    assert _fleet.decisions(fleet, "fleet", event)["serving_older"] == older


@pytest.mark.parametrize(
    ("noted", "bad"),
    [
        ({}, True),
        ({"problem": problem(["web1"], stopped=False)}, False),
        ({"timer": {"fired": None}}, True),
        ({"timer": {"fired": "back"}}, False),
        ({"same_look": {"ready": False, "look": "process", "seen": "died"}}, False),
        ({"same_look": {"ready": False, "look": "http", "seen": "died"}}, True),
        ({"same_look": {"ready": True, "look": "process", "seen": "died"}}, True),
        # It failed, or was not taken
        ({"same_look": {"failed": True, "msg": "x"}}, True),
        ({"same_look": {"skipped": True}}, True),
    ],
)
def test_bad(noted, bad):
    assert _fleet.decisions([{**failed("web1", ["web1"]), **noted}], "fleet", "deploy")["bad"] == (["web1"] if bad else [])


def test_a_host_without_a_problem_has_no_bad_release():
    assert _fleet.decisions(GOOD, "fleet", "deploy")["bad"] == []


@pytest.mark.parametrize(
    ("new", "taking_over"),
    [
        ({}, False),
        ({"replaces": []}, False),
        ({"replaces": [{"pid": 7, "version": "0.1.0", "root": "/home/deploy/guestbook"}]}, True),
    ],
)
def test_taking_over(new, taking_over):
    host = {"host": "web1", "new": {**NEW, **new}}
    assert _fleet.decisions([host], "fleet", "deploy")["taking_over"] == (["web1"] if taking_over else [])


def test_whether_versions_differ():
    other = {"host": "web2", "new": {**NEW, "release": "0.1.0-aaaaaaaa", "sha256": "aa"}}
    # The same build with another env file has another id
    same = {"host": "web3", "new": {**NEW, "release": "0.2.0-bbbbbbbb.2"}}
    assert _fleet.decisions([untouched("web1"), same], "fleet", "rollback")["targets"] == ["bb"]
    decided = _fleet.decisions([untouched("web1"), other, {"host": "web4"}], "fleet", "rollback")
    assert (decided["targets"], decided["targets_by_host"]) == (["bb", "aa"], "web1: 0.2.0-bbbbbbbb, web2: 0.1.0-aaaaaaaa")


def listings(*of_releases):
    return {"results": [{"stdout_lines": [f"unknown migration {version}" for version in versions]} for versions in of_releases]}


@pytest.mark.parametrize(
    ("noted", "unknown"),
    [
        ({}, []),
        ({"listings": {"skipped": True}}, []),
        ({"listings": listings(["1", "2"], [])}, ["1", "2"]),
        ({"listings": listings(["1", "2"], ["1"])}, ["2"]),
        ({"listings": listings(["2"])}, ["2"]),
        ({"listings": listings([], ["1"])}, []),
        # One that failed has no lines
        ({"listings": {"results": [{"stdout_lines": ["info", "unknown migration 3", "unknown migration 4 x"]}, {"failed": True}]}}, ["3"]),
    ],
)
def test_unknown_migrations(noted, unknown):
    fleet = [untouched("web1"), untouched("web2", **noted)]
    assert _fleet.decisions(fleet, "fleet", "deploy")["unknown_migrations"] == unknown


def test_applied_migrations_each_once_and_in_order():
    said = {"changed": True, "stdout": "== Migrated 2 in 0.0s\n", "stderr": "== Migrated 1 in 0.0s\n== Migrated 2 in 0.0s", "msg": None}
    decided = _fleet.decisions([untouched("web1", migrations=said), untouched("web2", migrations={"skipped": True})], "fleet", "deploy")
    assert (decided["applied_migrations"], decided["migrated"]) == (["2", "1"], True)
    assert not _fleet.decisions([untouched("web1", migrations={"changed": False})], "fleet", "deploy")["migrated"]


def test_to_switch_is_what_is_not_live_and_known():
    fleet = [untouched("web1"), {"host": "web2", "new": {**NEW, "live": True}}, {"host": "web3"}]
    assert _fleet.decisions(fleet, "fleet", "deploy")["to_switch"] == ["web1"]


def test_noted_is_what_the_run_has_come_to_and_no_more():
    hostvars = {"web1": {"elixir_release__new": NEW, "elixir_release__other": 1, "ansible_host": "::1"}, "web2": {}, "web3": {}}
    assert _fleet.noted(hostvars, ["web2", "web1"]) == [{"host": "web2"}, {"host": "web1", "new": NEW}]


@pytest.mark.parametrize("result", [{"failed": True, "msg": "no room"}, {"skipped": True}, {"unreachable": True, "msg": "no route"}])
def test_a_task_that_came_to_nothing_noted_nothing(result):
    hostvars = {"web1": {f"elixir_release__{fact}": result for fact in ("before", "new", "start")}}
    (host,) = _fleet.noted(hostvars, ["web1"])
    assert host == {"host": "web1"}
    assert _fleet.decisions([host], "fleet", "deploy")["to_switch"] == []


@pytest.mark.parametrize(
    ("facts", "switched"),
    [
        ({}, None),
        ({"up": {"ready": True}}, True),
        ({"up": {"skipped": True, "ready": True}}, True),  # in check mode
        ({"up": {"skipped": True, "skip_reason": "Conditional result was False"}}, None),
        ({"up": {"ready": False}}, None),
        ({"up": {"unreachable": True}}, None),
        ({"up": {"ready": True}, "new": {**NEW, "live": True}}, False),
        # In a batch with others that were switched
        ({"up": {"skipped": True}, "new": {**NEW, "live": True}}, False),
        # By a hook of the user's, after it was ready
        ({"up": {"ready": True}, "problem": problem(["web1"])}, None),
        # By the migrations, after the switch
        ({"up": {"ready": True}, "problem": problem(["web1"], stopped=False)}, True),
    ],
)
def test_switched_is_what_is_up(facts, switched):
    hostvars = {"web1": {"elixir_release__" + fact: value for fact, value in {"new": NEW, **facts}.items()}}
    assert _fleet.noted(hostvars, ["web1"])[0].get("switched") is switched


def test_what_is_staged_has_no_build_to_compare():
    staged = {key: value for key, value in NEW.items() if key != "sha256"}
    assert _fleet.decisions([{"host": "web1", "new": staged}], "fleet", "deploy")["targets"] == []


@pytest.mark.parametrize(
    ("hosts", "batches", "most"),
    [
        (3, [1, "25%", "100%"], 1),
        (4, [1, "25%", "100%"], 2),
        (8, [1, "25%", "100%"], 5),
        (3, ["100%"], 3),
        (3, [1], 1),
        (5, ["2"], 2),
        (5, [1, 3], 3),
        (4, [1, 3, 100], 3),
        # What is less than one host is one, and nothing is all
        (3, ["10%"], 1),
        (3, [0], 3),
        (3, [], 3),
        (0, [1], 0),
    ],
)
def test_the_largest_batch_is_as_ansible_divides_the_hosts(hosts, batches, most):
    assert _fleet.most_out(hosts, batches) == most


def saw(**others):
    """What a host saw of others: None where it could not look."""
    answers = {None: {"msg": "connect: no route\nhelp"}, True: {"ready": True, "msg": "is well"}, False: {"ready": False, "msg": "is not well"}}
    return {"results": [{"item": host, **answers[up]} for host, up in others.items()]}


IN_TURN = [switched("web1"), untouched("web2"), untouched("web3"), untouched("web4", new={**NEW, "live": True}), untouched("web5", new={**NEW, "replaces": []})]


def test_each_of_the_others_is_looked_at_once():
    wanted = {"out": ["web2", "web3"], "looks": {"web2": ["web1", "web5"], "web3": ["web4"]}}
    assert _fleet.out_and_looks(IN_TURN, ["web2", "web3"]) == wanted
    # What serves the release already is not taken out, and where nothing runs, nothing is
    assert _fleet.out_and_looks(IN_TURN, ["web2", "web3", "web4", "web5"]) == wanted
    assert _fleet.out_and_looks(IN_TURN, ["web5"]) == {"out": [], "looks": {}}


def test_a_restart_takes_out_what_runs():
    fleet = [{"host": "web1", "to_start": {"asked": [{"pid": 7}]}}, {"host": "web2", "to_start": {"asked": []}}, {"host": "web3"}]
    assert _fleet.out_and_looks(fleet, ["web1", "web2"]) == {"out": ["web1"], "looks": {"web1": ["web2", "web3"]}}


def looked(*shares, who=("web2", "web3")):
    """The fleet after these hosts have each looked at its share."""
    seen = dict(zip(who, shares))
    return [{**host, "others": saw(**seen[host["host"]])} if host["host"] in seen else host for host in IN_TURN]


@pytest.mark.parametrize(
    ("fleet", "serving", "why", "may_be_to_blame"),
    [
        (looked({"web1": True, "web5": True}, {"web4": True}), ["web1", "web4", "web5"], {}, False),
        (looked({"web1": True, "web5": False}, {"web4": None}), ["web1"], {"web4": "connect: no route", "web5": "is not well"}, False),
        (looked({"web1": False, "web5": True}, {"web4": True}), ["web4", "web5"], {"web1": "is not well"}, True),
        # One of the batch came to nothing
        (looked({"web1": True, "web5": True}, who=("web2",)), ["web1", "web5"], {"web4": "It was not looked at."}, False),
    ],
)
def test_who_serves_meanwhile(fleet, serving, why, may_be_to_blame):
    assert _fleet.availability(fleet, ["web2", "web3"]) == (serving, why, may_be_to_blame)


def test_before_anybody_has_looked_nothing_is_known():
    assert _fleet.availability(IN_TURN, ["web2", "web3"]) is None


def short(name, sends_back):
    return untouched(name, problem={**problem([name], stopped=False, msg="Too few others serve."), "sends_back": sends_back})


@pytest.mark.parametrize("policy", ["fleet", "batch"])
def test_where_too_few_serve_nobody_goes_back_but_for_one_that_has_switched(policy):
    batch = ["web1", "web2"]
    for sends_back, going_back in ((False, []), (True, ["web1"])):
        host = short("web2", sends_back)
        fleet = [switched("web1"), {**host, "problem": {**host["problem"], "batch": batch}}, untouched("web3")]
        decided = _fleet.decisions(fleet, policy, "deploy")
        assert (decided["failed"], decided["going_back"], decided["bad"]) == (["web2"], going_back, [])
        assert decided["staying"] == ([] if going_back else ["web1"])


def test_a_host_goes_back_for_what_sends_it_back():
    assert _fleet.reason([switched("web1"), short("web2", False), failed("web3", ["web3"])], switched("web1")).startswith("web3: ")


@pytest.mark.parametrize(("lacks", "going_back"), [(["web3.x"], []), (["web1.x", "web3.x"], ["web1"]), ([], ["web1"])])
def test_where_a_cluster_is_not_whole_nobody_goes_back_but_for_one_that_has_switched(lacks, going_back):
    refused = untouched("web2", problem={**problem(["web2"], stopped=False), "lacks": lacks})
    fleet = [switched("web1", up={"ready": True, "node": "guestbook@web1.x"}), refused, untouched("web3", up={"skipped": True})]
    decided = _fleet.decisions(fleet, "fleet", "deploy")
    assert (decided["failed"], decided["going_back"], decided["bad"]) == (["web2"], going_back, [])
    # Of a release without a node
    nameless = [switched("web1", up={"ready": True, "node": None}), refused]
    assert _fleet.decisions(nameless, "fleet", "deploy")["going_back"] == ([] if lacks else ["web1"])
