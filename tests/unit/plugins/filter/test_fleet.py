# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters as the role calls them. What they decide is tested with plugin_utils."""

from __future__ import annotations

import pathlib

import pytest
import yaml

from ansible_collections.beamops.elixir.plugins.filter import fleet as plugin

FILTERS = plugin.FilterModule().filters()
NEW = {"release": "0.2.0-b", "previous": "0.1.0-a", "live": False, "path": "/opt/a/releases/0.2.0-b", "replaces": []}
PROBLEM = {"msg": "it died", "lost": False, "stopped": True, "blames": True, "look": "", "seen": "", "batch": ["web1"]}
BEFORE = {"current": "0.1.0-a", "running": []}


@pytest.fixture
def fleet():
    hostvars = {
        "web1": {"elixir_release__new": NEW, "elixir_release__before": BEFORE, "elixir_release__problem": PROBLEM, "elixir_release__went_back": True},
        "web2": {"elixir_release__new": NEW, "elixir_release__before": BEFORE, "elixir_release__up": {"ready": True}},
    }
    return FILTERS["fleet"](hostvars, ["web1", "web2"])


def test_decisions(fleet):
    decided = FILTERS["fleet_decisions"](fleet, "fleet", "deploy")
    assert (decided["failed"], decided["going_back"], decided["staying"], decided["bad"]) == (["web1"], ["web2"], [], ["web1"])


def test_deployed(fleet):
    assert len(FILTERS["fleet_deployed"](fleet, False)) == 3


def test_failure(fleet):
    assert FILTERS["fleet_failure"](fleet, "web1", "deploy", 300) == ["it died", "It went back to 0.1.0-a."]
    assert FILTERS["fleet_failure"](fleet, "web1", "deploy", 300, ["port: free"], "web1.txt")[-1] == "All of it: web1.txt"


def test_batch(fleet):
    web1 = {**fleet[0], "new": {**NEW, "replaces": [{"pid": 7}]}}
    assert FILTERS["fleet_batch"]([web1, fleet[1]], ["web1"]) == {"out": ["web1"], "looks": {"web1": ["web2"]}}


def test_left():
    assert FILTERS["fleet_left"](["web1", "web2", "web3"], [1, "25%", "100%"]) == 2
    assert FILTERS["fleet_left"](["web1", "web2", "web3"], "2") == 1  # as -e batches=2 gives it


def test_shortage(fleet):
    assert FILTERS["fleet_shortage"](fleet, ["web1"], 1) == {}


def test_answer():
    seen = {"running": [], "current": None, "last_good": None, "lock": None, "drift": ["Nothing runs."], "remarks": [], "releases": []}
    told = FILTERS["fleet_answer"]({"web1": seen}, "status")
    assert len(told["lines"]) == 3
    assert told["wrong"] == told["data"]["wrong"] == {"web1": "Nothing runs."}
    assert FILTERS["fleet_answer"]({"web1": {"entries": []}}, "history", most=3)["data"]["history"] == []


def test_a_cluster():
    seen = {"wanted": "auto", "libraries": [], "node": "a@web1", "peers": ["a@web2"], "whole": True}
    hostvars = {"web1": {"elixir_release__before": {**BEFORE, "cluster": seen}}, "web2": {"elixir_release__before": {**BEFORE, "cluster": None}}}
    fleet = FILTERS["fleet"](hostvars, ["web1", "web2"])
    assert FILTERS["fleet_batches"](fleet, "before") == [1]
    assert FILTERS["fleet_peers"](fleet, "web1", ["web1"], "before")["hosts"] == ["web2"]
    assert FILTERS["fleet_peers"](fleet, "web2", ["web2"], "before") == {}
    assert FILTERS["fleet_split"](fleet, "before") == ""


def test_each_has_its_documentation():
    folder = pathlib.Path(plugin.__file__).parent
    documented = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in folder.glob("*.yml")}
    assert set(documented) == set(FILTERS)
    assert all(documented[name]["DOCUMENTATION"]["name"] == name for name in documented)
