# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils import _logs

STARTED = "\n=====\n===== LOGGING STARTED Mon Nov 23 02:26:57 UTC 2026\n=====\n"


@pytest.fixture
def log(tmp_path):
    def write(text, name="erlang.log.1"):
        (tmp_path / "log").mkdir(exist_ok=True)
        path = tmp_path / "log" / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


@pytest.mark.parametrize(
    "text, lines",
    [
        pytest.param(f"{STARTED}one\r\ntwo\r\n", ["one", "two"], id="as run_erl writes it"),
        pytest.param(f"{STARTED}old\r\n{STARTED}new\r\n", ["new"], id="only of the last start"),
        pytest.param(f"{STARTED}\x1b[31m\r\n[error] no\r\n\x1b[0m\r\n", ["[error] no"], id="without colours and empty lines"),
        pytest.param(f"{STARTED}one\n\n===== ALIVE Mon Nov 23 02:41:57 UTC 2026\ntwo\n", ["one", "two"], id="without run_erl's own lines"),
        pytest.param(STARTED + "".join(f"{number}\n" for number in range(40)), [str(number) for number in range(10, 40)], id="no more than 30"),
        pytest.param(STARTED, [], id="nothing said"),
        pytest.param("f of a line\nwhole\n", ["whole"], id="no start in sight"),
    ],
)
def test_last_lines(text, lines):
    assert _logs.last_lines(text) == lines


def test_the_reason_of_a_crash_is_among_the_last_lines(log, tmp_path, recorded):
    path = log(recorded["log_of_a_crash"])
    tail = _logs.tail(str(tmp_path))
    assert str(path) in tail
    assert "SECRET_KEY_BASE" in tail
    assert "\x1b" not in tail and "\r" not in tail and "LOGGING STARTED" not in tail


def test_the_newest_log_is_shown(log, tmp_path):
    older, newer = log(f"{STARTED}old\n", "erlang.log.2"), log(f"{STARTED}new\n", "erlang.log.1")
    os.utime(older, (1, 1))
    os.utime(newer, (2, 2))
    log("run_erl's own", "run_erl.log")
    assert _logs.tail(str(tmp_path)) == f"\nThe last lines of {newer}:\n  new"


def test_a_log_without_utf_8_is_readable(log, tmp_path):
    log(STARTED.encode() + "took 5 µs\n".encode("latin-1"))
    assert "took 5 \ufffds" in _logs.tail(str(tmp_path))


def test_only_the_end_of_a_long_log_is_read(log, tmp_path):
    log(STARTED + "".join(f"line {number}\n" for number in range(100000)))
    assert _logs.tail(str(tmp_path)).endswith("  line 99999")


@pytest.mark.parametrize("there", [False, True])
def test_no_log(tmp_path, there):
    if there:
        (tmp_path / "log").mkdir()
    assert _logs.tail(str(tmp_path)) == ""


def test_a_daemon_that_has_said_nothing(log, tmp_path):
    log(f"{STARTED}old\n{STARTED}")
    assert _logs.tail(str(tmp_path)) == ""


def test_as_many_lines_as_are_asked_for(log, tmp_path):
    path = log(f"{STARTED}one\ntwo\nthree\n")
    assert _logs.newest(str(tmp_path)) == str(path)
    assert _logs.last_lines(_logs.end_of(str(path)), 2) == ["two", "three"]
    assert _logs.end_of(str(path), 6) == "three\n"


def test_plain_text_is_all_of_it():
    assert _logs.plain(f"{STARTED}\x1b[31mone\r\n") == f"{STARTED}one\n"
