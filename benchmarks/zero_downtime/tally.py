# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What became of the requests of one kind to one host."""

from __future__ import annotations

import collections
import time
import typing as t

# Of the failures; all of them are counted, by what they were
MOST_KEPT = 200

# How far a request had come. A wrong status is an answer, and a wrong one.
CONNECT, SEND, ANSWER, STATUS = "connect", "send", "answer", "wrong status"

_EPOCH = time.time() - time.monotonic()


class Lost(Exception):
    """A request that was not answered as it has to be."""

    def __init__(self, phase: str, what: str):
        super().__init__(f"{phase}: {what}")
        self.phase, self.what = phase, what


def now() -> float:
    """The time of day, to compare with what others wrote down; but set forward or back by nobody while this runs."""
    return _EPOCH + time.monotonic()


def rounded(seconds: float) -> float:
    return round(seconds, 4)


class Gap:
    """The longest time without a good answer. What was before the first one counts, and what comes after the last one."""

    def __init__(self, began: float):
        self._last = self._at = began
        self._longest = 0.0
        self._over = False

    def good(self, at: float) -> None:
        if not self._over:
            self._longest, self._at = self.longest(at)
            self._last = at

    def end(self, at: float) -> None:
        """Nothing is asked any more, so it does not grow any more."""
        self.good(at)
        self._over = True

    def longest(self, until: float) -> tuple[float, float]:
        """Of how many seconds, and when it began."""
        running = 0.0 if self._over else until - self._last
        return (running, self._last) if running > self._longest else (self._longest, self._at)

    def as_json(self) -> dict[str, float]:
        seconds, at = self.longest(now())
        return {"longest_gap": rounded(seconds), "longest_gap_at": rounded(at)}


class Tally:
    def __init__(self, gap_of_host: Gap):
        self.sent = self.good = self.failed = 0
        self.unfinished = 0  # in hand when the load ended, and not late yet
        self.gap = Gap(now())
        self.versions: dict[str, dict[str, float]] = {}
        self.failures: list[dict[str, t.Any]] = []
        self.causes: collections.Counter[str] = collections.Counter()
        self._gap_of_host = gap_of_host

    def begin(self) -> float:
        self.sent += 1
        return now()

    def answered(self, version: str = "") -> None:
        at = now()
        self.good += 1
        self.gap.good(at)
        self._gap_of_host.good(at)
        if version:
            seen = self.versions.setdefault(version, {"first": rounded(at), "last": at, "count": 0})
            seen["last"] = rounded(at)
            seen["count"] += 1

    def lost(self, lost: Lost, began: float, reused: bool) -> None:
        self.failed += 1
        self.causes[str(lost)] += 1
        if len(self.failures) < MOST_KEPT:
            at = now()
            failure = {"at": rounded(at), "phase": lost.phase, "what": lost.what, "after": rounded(at - began), "reused": reused}
            self.failures.append(failure)

    def left(self, began: float, due: float) -> None:
        """The load ended with this one in hand, whose answer may take as long as `due`."""
        if now() - began <= due:
            self.unfinished += 1
        else:
            self.lost(Lost(ANSWER, "none until the end"), began, False)

    def as_json(self) -> dict[str, t.Any]:
        return {
            "sent": self.sent,
            "answered": self.good,
            "failed": self.failed,
            "unfinished": self.unfinished,
            **self.gap.as_json(),
            "versions": self.versions,
            "causes": dict(self.causes),
            "failures": self.failures,
        }


class EntryTally(Tally):
    """What was acknowledged has to be in the database, once; what was not acknowledged may be."""

    def __init__(self, gap_of_host: Gap):
        super().__init__(gap_of_host)
        self.acknowledged: list[str] = []
        self.unacknowledged: list[str] = []

    def as_json(self) -> dict[str, t.Any]:
        return {**super().as_json(), "acknowledged": self.acknowledged, "unacknowledged": self.unacknowledged}


class PollTally(Tally):
    def __init__(self, gap_of_host: Gap):
        super().__init__(gap_of_host)
        self.early = 0

    def as_json(self) -> dict[str, t.Any]:
        return {**super().as_json(), "early": self.early}


class SocketTally(Tally):
    def __init__(self, gap_of_host: Gap):
        super().__init__(gap_of_host)
        self.opened = self.held = 0
        self.crossed = 0  # messages that met the server's close on their way
        self.codes: collections.Counter[int] = collections.Counter()
        self.reconnects: list[dict[str, float]] = []

    def opened_again(self, code: int, closed: float) -> None:
        self.reconnects.append({"at": rounded(closed), "code": code, "seconds": rounded(now() - closed)})

    def as_json(self) -> dict[str, t.Any]:
        return {
            **super().as_json(),
            "opened": self.opened,
            "held_at_end": self.held,
            "crossed": self.crossed,
            "codes": {str(code): count for code, count in sorted(self.codes.items())},
            "longest_reconnect": max((reconnect["seconds"] for reconnect in self.reconnects), default=0.0),
            "reconnects": self.reconnects,
        }
