# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lines that tell why a daemon died: bin/NAME daemon itself never does."""

from __future__ import annotations

import calendar
import os
import re
import time

from ansible_collections.beamops.elixir.plugins.module_utils._host import _text

LINES = 30  # as many as a release of Elixir 1.14 writes about a variable that is missing
# Of these, from the beginning: what keeps a node from booting at all, such as a name that is taken, it says first
FIRST_LINES = 5
# A file of run_erl's is 100 KB, unless RUN_ERL_LOG_MAXSIZE says otherwise
BYTES = 1 << 20
STARTED = "===== LOGGING STARTED"
# Where it was started, and where nothing was said for a while
MARK = re.compile(r"===== (?:LOGGING STARTED|ALIVE) \w{3} (\w{3} +\d+ \d\d:\d\d:\d\d) (\S+) (\d{4})")
REFUSED = re.compile(r"\b(eacces|erofs)\b|permission denied|read-only file system", re.IGNORECASE)


def tail(tmp: str) -> str:
    """Of what was said since the last start."""
    return quoted(newest(tmp), since_start(tmp))


def quoted(where: str | None, text: str) -> str:
    """The beginning and the end of what was said, as one indented text; empty where that is nothing."""
    lines = ends(lines_of(text), FIRST_LINES, LINES - FIRST_LINES)
    return "\n".join([f"\nThe last lines of {where}:", *(f"  {line}" for line in lines)]) if lines else ""


def newest(tmp: str) -> str | None:
    """The erlang.log.N that is written to: run_erl begins the next one when it is full."""
    return next(iter(newest_first(tmp)), None)


def since_start(tmp: str) -> str:
    """What was written since run_erl started last, in all files that it has filled meanwhile. What it wrote itself, or a run before, is left out."""
    text = ""
    for path in newest_first(tmp):
        text = end_of(path) + text
        if STARTED in text or os.path.getsize(path) > BYTES:
            break
    # Behind the rest of the line that says when, or of a line that is cut off
    return plain(text).rpartition(STARTED)[2].partition("\n")[2]


def started(tmp: str) -> float | None:
    """When run_erl started last, as it says itself; None where it does not say."""
    for path in newest_first(tmp):
        said = [mark for mark in MARK.finditer(end_of(path)) if mark[0].startswith(STARTED)]
        if said:
            return of_mark(said[-1])
    return None


def lines_of(text: str) -> list[str]:
    """The lines that say something, without those of run_erl itself."""
    lines = [line.rstrip() for line in text.splitlines()]
    return [line for line in lines if line and not line.startswith("=====")]


def ends(lines: list[str], first: int, last: int) -> list[str]:
    """The first and the last ones, and how many are between them."""
    left_out = len(lines) - first - last
    return lines if left_out <= 0 else [*lines[:first], f"(... {left_out} lines ...)", *lines[-last:]]


def refused_writes(text: str, directory: str) -> list[str]:
    """The paths under a directory that could not be written to, as often as the log says so."""
    path = re.compile(re.escape(directory) + r"/[^\s\"'`,;:)\]}>]*")
    found = (path.search(line) for line in lines_of(text) if REFUSED.search(line))
    return [match[0] for match in found if match]


def plain(text: str) -> str:
    return _text.readable(_text.shown(text))


def end_of(path: str, size: int = BYTES) -> str:
    with open(path, "rb") as file:
        file.seek(max(0, os.path.getsize(path) - size))
        return _text.decoded(file.read())


def of_mark(mark: re.Match[str]) -> float | None:
    """When run_erl wrote it. None of a time zone that is not this host's: the release may have one of its own."""
    day, zone, year = mark.groups()
    try:
        moment = time.strptime(f"{day} {year}", "%b %d %H:%M:%S %Y")
    except ValueError:
        return None
    if zone in ("UTC", "GMT"):
        return float(calendar.timegm(moment))
    return time.mktime(moment) if zone in time.tzname else None


def newest_first(tmp: str) -> list[str]:
    """The files of run_erl's log, by when they were written."""
    directory = os.path.join(tmp, "log")
    try:
        logs = [os.path.join(directory, name) for name in os.listdir(directory) if name.startswith("erlang.log.")]
        return sorted(logs, key=os.path.getmtime, reverse=True)
    except OSError:
        return []
