# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.beamops.elixir.plugins.plugin_utils import _fleet_outcome

BEFORE = {"current": "0.1.0-a", "running": [], "owner": "kai@laptop", "since": "2026-11-23T01:02:03+00:00"}
NEW = {"release": "0.2.0-b", "previous": "0.1.0-a", "live": False}
START = {"asked_at": 1000.5}
UP = {"listened_at": 1002.437}
PROBLEM = {"msg": "it died\nlog", "lost": False, "stopped": True}
NOW = "2026-11-23T01:02:24.7+00:00"


def host(name="web1", **noted):
    return {"host": name, "before": BEFORE, "new": NEW, **noted}


def of(*hosts, **options):
    return _fleet_outcome.outcome(hosts, "deploy", "guestbook", NOW, **options)


def test_a_deploy():
    told = of(host(start=START, up=UP, switched=True), host("web2", start=START, up=UP, switched=True, migrations={"stderr": "== Migrated 7 in 0.0s"}))
    row = {"before": "0.1.0-a", "after": "0.2.0-b", "went_back": False, "away_seconds": 1.94, "reason": None}
    assert told == {
        "name": "guestbook",
        "event": "deploy",
        "outcome": "succeeded",
        "reason": None,
        "by": "kai@laptop",
        "since": "2026-11-23T01:02:03+00:00",
        "seconds": 22,
        "from": "0.1.0-a",
        "to": "0.2.0-b",
        "migrations": ["7"],
        "hosts": [{"host": "web1", **row}, {"host": "web2", **row}],
    }


@pytest.mark.parametrize(
    "noted, after, went_back, away, reason",
    [
        ({"switched": False}, "0.2.0-b", False, 0.0, None),
        ({}, "0.1.0-a", False, 0.0, None),
        ({"problem": {**PROBLEM, "stopped": False}}, "0.1.0-a", False, None, "it died"),
        ({"problem": PROBLEM, "went_back": True, "start": START, "up": UP}, "0.1.0-a", True, None, "it died"),
        ({"problem": PROBLEM, "went_back": True, "new": {**NEW, "previous": None}}, None, True, None, "it died"),
        ({"switched": True, "went_back": True, "start": START, "up": UP}, "0.1.0-a", True, None, None),
        ({"problem": PROBLEM, "stuck": "it did not come"}, None, False, None, "it did not come"),
        ({"problem": PROBLEM}, None, False, None, "it died"),
        ({"switched": True, "start": START, "up": UP, "unsettled": "no room"}, "0.2.0-b", False, 1.94, "no room"),
        # What it has no answer of; beside the old one; and where nothing ran
        ({"switched": True, "start": START, "up": {"listened_at": None}}, "0.2.0-b", False, None, None),
        ({"switched": True, "new": {**NEW, "slot": "green"}, "up": UP}, "0.2.0-b", False, 0.0, None),
        ({"switched": True, "start": {"asked_at": None}, "up": UP}, "0.2.0-b", False, 0.0, None),
    ],
)
def test_what_became_of_a_host(noted, after, went_back, away, reason):
    (told,) = of(host(**noted))["hosts"]
    assert told == {"host": "web1", "before": "0.1.0-a", "after": after, "went_back": went_back, "away_seconds": away, "reason": reason}


@pytest.mark.parametrize(
    "hosts, options, outcome, reason",
    [
        ([host(switched=False)], {}, "unchanged", None),
        ([host(switched=False), host(switched=True)], {}, "succeeded", None),
        ([host(switched=True), host(problem=PROBLEM)], {}, "failed", "it died"),
        ([host(), {"host": "web2"}], {"gave_up": "Stage it: no room"}, "failed", "Stage it: no room"),
    ],
)
def test_how_it_ended(hosts, options, outcome, reason):
    told = of(*hosts, **options)
    assert (told["outcome"], told["reason"]) == (outcome, reason)


def test_what_nobody_knows():
    told = of({"host": "web1"})
    assert (told["by"], told["since"], told["seconds"], told["from"], told["to"]) == (None, None, None, None, None)


def test_hosts_that_differ():
    told = of(host(), host("web2", before={**BEFORE, "current": "0.0.9-c"}, new={**NEW, "release": "0.2.0-b.2"}))
    assert (told["from"], told["to"]) == (None, None)
