# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils import _readiness
from ansible_collections.beamops.elixir.plugins.module_utils._readiness import Answer, Seen, Verdict

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
        pytest.param(set(), {}, NOT_YET, ["4000", "none"], id="listens nowhere"),
        pytest.param(set(), {99: "nginx", 100: "nginx"}, NOT_YET, ["4000", "nginx", "pid 99", "not by the release"], id="somebody else listens"),
    ],
)
def test_port(own, owners, expected, words):
    shows(_readiness.port(4000, own, owners), expected, *words)


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
        pytest.param("bin/guestbook rpc failed", NOT_YET, ["bin/guestbook rpc failed."], id="no answer"),
    ],
)
def test_status(answer, expected, words):
    shows(_readiness.status(answer, 42, "0.2.0"), expected, *words)


def test_all_of_stops_at_the_first_that_is_not_content():
    asked = []

    def look(name, verdict):
        return lambda: asked.append(name) or verdict

    looks = [look("process", _readiness.yes("up")), look("port", _readiness.not_yet("no port")), look("rpc", _readiness.yes("started"))]
    assert _readiness.all_of(looks) == Verdict(ready=False, fatal=False, msg="no port")
    assert asked == ["process", "port"]


def test_all_of_answers_with_the_last_word_when_all_are_content():
    assert _readiness.all_of([lambda: _readiness.yes("up"), lambda: _readiness.yes("started")]) == _readiness.yes("started")
