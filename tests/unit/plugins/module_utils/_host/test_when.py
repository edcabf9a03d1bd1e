# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import calendar
import time

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _when


def at(text):
    return float(calendar.timegm(time.strptime(text, "%Y-%m-%d %H:%M:%S")))


NOW = at("2026-11-28 14:30:00")


@pytest.fixture(autouse=True)
def utc(monkeypatch):
    in_zone(monkeypatch, "UTC")


def in_zone(monkeypatch, zone):
    monkeypatch.setenv("TZ", zone)
    time.tzset()


@pytest.fixture(autouse=True, scope="module")
def own_zone_again():
    yield
    time.tzset()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10 min ago", "2026-11-28 14:20:00"),
        (" 10min ", "2026-11-28 14:20:00"),
        ("90s", "2026-11-28 14:28:30"),
        ("1 second ago", "2026-11-28 14:29:59"),
        ("2 hours ago", "2026-11-28 12:30:00"),
        ("3d ago", "2026-11-25 14:30:00"),
        ("2026-11-28", "2026-11-28 00:00:00"),
        ("2026-11-28T14:05", "2026-11-28 14:05:00"),
        ("2026-11-28 14:05:06", "2026-11-28 14:05:06"),
        ("2026-11-28T14:05:06.789Z", "2026-11-28 14:05:06"),
        ("2026-11-28T14:05+01:00", "2026-11-28 13:05:00"),
        ("2026-11-28T14:05:00-0230", "2026-11-28 16:35:00"),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_a_moment(text, expected, zone, monkeypatch):
    in_zone(monkeypatch, zone)
    assert _when.moment(text, NOW) == at(expected)


@pytest.mark.parametrize("text", ["yesterday", "10", "ten min ago", "10 weeks ago", "2026-13-01", "2026-11-28T25:00", "28.11.2026", "-5 min", "2026-11-28T14"])
def test_what_is_no_moment_is_refused(text):
    with pytest.raises(ReleaseError, match="10 min ago"):
        _when.moment(text, NOW)


def since(lines, start="2026-11-28 14:20:00", written="2026-11-28 14:30:00"):
    return _when.since(lines, at(written), at(start))


OF_DAY = ["14:10:00.001 [info] a", "14:19:59.900 [info] b", "  of b", "14:20:00.100 [info] c", "14:30:00.000 [info] d"]


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(OF_DAY, id="times of day"),
        pytest.param([f"2026-11-28 {line}" if line[0] == "1" else line for line in OF_DAY], id="with the date"),
        pytest.param([f"[2026-11-28T{line}" if line[0] == "1" else line for line in OF_DAY], id="in brackets"),
        pytest.param([f'{{"level":"info","time":"2026-11-28T{line[:12]}Z"}}' if line[0] == "1" else line for line in OF_DAY], id="JSON"),
    ],
)
def test_since_a_moment(lines):
    # What has no time of its own may be of the moment itself
    assert since(lines) == lines[2:]
    assert since(lines, start="2026-11-28 14:00:00") == lines
    assert since(lines, start="2026-11-28 14:31:00") == []


def test_a_time_of_day_may_be_of_yesterday():
    lines = ["23:58:00 [info] a", "23:59:30 [info] b", "00:01:00 [info] c"]
    assert since(lines, "2026-11-27 23:59:00", "2026-11-28 00:01:00") == lines[1:]
    assert since(lines, "2026-11-28 00:00:30", "2026-11-28 00:01:00") == lines[2:]
    assert since(["10:00:00 [info] of days ago", *lines], "2026-11-27 09:00:00", "2026-11-28 00:01:00") == ["10:00:00 [info] of days ago", *lines]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
def test_a_log_has_the_time_of_its_host_or_utc(zone, monkeypatch):
    in_zone(monkeypatch, zone)
    assert since(OF_DAY) == OF_DAY[2:], "UTC, as Logger with utc_log"
    ahead = {"Europe/Berlin": 1, "America/New_York": -5}[zone]
    local = [f"{int(line[:2]) + ahead:02}{line[2:]}" if line[0] == "1" else line for line in OF_DAY]
    assert since(local) == local[2:]


def test_lines_without_a_time_are_as_old_as_the_marks_between_them():
    marks = ["===== LOGGING STARTED Sat Nov 28 13:00:00 UTC 2026", "a", "===== ALIVE Sat Nov 28 14:15:00 UTC 2026", "b"]
    assert since(marks) == ["b"]
    assert since(["a", "b"]) == ["a", "b"], "nobody can tell"
    assert since(["a", "b"], written="2026-11-28 14:19:00") == []


def test_what_only_looks_like_a_time_is_none():
    lines = ["14:29:00 [info] inserted at 2020-01-01 00:00:00", "10:20 is no time", "99:99:99 is none either", "14:30:00 [info] b"]
    assert since(lines) == lines


def test_the_end_of_the_year():
    lines = ["23:59:59 [info] a", "00:00:01 [info] b"]
    assert since(lines, "2026-12-31 23:59:00", "2027-01-01 00:00:01") == lines
