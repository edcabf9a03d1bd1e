# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import time

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._host import _logs

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
        pytest.param(STARTED, [], id="nothing said"),
        pytest.param("f of a line\nwhole\n", ["whole"], id="no start in sight"),
    ],
)
def test_what_was_said_since_the_last_start(log, tmp_path, text, lines):
    log(text)
    assert _logs.lines_of(_logs.since_start(str(tmp_path))) == lines


def test_the_first_lines_are_shown_as_well_as_the_last(log, tmp_path):
    """Line 1 says that the node name is taken; then come the pages of a supervisor."""
    path = log(f"{STARTED}Can't set short node name!\n" + "".join(f"{number}\n" for number in range(40)))
    shown = ["Can't set short node name!", "0", "1", "2", "3", "(... 11 lines ...)", *map(str, range(15, 40))]
    assert _logs.tail(str(tmp_path)) == f"\nThe last lines of {path}:\n" + "\n".join(f"  {line}" for line in shown)


@pytest.mark.parametrize("first, last, expected", [(1, 1, ["a", "(... 2 lines ...)", "d"]), (2, 2, ["a", "b", "c", "d"]), (3, 3, ["a", "b", "c", "d"])])
def test_no_line_is_shown_twice(first, last, expected):
    assert _logs.ends(["a", "b", "c", "d"], first, last) == expected


def test_a_start_in_a_file_that_is_full_by_now(log, tmp_path):
    for age, (name, text) in enumerate([("erlang.log.3", f"{STARTED}before\n"), ("erlang.log.4", f"{STARTED}one\ntwo\n"), ("erlang.log.5", "three\n")]):
        os.utime(log(text, name), (age, age))
    assert _logs.lines_of(_logs.since_start(str(tmp_path))) == ["one", "two", "three"]


@pytest.mark.parametrize(
    "said, moment",
    [
        ("Mon Nov 23 02:26:57 UTC 2026", 1795400817),
        ("Mon Nov  2 02:26:57 UTC 2026", 1793586417),
        ("Mon Nov 23 02:26:57 XYZ 2026", None),
        ("Lun Foo 23 02:26:57 UTC 2026", None),
        ("", None),
    ],
    ids=["UTC", "a day of one digit", "a time zone of its own", "another language", "nothing"],
)
def test_when_it_was_started_last(log, tmp_path, said, moment):
    log(f"\n=====\n===== LOGGING STARTED Sun Nov 22 01:00:00 {'UTC' if moment else 'XYZ'} 2026\n=====\nold\n\n=====\n===== LOGGING STARTED {said}\n=====\n")
    assert _logs.started(str(tmp_path)) == moment


def test_when_it_was_started_by_the_clock_of_this_host(log, tmp_path):
    now = time.localtime(1795400817)
    log(f"\n=====\n===== LOGGING STARTED {time.strftime('%a %b %e %H:%M:%S %Z %Y', now)}\n=====\n")
    assert _logs.started(str(tmp_path)) == 1795400817


RELEASES = "/opt/guestbook/releases"


@pytest.mark.parametrize(
    "line, paths",
    [
        (f'** (File.Error) could not write to file "{RELEASES}/0.2.0-b/lib/x/priv/up.png": permission denied', [f"{RELEASES}/0.2.0-b/lib/x/priv/up.png"]),
        (f"** (MatchError) no match: {{:error, :eacces}} at {RELEASES}/0.2.0-b/lib/tzdata-1.1.1/priv)", [f"{RELEASES}/0.2.0-b/lib/tzdata-1.1.1/priv"]),
        (f"{{error,erofs,'{RELEASES}/0.2.0-b/x'}}", [f"{RELEASES}/0.2.0-b/x"]),
        (f"mkdir: cannot create directory '{RELEASES}/0.2.0-b/y': Read-only file system", [f"{RELEASES}/0.2.0-b/y"]),
        ("could not write to file /var/lib/x: permission denied", []),
        (f"started from {RELEASES}/0.2.0-b/bin", []),
        ("[error] {:error, :eacces}", []),
    ],
)
def test_what_could_not_be_written(line, paths):
    assert _logs.refused_writes(f"first\n{line}\nlast\n", RELEASES) == paths


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
    assert "took 5 \\xb5s" in _logs.tail(str(tmp_path))


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


def test_only_as_much_of_the_end_is_read_as_is_asked_for(log):
    assert _logs.end_of(str(log(f"{STARTED}one\ntwo\nthree\n")), 6) == "three\n"


def test_foreign_bytes_and_binaries_are_made_readable():
    assert _logs.plain('\x1b[2J{badarg,<<101,110,118,32,65>>}') == '\\x1b[2J{badarg,<<"env A">>}'


def test_plain_text_is_all_of_it():
    assert _logs.plain(f"{STARTED}\x1b[31mone\r\n") == f"{STARTED}one\n"
