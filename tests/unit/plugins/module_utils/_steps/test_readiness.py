# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._steps import _readiness
from ansible_collections.beamops.elixir.plugins.module_utils._steps._readiness import Answer, Seen, Sockets, Verdict

ROOT = "/opt/guestbook"
NEW_PATH = f"{ROOT}/releases/0.2.0-9f8e7d6c"
NEW = Seen(pid=42, version="0.2.0", root=NEW_PATH, seconds=3.25)
OLD = Seen(pid=7, version="0.1.0", root=f"{ROOT}/releases/0.1.0-1a2b3c4d", seconds=86400)
STRANGER = Seen(pid=99, version="1.0.0", root="/srv/other", seconds=60)
URL = "http://127.0.0.1:4000/health"

READY, NOT_YET, NEVER = "ready", "not yet", "never"


def kind(verdict):
    assert not (verdict.fatal and verdict.ready)
    return NEVER if verdict.fatal else READY if verdict.ready else NOT_YET


def shows(verdict, expected, *words):
    assert kind(verdict) == expected
    for word in words:
        assert word in verdict.msg


@pytest.mark.parametrize(
    "running, node, holders, registered, expected, words",
    [
        pytest.param([], None, [], False, READY, [ROOT], id="nothing runs"),
        pytest.param([], "guestbook", [], False, READY, [ROOT, "guestbook is free"], id="nothing runs and the name is free"),
        pytest.param([OLD], "guestbook", [], True, NOT_YET, ["0.1.0", "pid 7", OLD.root, "still runs"], id="still runs"),
        pytest.param([], "guestbook", [], True, NOT_YET, ["epmd", "guestbook"], id="gone, but epmd has not noticed"),
        pytest.param([], "guestbook", [STRANGER], True, NEVER, ["guestbook", "pid 99", "/srv/other", "RELEASE_NODE"], id="the name is a stranger's"),
        pytest.param([OLD], "guestbook", [STRANGER], True, NOT_YET, ["pid 7"], id="a stranger matters only when ours is gone"),
    ],
)
def test_stopped(running, node, holders, registered, expected, words):
    shows(_readiness.stopped(ROOT, running, node, holders, registered), expected, *words)


def test_stopped_says_nothing_of_a_name_that_there_is_none():
    assert _readiness.stopped(ROOT, [], None, [], False).msg == f"no release of {ROOT} runs."


@pytest.mark.parametrize(
    "pid, running, stable_for, expected, words",
    [
        pytest.param(None, [NEW], 0, READY, ["0.2.0", "pid 42", "3.2 s"], id="runs"),
        pytest.param(42, [NEW], 0, READY, ["pid 42"], id="runs, as the process that was started"),
        pytest.param(42, [NEW], 3.25, READY, [], id="up for exactly long enough"),
        pytest.param(42, [NEW], 5, NOT_YET, ["3.2 s", "for 5 s"], id="not up for long enough"),
        pytest.param(None, [], 0, NOT_YET, [NEW_PATH], id="not there yet"),
        pytest.param(42, [], 0, NEVER, ["pid 42", "died"], id="died"),
        pytest.param(41, [NEW], 0, NEVER, ["pid 41", "died"], id="died and was started again by heart"),
        pytest.param(None, [OLD], 0, NEVER, ["0.1.0", "pid 7", NEW_PATH], id="the old one runs"),
        pytest.param(42, [OLD], 0, NEVER, ["pid 42", "died"], id="died, and the old one is back"),
        pytest.param(None, [NEW, OLD], 0, NEVER, ["pid 7", "pid 42", "beside"], id="both run"),
    ],
)
def test_process(pid, running, stable_for, expected, words):
    shows(_readiness.process(NEW_PATH, pid, running, stable_for), expected, *words)


@pytest.mark.parametrize(
    "own, owners, expected, words",
    [
        pytest.param({4000, 38027}, {}, READY, ["port 4000"], id="listens"),
        pytest.param({38027, 38026}, {}, NOT_YET, ["4000", "38026, 38027"], id="listens elsewhere"),
        pytest.param(set(), {}, NOT_YET, ["4000", "none", "set 'port' to 0 (elixir_release_port of the role)"], id="listens nowhere"),
        pytest.param(set(), {99: "nginx", 100: "nginx"}, NOT_YET, ["4000", "nginx (pid 99)", "not by the release"], id="somebody else listens"),
        pytest.param(set(), {0: "a process that cannot be seen"}, NOT_YET, ["held by a process that cannot be seen, not"], id="who listens is not seen"),
        pytest.param(set(), {99: "ng\x1b[2Jinx"}, NOT_YET, ["ng\\x1b[2Jinx"], id="a name of foreign bytes"),
        pytest.param(None, {0: "a process"}, READY, ["by whom cannot be told: root lacks CAP_SYS_PTRACE"], id="could not look, and somebody listens"),
        pytest.param(None, {}, NOT_YET, ["nobody listens on port 4000"], id="could not look, and nobody listens"),
    ],
)
def test_port(own, owners, expected, words):
    verdict = _readiness.port(4000, Sockets(own, own, owners, "root lacks CAP_SYS_PTRACE"))
    shows(verdict, expected, *words)
    assert verdict.look == "port"


@pytest.mark.parametrize(
    "own, serving, seen",
    [({38027, 9568, 4001}, {9568, 4001}, "4001, 9568"), ({38027}, set(), "none"), ({38027}, None, "38027"), (None, None, "none")],
    ids=["without the port of the distribution", "that one only", "which one that is is not known", "could not look"],
)
def test_what_is_seen_of_ports_is_the_same_in_another_start(own, serving, seen):
    assert _readiness.port(4000, Sockets(own, serving, {})).seen == seen


@pytest.mark.parametrize(
    "serving, expected, seen", [({4001, 4000}, READY, "4000, 4001"), (set(), NOT_YET, "none"), (None, READY, "cannot be told")], ids=["some", "none", "unknown"]
)
def test_serves(serving, expected, seen):
    verdict = _readiness.serves(Sockets(serving, serving, {}))
    assert (kind(verdict), verdict.look, verdict.seen) == (expected, "port", seen)


@pytest.mark.parametrize(
    "verdict, seconds, within, fatal",
    [
        pytest.param(_readiness.not_yet("no."), 61, 60, True, id="late"),
        pytest.param(_readiness.not_yet("no."), 60, 60, False, id="not late"),
        pytest.param(_readiness.not_yet("no."), 61, None, False, id="no limit"),
        pytest.param(_readiness.yes("up."), 61, 60, False, id="ready all the same"),
    ],
)
def test_what_is_not_ready_after_its_time_never_will_be(verdict, seconds, within, fatal):
    judged = _readiness.too_late(verdict, seconds, within, "its start")
    assert judged == (verdict._replace(fatal=True, msg="no, 61 s after its start (limit 60 s).") if fatal else verdict)


@pytest.mark.parametrize(
    "answer, codes, regex, expected, words",
    [
        pytest.param(Answer(200, "ok", None), [200], None, READY, [URL, "200"], id="ok"),
        pytest.param(Answer(204, "", None), [204, 200], None, READY, ["204"], id="one of several"),
        pytest.param(Answer(200, '{"version": "0.2.0"}', None), [200], r'"version": *"0\.2\.0"', READY, [], id="body matches"),
        pytest.param(Answer(200, '{"version": "0.1.0"}', None), [200], r'"version": *"0\.2\.0"', NOT_YET, ["0.1.0", "version"], id="body does not match"),
        pytest.param(Answer(503, "no database", None), [204, 200], None, NOT_YET, ["503", "200, 204", "no database"], id="unhealthy"),
        pytest.param(Answer(301, "", None), [200], None, NOT_YET, ["301"], id="a redirect is not health"),
        pytest.param(Answer(None, "", "Connection refused"), [200], None, NOT_YET, [URL, "Connection refused"], id="no answer"),
    ],
)
def test_http(answer, codes, regex, expected, words):
    shows(_readiness.http(URL, answer, codes, regex), expected, *words)


@pytest.mark.parametrize(
    "answer, seen",
    [
        (Answer(404, "", None), "404"),
        (Answer(None, "", "timed out"), "no answer"),
        (Answer(200, "0.1.0", None), ""),
        (Answer(200, "0.2.0", None), "200"),
    ],
)
def test_what_is_seen_of_an_answer(answer, seen):
    verdict = _readiness.http(URL, answer, [200], "0.2.0")
    assert (verdict.look, verdict.seen) == ("http", seen)


@pytest.mark.parametrize(
    "answer, words",
    [
        (Answer(500, "\x1b[2Jdead\r\n\x00", None), "answer 200: \\x1b[2Jdead\n\\x00"),
        (Answer(200, "\x07", None), ": \\x07"),
        (Answer(None, "", "\x15\x03\x03", "Use https"), "gives no answer: \\x15\\x03\\x03. Use https."),
        (Answer(None, "", "it ended."), "gives no answer: it ended."),
    ],
)
def test_foreign_bytes_are_escaped(answer, words):
    assert _readiness.http(URL, answer, [200], "x").msg.endswith(words)


def test_http_shows_the_head_of_a_long_body():
    verdict = _readiness.http(URL, Answer(500, "x" * 5000, None), [200], None)
    assert "x" * 200 in verdict.msg and "x" * 201 not in verdict.msg


@pytest.mark.parametrize(
    "answer, expected, words",
    [
        pytest.param({"status": "started", "pid": "42", "version": "0.2.0"}, READY, ["0.2.0", "pid 42"], id="started"),
        pytest.param({"status": "starting", "pid": "42", "version": "0.2.0"}, NOT_YET, ["starting"], id="still starting"),
        pytest.param({"status": "stopping", "pid": "42", "version": "0.2.0"}, NOT_YET, ["stopping"], id="stopping"),
        pytest.param({"status": "started", "pid": "7", "version": "0.1.0"}, NEVER, ["pid 7", "0.1.0", "pid 42"], id="the old one answers"),
        pytest.param({"status": "started", "pid": "42", "version": "0.1.0"}, NEVER, ["0.1.0", "0.2.0"], id="the wrong version"),
        pytest.param("it said: \x1b[2J.", NOT_YET, ["it said: \\x1b[2J."], id="foreign bytes, and one full stop"),
        pytest.param("bin/guestbook rpc failed", NOT_YET, ["bin/guestbook rpc failed."], id="no answer"),
    ],
)
def test_status(answer, expected, words):
    verdict = _readiness.status(answer, 42, "0.2.0")
    shows(verdict, expected, *words)
    assert verdict.look == "rpc" and ".." not in verdict.msg


def test_all_of_stops_at_the_first_that_is_not_content():
    asked = []

    def look(name, verdict):
        return lambda: asked.append(name) or verdict

    looks = [look("process", _readiness.yes("up")), look("port", _readiness.not_yet("no port")), look("rpc", _readiness.yes("started"))]
    assert _readiness.all_of(looks) == Verdict(ready=False, fatal=False, msg="no port")
    assert asked == ["process", "port"]


def test_all_of_answers_with_the_last_word_when_all_are_content():
    assert _readiness.all_of([lambda: _readiness.yes("up"), lambda: _readiness.yes("started")]) == _readiness.yes("started")


@pytest.mark.parametrize(
    ("ports", "ready", "words"),
    [
        ([], True, "listens no more"),
        ([set()], True, "listens no more"),
        ([{4001, 4000}], False, "still listens on port 4000, 4001"),
        ([set(), {4000}], False, "still listens on port 4000"),
        ([None], False, "whether it listens cannot be told"),
    ],
)
def test_closed(ports, ready, words):
    seen = _readiness.Seen(7, "0.1.0", "/opt/a", 1.0)
    verdict = _readiness.closed([(seen, listened) for listened in ports])
    assert (verdict.ready, verdict.fatal) == (ready, False) and words in verdict.msg


def test_an_expression_has_to_be_true_and_nothing_that_reads_so():
    shows(_readiness.expression("MyApp.ready?()", True, "true"), READY, "MyApp.ready?() is true.")
    shows(_readiness.expression("MyApp.ready?()", False, ":ok"), NOT_YET, "MyApp.ready?() is not true: :ok.")
    verdict = _readiness.expression("MyApp.ready?()", False, "** (RuntimeError)\n\x1b[31mboom " + "x" * 500)
    assert (verdict.look, verdict.seen[:23], len(verdict.seen)) == ("expression", "** (RuntimeError) boom ", 200 - len("\x1b[31m"))
