# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Moments as people write them, and as the lines of a log do. All are in seconds since 1970."""

from __future__ import annotations

import calendar
import re
import time

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _logs

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
DAY = UNITS["d"]
AGO = re.compile(r"(\d+)\s*(s|secs?|seconds?|m|mins?|minutes?|h|hours?|d|days?)(\s+ago)?")
DATE = r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)"
TIME = r"(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,]\d+)?)?\s?(?P<zone>Z|UTC|[+-]\d\d:?\d\d)?"
DATED = re.compile(rf"{DATE}(?:[T ]{TIME})?")
# At the beginning of a line, as Logger writes it, with the date or without; or in one that is JSON
STAMP = re.compile(rf'(?:^\[?|"(?:time|timestamp|@timestamp)"\s*:\s*")(?:{DATE}[T ]{TIME}|(?P<of_day>\d\d:\d\d:\d\d)\b)')
# Between the clock of a log and that of its file
SLACK = 2.0


def moment(text: str, now: float) -> float:
    """As somebody names one who wants to see what was said since then. A time without a zone is in UTC, on all hosts the same."""
    ago, dated = AGO.fullmatch(text.strip()), DATED.fullmatch(text.strip())
    if ago:
        return now - int(ago[1]) * UNITS[ago[2][0]]
    found = _of_date(dated, 0) if dated else None
    if found is None:
        raise ReleaseError(f"since is {text!r}: give how long ago, such as '10 min ago', or a time such as 2026-11-28T14:30 (UTC) or 2026-11-28T14:30+01:00.")
    return found


def since(lines: list[str], written: float, start: float) -> list[str]:
    """The lines of a log that were written since then, by the times in them; its last one was written at `written`.

    A line without a time is left out only where a later one is too old. So a log without any time in it is as old as its last line.
    """
    if written < start:
        return []
    ahead, latest = _ahead(lines, written), written
    for index, line in reversed(list(enumerate(lines))):
        found = of_line(line, latest, ahead)
        if found is not None and found < start:
            return lines[index + 1 :]
        latest = latest if found is None else min(latest, found)
    return lines


def of_line(line: str, latest: float, ahead: float) -> float | None:
    """When it was written, which was not later than `latest`, by a clock that is so many seconds ahead of UTC."""
    mark = _logs.MARK.search(line)
    if mark:
        return _logs.of_mark(mark)
    stamp = STAMP.search(line)
    if not stamp:
        return None
    return _of_day(stamp["of_day"], latest, ahead) if stamp["of_day"] else _of_date(stamp, ahead)


def _of_date(match: re.Match[str], ahead: float) -> float | None:
    year, month, day, hour, minute, second = (int(match[name] or 0) for name in ("year", "month", "day", "hour", "minute", "second"))
    if not (1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60):
        return None
    zone = match["zone"]
    if zone:
        ahead = 0 if zone[0] not in "+-" else int(f"{zone[0]}1") * (int(zone[1:3]) * 3600 + int(zone[-2:]) * 60)
    return float(calendar.timegm((year, month, day, hour, minute, second))) - ahead


def _of_day(clock: str, latest: float, ahead: float) -> float:
    """When it was so late for the last time."""
    hour, minute, second = map(int, clock.split(":"))
    found = (latest + ahead) // DAY * DAY - ahead + hour * 3600 + minute * 60 + second
    return found if found <= latest + SLACK else found - DAY


def _ahead(lines: list[str], written: float) -> float:
    """How much the clock of a log is ahead of UTC. It has that or the host's own time, and its last line was written a moment ago."""
    last = next((line for line in reversed(lines) if STAMP.search(line)), "")
    local = float(time.localtime(written).tm_gmtoff)
    return min((local, 0.0), key=lambda ahead: abs(written - (of_line(last, written, ahead) or written)))
