# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A line for a person who watches: how it goes, each second."""

from __future__ import annotations

import asyncio
import collections
import itertools
import shutil
import sys
import time
import typing as t

from ansible_collections.beamops.elixir.benchmarks.zero_downtime.tally import Gap, Tally, now

EVERY = 1.0
# Of a terminal: the start of the line, and away with what stood there
OVERWRITE = "\r\033[K"
GREEN, RED, BOLD, DIM, PLAIN = "\033[32m", "\033[1;31m", "\033[1m", "\033[2m", "\033[0m"
BETWEEN = "  "
# Two fit in 80 columns
MOST_VERSIONS = 3


class Counts(t.NamedTuple):
    answered: int
    failed: int
    versions: collections.Counter[str]

    @classmethod
    def of(cls, tallies: t.Collection[Tally]) -> Counts:
        versions: collections.Counter[str] = collections.Counter()
        for tally in tallies:
            versions.update({version: int(seen["count"]) for version, seen in tally.versions.items()})
        return cls(sum(tally.good for tally in tallies), sum(tally.failed for tally in tallies), versions)


def line(seconds: float, counts: Counts, lately: collections.Counter[str], gap: float) -> list[tuple[str, str]]:
    """Its parts, with the colour of each. Of a version it says what part it had in the last second's answers."""
    of_all = sum(lately.values())
    parts = [
        (f"{int(seconds) // 60:d}:{int(seconds) % 60:02d}", ""),
        (f"{counts.answered:6d} answered", BOLD),
        (f"{counts.failed} failed", RED if counts.failed else GREEN),
        (f"longest gap {gap:.2f} s", ""),
    ]
    if not of_all:
        parts.append(("nobody answers", RED))
    return parts + [(f"{version} {share(lately[version], of_all)}", "" if lately[version] else DIM) for version in shown_versions(counts.versions, lately)]


def shown_versions(seen: t.Iterable[str], lately: t.Mapping[str, int]) -> list[str]:
    """What answers now is shown first of all; then what was seen last."""
    seen = list(seen)
    shown = sorted(seen, key=lambda version: bool(lately.get(version)))[-MOST_VERSIONS:]
    return [version for version in seen if version in shown]


def share(count: int, of_all: int) -> str:
    """A single answer of another version is neither none nor all of them."""
    percent = round(100 * count / of_all) if of_all else 0
    if 0 < count < of_all:
        percent = min(max(percent, 1), 99)
    return f"{percent:3d}%"


def painted(parts: t.Iterable[tuple[str, str]], columns: int) -> str:
    """As much of it as fits in one line of the terminal: a longer one could not be written over."""
    left, shown = columns - 1 + len(BETWEEN), []
    for text, colour in parts:
        if len(text) + len(BETWEEN) > left:
            break
        left -= len(text) + len(BETWEEN)
        shown.append(f"{colour}{text}{PLAIN}" if colour else text)
    return BETWEEN.join(shown)


class Counter:
    def __init__(self, tallies: t.Collection[Tally], gaps: t.Collection[Gap], out: t.TextIO = sys.stdout):
        self._tallies, self._gaps, self._out = tallies, gaps, out
        self._began = time.monotonic()
        self._before = Counts.of(tallies)

    async def run(self, over: asyncio.Event) -> None:
        for beat in itertools.count(1):
            await asyncio.sleep(self._began + beat * EVERY - time.monotonic())
            if over.is_set():
                break
            counts = Counts.of(self._tallies)
            self._show(beat * EVERY, counts, counts.versions - self._before.versions)
            self._before = counts

    def close(self, seconds: float) -> None:
        """What it came to in the end, with the parts of the versions in all answers."""
        counts = Counts.of(self._tallies)
        self._show(seconds, counts, counts.versions)
        if self._out.isatty():
            self._out.write("\n")

    def _show(self, seconds: float, counts: Counts, lately: collections.Counter[str]) -> None:
        parts = line(seconds, counts, lately, max(gap.longest(now())[0] for gap in self._gaps))
        if self._out.isatty():
            text = OVERWRITE + painted(parts, shutil.get_terminal_size().columns)
        else:
            text = BETWEEN.join(part for part, _colour in parts) + "\n"
        self._out.write(text)
        self._out.flush()
