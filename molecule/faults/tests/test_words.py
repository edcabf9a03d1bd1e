# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table's words follow from what was seen, and its numbers from the answers. Needs no hosts."""

from __future__ import annotations

import pytest

from ansible_collections.beamops.elixir.molecule.faults import collection, report, slots_faults, slots_report, words
from ansible_collections.beamops.elixir.molecule.faults.faults import FAULTS
from ansible_collections.beamops.elixir.molecule.faults.language import End
from ansible_collections.beamops.elixir.molecule.faults.traffic import Answer, Traffic, longest_gap


def beam(pid=20, version="0.2.0", env="new"):
    return {"pid": pid, "root": "/var/script", "version": version, "environ": {"GUESTBOOK_ENV": env}, "state": "S"}


def script_row(**changes):
    """An update that went well."""
    row = {
        "runs": [{"rc": 0, "limit": None, "talking": False, "seconds": 7.0}],
        "again": False,
        "old": {"version": "0.1.0", "pid": "10"},
        "now": {"version": "0.2.0", "pid": "20", "salt": ""},
        "health": 200,
        "beams": [beam()],
        "unpacked": "0.2.0",
        "env_file": "new",
        "lost": 30,
        "back": 2.5,
    }
    return {**row, **changes}


def host(serves="0.1.0", same=True, bad=False, lock=None, slot=None):
    return {"serves": serves, "same": same, "bad": bad, "lock": lock, "ledger": [], "slot": slot}


def collection_row(**changes):
    """A deploy that was refused."""
    row = {"rcs": [2], "reason": "", "hosts": {name: host() for name in ("web1", "web2", "web3")}, "lost": 0, "back": 0.0}
    return {**row, **changes}


OLD_PROCESS = {"now": {"version": "0.1.0", "pid": "10", "salt": ""}, "beams": [beam(10, "0.1.0", "old")]}
LOOPED = {"runs": [{"rc": -9, "limit": 30, "talking": True, "seconds": 30.0}]}
NOTHING = {"now": None, "beams": [], "health": 0}


@pytest.mark.parametrize(
    "changes, text",
    [
        ({}, "says that all is well (exit code 0); 0.2.0 serves, a new process with the new env"),
        (
            {**OLD_PROCESS, **LOOPED},
            "loops for ever (ended after 30 s); 0.1.0 serves, the old process with the old env; on the disk 0.2.0 with the new env",
        ),
        (NOTHING, "says that all is well (exit code 0); **nothing serves**, no BEAM runs; on the disk 0.2.0 with the new env"),
        (
            {**NOTHING, "beams": [beam()], "runs": [{"rc": -9, "limit": None, "talking": True, "seconds": 3.0}]},
            "ended by SIGKILL; **nothing serves**, though 0.2.0 runs; on the disk 0.2.0 with the new env",
        ),
        ({"health": 500}, "says that all is well (exit code 0); 0.2.0 serves, a new process with the new env, `/health` is 500"),
        (
            {"now": {"version": "0.1.0", "pid": "20", "salt": ""}},
            "says that all is well (exit code 0); 0.1.0 serves, a new process with the new env, which is 0.2.0 in truth",
        ),
        (
            {"again": True, "runs": [{"rc": 1, "limit": None, "talking": False, "seconds": 1.0}, {"rc": 0, "limit": None, "talking": False, "seconds": 7.0}]},
            "fails (exit code 1); run again, it says that all is well (exit code 0); 0.2.0 serves, a new process with the new env",
        ),
    ],
    ids=["well", "loops", "nothing", "killed", "unhealthy", "pretends", "again"],
)
def test_what_the_script_did(changes, text):
    assert words.script(script_row(**changes)) == text


@pytest.mark.parametrize(
    "changes, text",
    [
        ({"reason": "truncated"}, "exit code 2; all hosts: 0.1.0 goes on, untouched; says *truncated*"),
        (
            {"hosts": {"web1": host(same=False, bad=True), "web2": host(), "web3": host()}},
            "exit code 2; web1: back to 0.1.0, its env with it, 0.2.0 marked bad; web2 and web3: 0.1.0 goes on, untouched",
        ),
        (
            {"rcs": [-9, 0], "hosts": dict.fromkeys(("web1", "web2", "web3"), host("0.2.0", same=False))},
            "exit code SIGKILL, then 0; all hosts: 0.2.0 serves",
        ),
        (
            {"hosts": {"web1": host(None, lock="kept"), "web2": host(), "web3": host()}},
            "exit code 2; web1: **nothing serves**; web2 and web3: 0.1.0 goes on, untouched; lock kept, with the reason on web1",
        ),
        (
            {"hosts": {"web1": host(bad=True, lock="left", slot="blue")}},
            "exit code 2; 0.1.0 goes on from blue, untouched, 0.2.0 marked bad; lock left for the next run",
        ),
        ({"rcs": [0], "hosts": {"web1": host("0.2.0", same=False, slot="green")}}, "exit code 0; 0.2.0 serves from green"),
        ({"hosts": {"web1": {**host(slot="blue"), "beside": ["0.2.0"]}}}, "exit code 2; 0.1.0 goes on from blue, untouched, 0.2.0 runs on in the other slot"),
    ],
    ids=["refused", "went back", "again", "kept", "of two slots", "from the other slot", "both run"],
)
def test_what_the_collection_did(changes, text):
    assert words.collection(collection_row(**changes)) == text


@pytest.mark.parametrize(
    "good, gap",
    [([1, 1, 1], 0.0), ([1, 0, 0, 1, 1], 3.0), ([1, 0, 1, 1, 0, 0, 0, 1], 4.0), ([1, 1, 0], None), ([], 0.0)],
    ids=["never away", "once", "the longest", "not back", "nobody asked"],
)
def test_seconds_to_be_back(good, gap):
    assert longest_gap([Answer(float(second), bool(answer)) for second, answer in enumerate(good)]) == gap


def test_the_table_has_a_line_a_row():
    lines = report.table([(FAULTS[0], script_row(), collection_row()), (FAULTS[1], None, collection_row(back=None))]).splitlines()
    assert len(lines) == 4
    assert lines[2].endswith("| 30 / 0 | 2.5 / 0.0 |") and lines[3].endswith("| – / 0 | – / never |")


def test_the_table_of_blue_green():
    row = collection_row(hosts={"web1": host(slot="blue")}, reason="nginx | does not answer", asked=20, lost=3, back=1.25)
    lines = slots_report.table([(slots_faults.FAULTS[1], None, row)]).splitlines()
    assert lines[2].startswith("| **nginx stopped**: before the run")
    told = "exit code 2; says *nginx \\| does not answer* | 0.1.0 goes on from blue, untouched"
    assert lines[2].endswith(f"| before the switch | {told} | 3 of 20 | 1.2 |")


PAGE = "# One\n\ntext\n\n## Two\n\nmore\n\n## Three\n\nend\n"


@pytest.mark.parametrize(
    "heading, later, text",
    [
        ("# One", ["## Two", "## Three"], "# One\n\ntext\n"),
        ("## Two", ["## Three"], "## Two\n\nmore\n"),
        ("## Three", [], "## Three\n\nend\n"),
        ("## Four", [], ""),
    ],
    ids=["first", "between", "last", "not there"],
)
def test_what_stands_on_the_page(heading, later, text):
    assert report.standing(PAGE, heading, later) == text


def seen(node="guestbook-green@web1", starting=("green",)):
    return {"answers": {"node": node}, "starting": list(starting)}


@pytest.mark.parametrize(
    "end, after, complaint",
    [
        (End("zero", slot="green"), seen(), None),
        (End("zero"), seen("guestbook@web1", []), None),
        (End("zero", slot="blue"), seen(), "the slot green serves, not blue"),
        (End("zero", slot="green"), seen("guestbook@web1"), "the slot None serves, not green"),
        (End("zero", slot="green"), seen(starting=("blue", "green")), "what starts with the host is ['blue', 'green'], and is to be green"),
        (End("zero", slot="green", beside="0.1.0"), seen(starting=("blue", "green")), None),
    ],
    ids=["as it has to be", "in place", "the other slot", "in no slot", "both start", "both run"],
)
def test_where_it_serves(end, after, complaint):
    assert complaint in (collection.wrong_slot(end, after) or [None])


@pytest.mark.parametrize(
    "away, answers, complains",
    [(None, [1, 0], False), (0, [1, 1], False), (0, [1, 0, 1], True), (3, [1, 0, 1], False), (1, [1, 0, 1], True), (3, [1, 0, 0], True)],
    ids=["whatever", "none lost", "one lost", "within", "too long", "not back"],
)
def test_how_long_they_may_be_away(away, answers, complains):
    traffic = Traffic([])
    traffic.answers = [[Answer(float(second), bool(answer)) for second, answer in enumerate(answers)]]
    assert bool(collection.away_too_long(FAULTS[0]._replace(away=away), traffic)) == complains


def test_no_two_rows_have_one_name():
    for faults, least in ((FAULTS, 35), (slots_faults.FAULTS, 14)):
        names = [fault.name for fault in faults]
        assert len(names) == len(set(names)) >= least
