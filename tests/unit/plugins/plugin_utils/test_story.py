# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is told of what the modules answered in real runs (see recorded/README.md)."""

from __future__ import annotations

import json
import pathlib

import pytest

from ansible_collections.beamops.elixir.plugins.plugin_utils import _story

RUNS = json.loads((pathlib.Path(__file__).parents[2] / "recorded" / "story.json").read_text(encoding="utf-8"))


def told(run):
    """The lines of a host, and where something failed there what that says."""
    known, lines = {}, []
    for event, name, options, answer in RUNS[run]:
        if event != "ok":
            lines.append([event, *_story.failure(answer)])
            continue
        step = _story.Step(name, answer, options, "check_mode" in run, known)
        lines.append(_story.line(step))
        known = _story.learned(step)
    return [line for line in lines if line]


GUESTBOOK = "guestbook {}, 6.1 MiB, for x86_64 with glibc 2.34 or newer"
UNHEALTHY = "http://127.0.0.1:4000/health answers 500, and is to answer 200: {}, {} s after its start (limit {} s)."


@pytest.mark.parametrize(
    "run, lines",
    {
        "update": [
            GUESTBOOK.format("0.2.0 (0.2.0-f02f9dd1)"),
            "0.2.0 staged and rehearsed, 82.1 KiB sent",
            "migration 2 done",
            "0.2.0 started in the place of 0.1.0, pid 675",
            "0.2.0 is ready",
            "0.2.0 is recorded as good",
        ],
        "check_mode": [
            GUESTBOOK.format("0.2.0 (0.2.0-f02f9dd1)"),
            "0.2.0 would be staged",
            "0.2.0 would be started in the place of 0.1.0",
            "0.2.0 would be recorded as good",
        ],
        "nothing_to_do": [GUESTBOOK.format("0.2.0 (0.2.0-f02f9dd1)"), "0.2.0 runs already, and is ready"],
        "overlap": [
            GUESTBOOK.format("0.2.0 (0.2.0-f02f9dd1)"),
            "0.2.0 staged and rehearsed, 48.0 KiB sent",
            "no migration to run",
            "0.2.0 started in the place of 0.1.0, pid 2260",
            "0.2.0 is ready",
            "0.1.0 is gone",
            "0.2.0 is recorded as good, 0.2.0-f02f9dd1 removed",
        ],
        "rollback": [
            "0.1.0 rehearsed",
            "0.1.0 started in the place of 0.2.0, pid 1708",
            "0.1.0 is ready",
            "0.1.0 is recorded as good, 0.4.0-59acacb0 removed",
        ],
        "restart": ["0.1.0 rehearsed", "0.1.0 started in the place of 0.1.0, pid 1940", "0.1.0 is ready"],
        "stop": ["0.2.0 is asked to stop", "0.2.0 is gone"],
        "slots": [
            GUESTBOOK.format("0.2.0 (0.2.0-f02f9dd1)"),
            "0.2.0 staged and rehearsed, 82.1 KiB sent",
            "migration 2 done",
            "0.2.0 started in the slot green, pid 802",
            "0.2.0 is ready",
            "the traffic is moved to 0.2.0",
            "0.1.0 is asked to stop",
            "0.1.0 is gone",
            "0.2.0 is recorded as good",
        ],
        "slots_check_mode": [
            GUESTBOOK.format("0.1.0 (0.1.0-a075e887)"),
            "0.1.0 is there already, and rehearsed",
            "0.1.0 would be started in the slot blue",
            "the traffic would be moved to 0.1.0",
            "What runs in the slot green stays for 600 s",
            "0.1.0 would be recorded as good, 0.4.0-aba952d4 would be removed",
        ],
        "slots_warm": [
            GUESTBOOK.format("0.4.0 (0.4.0-aba952d4)"),
            "0.4.0 staged and rehearsed, 48.0 KiB sent",
            "no migration to run",
            "0.4.0 started in the slot blue, pid 1460",
            "0.4.0 is ready",
            "the traffic is moved to 0.4.0",
            "What runs in the slot green stays for 600 s",
            "0.4.0 is recorded as good",
        ],
    }.items(),
)
def test_a_run_that_goes_well(run, lines):
    assert told(run) == lines


BODY = '{"status":"error","reason":"fault injected","version":"0.4.0"}'


def test_a_host_that_goes_back():
    *lines, last = told("failing_update")
    assert lines == [
        GUESTBOOK.format("0.4.0 (0.4.0-aba952d4)"),
        "0.4.0 is there already, and rehearsed",
        "no migration to run",
        "0.4.0 started in the place of 0.1.0, pid 2331",
        ["failed", UNHEALTHY.format(BODY, 5, 5)],
        "0.1.0 started in the place of 0.4.0, pid 2490",
        "0.1.0 is ready",
        "0.4.0 is marked bad",
        "went back to 0.1.0",
    ]
    assert last[:4] == [
        "failed",
        "Wait until the release is ready: " + UNHEALTHY.format(BODY, 5, 5),
        "It went back to 0.1.0-a075e887.",
        "What the host showed:",
    ]
    assert last[-1].startswith("All of it: /home/kai/guestbook/")


def test_a_host_with_slots_that_goes_back():
    assert told("slots_failing")[3:-1] == [
        "0.4.0 started in the slot blue, pid 1105",
        ["failed", UNHEALTHY.format(BODY, 6, 6)],
        "0.2.0 runs already in the slot green, pid 802",
        "0.2.0 is ready",
        "the traffic stays with 0.2.0",
        "0.4.0 is asked to stop",
        "0.4.0 is gone",
        "0.4.0 is marked bad",
        "went back to 0.2.0",
    ]


def test_what_is_refused_before_the_switch():
    refused = ["failed", "The rehearsal failed: bin/guestbook eval of 0.4.0-59acacb0 failed (exit code 9):", "cannot load: [{Guestbook.Entries, :nofile}]"]
    assert told("refused")[1:4] == [refused] * 3


def test_a_host_that_cannot_be_reached():
    assert told("unreachable")[1] == [
        "unreachable",
        'Data could not be sent to remote host "127.0.0.1". Make sure this host can be reached over ssh: '
        "ssh: connect to host 127.0.0.1 port 1: Connection refused",
    ]


@pytest.mark.parametrize(
    "name, answer, options, line",
    [
        ("wait", {"ready": True, "look": "rpc", "msg": "0.2.0 is started, as pid 4711."}, {}, "0.2.0 is started, as pid 4711"),
        ("wait", {"ready": False, "look": "port", "msg": "not yet"}, {}, ""),
        ("wait", {"ready": True, "look": "stopped", "msg": "no release of /opt/guestbook runs."}, {}, "no release of /opt/guestbook runs"),
        ("lock", {"taken_over": "ada@ci, process 4711"}, {}, "took over the lock of ada@ci, process 4711"),
        ("current", {"changed": True, "diff": {"before": "", "after": "current -> 0.2.0-a\n"}}, {}, "current is pointed to 0.2.0-a"),
        ("current", {"changed": True, "diff": {"before": "current -> 0.2.0-a\n", "after": ""}}, {"state": "absent"}, "current is pointed to nothing"),
        ("deadman", {"fired": "back", "msg": "This host went back to 0.1.0-a by itself."}, {}, "This host went back to 0.1.0-a by itself"),
        ("prune", {"changed": True, "removed": ["0.1.0-a", "0.1.1-b"]}, {}, "0.1.0-a, 0.1.1-b removed"),
        ("stop", {"changed": True, "ready": True, "asked": [{"pid": None, "version": None}]}, {}, "what is being started again is asked to stop"),
        # In the background, and where no_log hides it, there is no answer yet, or none to be seen
        ("stage", {"changed": True, "started": 1, "ansible_job_id": "j1"}, {}, ""),
        ("start", {"changed": True, "censored": "hidden"}, {}, ""),
        # What a command printed may be anything
        ("eval", {"changed": True, "rc": 0, "stdout": "hunter2", "stderr": ""}, {"expression": "..."}, ""),
        ("eval", {"changed": True, "rc": 0, "stdout": "[info] == Migrated 2 in 0.0s\n[info] == Migrated 3 in 0.0s"}, {}, "migrations 2, 3 done"),
    ],
)
def test_modules_alone(name, answer, options, line):
    assert _story.line(_story.Step(name, answer, options)) == line


@pytest.mark.parametrize("name", _story.TELLERS)
@pytest.mark.parametrize("answer", [{}, {"changed": True}, {"censored": "hidden", "changed": True}, {"skipped": True, "changed": False}])
def test_every_module_may_answer_nothing(name, answer):
    step = _story.Step(name, answer)
    assert _story.line(step) == "" and _story.learned(step) == {}


@pytest.mark.parametrize(
    "answer, lines",
    [
        (
            {"msg": "non-zero return code", "cmd": ["ls"], "rc": 2, "stderr": "ls: /x\n", "stdout": ""},
            ["non-zero return code", "Its exit code is 2.", "stderr:", "  ls: /x"],
        ),
        ({"msg": "Task failed: it did\r\nso\n"}, ["it did", "so"]),
        ({"msg": ["a", "b"]}, ["a", "b"]),
        ({"censored": "hidden", "changed": True}, ["hidden"]),
        ({"msg": "", "module_stderr": "sudo: no"}, ["module_stderr:", "  sudo: no"]),
        ({"answer": 42, "invocation": {"module_args": {"cookie": "c"}}, "_ansible_no_log": False}, ["answer: 42"]),
        ({"changed": False}, ["It says nothing."]),
    ],
)
def test_failures(answer, lines):
    assert _story.failure(answer) == lines


def test_messages():
    assert _story.said({"msg": ["HOST  BEFORE", "web1  -"]}) == ["HOST  BEFORE", "web1  -"]
    assert _story.said({"msg": "two\nlines\n"}) == ["two", "lines"]
    assert _story.said({"msg": {"a": 1}}) is None and _story.said({"x": 1}) is None


def test_headings():
    assert _story.heading("Settle", 1, 1, False) == "Settle"
    assert _story.heading("Switch in batches", 2, 3, True) == "Switch in batches, 2 of 3 (check mode)"


def test_amounts_and_seconds():
    assert [_story.amount(size) for size in (0, 1023, 1024, 6414460, 3 << 30)] == ["0 bytes", "1023 bytes", "1.0 KiB", "6.1 MiB", "3.0 GiB"]
    assert [_story.seconds(passed) for passed in (0.04, 59.94, 61.5)] == ["0.0 s", "59.9 s", "1 min 1 s"]


def test_progress():
    assert _story.progress(7.2, None, "web1, web2: Stage it", 80) == "  7 s  web1, web2: Stage it"
    assert _story.progress(15, 60, "web1: Wait", 80) == "  [#####...............] 15 s of at most 60 s  web1: Wait"
    assert _story.progress(90, 60, "web1: Wait", 80).startswith("  [####################] 90 s of at most 60 s")
    assert _story.progress(7, None, "web1: Wait until the release is ready", 20) == "  7 s  web1: Wait u…"


def test_many_hosts():
    hosts = [f"web{number}" for number in range(1, 8)]
    assert _story.names(hosts[:5]) == "web1, web2, web3, web4, web5"
    assert _story.names(hosts) == "web1, web2, web3, web4 and 3 more"


def counts(**given):
    return {**dict.fromkeys(("ok", "changed", "failures", "unreachable", "rescued", "skipped", "ignored"), 0), **given}


@pytest.mark.parametrize(
    "hosts, check_mode, text, well",
    [
        ({"web1": counts(changed=2), "web2": counts(changed=2)}, False, "Hosts: 2 of 2 changed. 6.7 s.", True),
        ({"web1": counts(changed=2), "web2": counts()}, True, "Hosts: 1 of 2 would change. 6.7 s.", True),
        ({"web1": counts()}, False, "Hosts: nothing changed. 6.7 s.", True),
        ({"web1": counts(rescued=1)}, False, "Hosts: nothing changed, on 1 a failure was dealt with. 6.7 s.", True),
        (
            {"web1": counts(changed=5, failures=1, rescued=1), "web2": counts(changed=1), "web3": counts(unreachable=1)},
            False,
            "Hosts: 1 of 3 failed (web1), 1 of 3 could not be reached (web3). 6.7 s. "
            "The reason stands above; -v shows all that the tasks answer.",
            False,
        ),
    ],
)
def test_the_last_line(hosts, check_mode, text, well):
    assert _story.ending(hosts, 6.7, check_mode) == (text, well)
