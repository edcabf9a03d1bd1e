# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest

from ansible_collections.beamops.elixir.plugins.plugin_utils import _fleet_answers

RUNNING = {"version": "0.2.0", "pid": 42, "since": "2026-11-25T10:00:00+00:00", "env_changed": []}
SEEN = {
    "running": [RUNNING],
    "current": "0.2.0-bbbbbbbb",
    "last_good": "0.1.0-aaaaaaaa",
    "lock": None,
    "releases": [],
    "drift": [],
    "remarks": [],
    "changed": False,
    "failed_when_result": False,
}
LOST = {"unreachable": True, "msg": "Failed to connect: Connection refused", "changed": False}
FAILED = {"msg": "root is 'x': give an absolute path.", "changed": False}


def test_status_where_all_is_as_it_should_be():
    told = _fleet_answers.status({"web1": SEEN, "web2": SEEN})
    head, first, second = told.lines
    assert head.split("  ")[0] == "HOST"
    assert first.split() == ["web1", "0.2.0", "42", RUNNING["since"], "0.2.0-bbbbbbbb", "0.1.0-aaaaaaaa", "same", "-"]
    assert second.startswith("web2 ")
    assert told.wrong == {}
    assert set(told.data["hosts"]["web1"]) == {"running", "current", "last_good", "lock", "releases", "drift", "remarks"}, "and nothing of Ansible's own"


def test_status_says_what_is_not_as_it_should_be():
    lock = {"owner": "kai@laptop", "what": "deploy of 0.3.0"}
    changed = {**SEEN, "running": [{**RUNNING, "env_changed": ["PORT"]}], "drift": ["The env file was changed.", "It was denied /x."]}
    nothing = {**SEEN, "running": [], "lock": lock, "drift": ["Nothing runs."]}
    told = _fleet_answers.status({"web1": changed, "web2": nothing})
    assert told.lines[1].split()[-2:] == ["changed", "-"]
    assert told.lines[2].split() == ["web2", "-", "-", "-", "0.2.0-bbbbbbbb", "0.1.0-aaaaaaaa", "-", "kai@laptop,", "deploy", "of", "0.3.0"]
    assert told.lines[3:] == ["web1: The env file was changed.", "web1: It was denied /x.", "web2: Nothing runs."]
    assert told.wrong == {"web1": "The env file was changed. It was denied /x.", "web2": "Nothing runs."}


def test_status_where_the_hosts_differ_blames_the_few():
    old = {**SEEN, "current": "0.1.0-aaaaaaaa"}
    told = _fleet_answers.status({"web1": old, "web2": SEEN, "web3": SEEN})
    assert told.lines[-1] == "The hosts differ: 0.1.0-aaaaaaaa, 0.2.0-bbbbbbbb."
    assert told.wrong == {"web1": told.lines[-1]}


def test_status_has_a_host_that_was_lost_in_it():
    told = _fleet_answers.status({"web1": LOST, "web2": FAILED, "web3": SEEN})
    assert [line.split()[:2] for line in told.lines[1:3]] == [["web1", "?"], ["web2", "?"]]
    why = "It cannot be reached: Failed to connect: Connection refused"
    assert told.lines[4:] == [f"web1: {why}", f"web2: {FAILED['msg']}"]
    assert told.wrong == {"web1": why, "web2": FAILED["msg"]}
    assert told.data["hosts"]["web1"] == {"error": why}


def test_what_is_kept_warm_is_told_and_not_wrong():
    warm = {**RUNNING, "version": "0.1.0", "release": "0.1.0-aaaaaaaa", "slot": "green"}
    live = {**RUNNING, "release": "0.2.0-bbbbbbbb", "slot": "blue"}
    told = _fleet_answers.status({"web1": {**SEEN, "running": [warm, live], "remarks": ["0.1.0 is kept warm."]}})
    assert told.lines[1].split()[1:3] == ["0.2.0", "blue"]
    assert (told.lines[2:], told.wrong) == (["web1: 0.1.0 is kept warm."], {})


def entry(at, event="deploy", **fields):
    return {"at": f"2026-11-25T10:00:{at:02}+00:00", "event": event, "release": "0.2.0-b", "previous": None, "by": "kai@laptop", "reason": None, **fields}


def test_history_is_merged_by_time():
    answers = {"web1": {"entries": [entry(1), entry(5, "rollback")]}, "web2": {"entries": [entry(1), entry(3, "failure", reason="it died\nof this")]}}
    told = _fleet_answers.history(answers, 20)
    assert [line.split()[1:3] for line in told.lines[1:]] == [["web1", "deploy"], ["web2", "deploy"], ["web2", "failure"], ["web1", "rollback"]]
    assert told.lines[3].endswith("it died") and told.lines[1].endswith("kai@laptop")
    assert told.data["history"][2] == {"host": "web2", **answers["web2"]["entries"][1]}, "as data it is whole"
    assert json.loads(json.dumps(told.data)) == told.data


def test_history_is_the_end_of_it():
    told = _fleet_answers.history({"web1": {"entries": [entry(1), entry(4)]}, "web2": {"entries": [entry(2), entry(3)]}}, 2)
    assert [found["at"][17:19] for found in told.data["history"]] == ["03", "04"]


def test_a_long_reason_is_cut():
    (line,) = _fleet_answers.history({"web1": {"entries": [entry(1, reason="x" * 500)]}}, 2).lines[1:]
    assert line.endswith("x...") and len(line) < 300


def test_history_of_nothing():
    assert _fleet_answers.history({"web1": {"entries": []}}, 2).lines[1:] == ["Nothing was deployed yet."]
    told = _fleet_answers.history({"web1": LOST}, 2)
    assert told.lines[1:] == [f"web1: {told.wrong['web1']}"] and told.wrong["web1"].startswith("It cannot be reached")


def test_an_entry_that_lacks_something():
    told = _fleet_answers.history({"web1": {"entries": [{"event": "deploy"}, entry(1)]}}, 2)
    assert told.lines[1].split() == ["-", "web1", "deploy", "-", "-", "-"]


LOG = {
    "version": "0.2.0",
    "pid": 42,
    "where": "journalctl --unit=guestbook.service",
    "lines": ["one", "two"],
    "more": True,
    "follow": "ssh -t web1 'sudo journalctl'",
}


def test_logs_host_by_host():
    silent = {**LOG, "lines": [], "more": False, "pid": None, "version": None}
    told = _fleet_answers.logs({"web1": {"logs": [LOG]}, "web2": {"logs": [silent]}, "web3": LOST}, since="10 min ago")
    assert told.lines[:5] == [
        "== web1: 0.2.0, pid 42, the last 2 lines since 10 min ago, and there are more (journalctl --unit=guestbook.service)",
        "one",
        "two",
        "",
        "== web2: nothing runs, nothing was said since 10 min ago (journalctl --unit=guestbook.service)",
    ]
    assert told.lines[5].startswith("web3: It cannot be reached")
    assert told.lines[-2:] == [f"{LOG['follow']}  # web1", f"{LOG['follow']}  # web2"]
    assert list(told.wrong) == ["web3"]


def test_logs_without_a_moment():
    assert "pid 42, all 2 lines (" in _fleet_answers.logs({"web1": {"logs": [{**LOG, "more": False}]}}).lines[0]


CONSOLE = {"version": "0.2.0", "pid": 42, "node": "guestbook", "command": "ssh -t web1 'x'", "refused": None}


def test_remote_is_for_a_shell():
    told = _fleet_answers.remote({"web1": {"consoles": [CONSOLE]}, "web2": {"consoles": [{**CONSOLE, "refused": "It hangs:\nreally."}]}, "web3": FAILED})
    assert told.lines == [
        "# web1: 0.2.0, pid 42, node guestbook",
        "ssh -t web1 'x'",
        "# web2: 0.2.0, pid 42, node guestbook. This will not open: It hangs: really.",
        "# ssh -t web1 'x'",
        f"# web3: {FAILED['msg']}",
    ]
    assert told.wrong == {"web2": "It hangs:\nreally.", "web3": FAILED["msg"]}


@pytest.mark.parametrize(
    ("answer", "row", "wrong"),
    [
        ({"rc": 0, "stdout": "1\n2\n", "stderr": "", "died": []}, ["0 1", "2"], None),
        ({"rc": 0, "stdout": "", "stderr": "", "died": []}, ["0"], None),
        (
            {"rc": 7, "stdout": "found 3\n", "stderr": "no\n", "msg": "bin/a eval of b failed (exit code 7):\nno", "died": []},
            ["7 bin/a eval of b failed (exit code 7):", "found 3", "no"],
            "bin/a eval of b failed (exit code 7)",
        ),
        ({"msg": "Nothing runs here."}, ["- Nothing runs here."], "Nothing runs here."),
        ({"skipped": True, "msg": "(check mode) it would be"}, ["- (check mode) it would be"], None),
        # The kernel has killed what served
        ({"rc": 0, "stdout": "1\n", "stderr": "", "died": [42], "msg": "pid 42 is gone."}, ["0 pid 42 is gone.", "1"], "pid 42 is gone."),
        (LOST, [f"- It cannot be reached: {LOST['msg']}"], f"It cannot be reached: {LOST['msg']}"),
    ],
)
def test_evaluated(answer, row, wrong):
    told = _fleet_answers.evaluated({"web1": answer})
    assert [" ".join(line.split()) for line in told.lines[1:]] == [f"web1 {row[0]}", *row[1:]]
    assert told.wrong == ({"web1": wrong} if wrong else {})
    assert "changed" not in told.data["hosts"]["web1"]


def finding(text, wrong=False):
    return {"about": "disk", "wrong": wrong, "text": text}


def test_doctor():
    answers = {"web1": {"findings": [finding("a note"), finding("no room", wrong=True)]}, "web2": {"findings": []}, "web3": LOST}
    told = _fleet_answers.doctor(answers)
    assert [" ".join(line.split()) for line in told.lines[1:]] == [
        "web1 WRONG disk no room",
        "web1 note disk a note",
        "web2 - - all is well",
        f"web3 WRONG login It cannot be reached: {LOST['msg']}",
    ]
    assert told.wrong == {"web1": "no room", "web3": f"It cannot be reached: {LOST['msg']}"}
    assert told.data["hosts"]["web2"] == {"findings": []}


def test_doctor_of_a_login_that_may_not():
    assert "--ask-become-pass" in _fleet_answers.doctor({"web1": {"msg": "Task failed: Missing sudo password"}}).wrong["web1"]
