# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The line that a person watches."""

from __future__ import annotations

import asyncio
import collections
import io

from ansible_collections.beamops.elixir.benchmarks.zero_downtime import counter
from ansible_collections.beamops.elixir.benchmarks.zero_downtime.counter import Counter, Counts
from ansible_collections.beamops.elixir.benchmarks.zero_downtime.tally import ANSWER, Gap, Lost, Tally, now

VERSIONS = collections.Counter({"0.1.0": 900, "0.2.0": 100})


class Terminal(io.StringIO):
    def isatty(self):
        return True


def text(parts):
    return "  ".join(part for part, _colour in parts)


def watched(out, beats):
    """What is written of one host that answers two requests and loses one."""
    gap = Gap(now())
    tally = Tally(gap)
    tally.answered("0.1.0")
    tally.answered("0.1.0")
    tally.lost(Lost(ANSWER, "EOF"), tally.begin(), reused=False)

    async def watch():
        over = asyncio.Event()
        watching = asyncio.ensure_future(Counter([tally], [gap], out).run(over))
        await asyncio.sleep(counter.EVERY * (beats + 0.5))
        watching.cancel()

    asyncio.run(watch())
    return out.getvalue()


def test_says_how_many_and_which_versions_had_which_part_lately():
    parts = counter.line(75.2, Counts(1000, 0, VERSIONS), collections.Counter({"0.1.0": 1, "0.2.0": 399}), 0.04)
    assert text(parts) == "1:15    1000 answered  0 failed  longest gap 0.04 s  0.1.0   1%  0.2.0  99%"


def test_two_versions_fit_on_a_narrow_terminal():
    parts = counter.line(599, Counts(123456, 0, VERSIONS), VERSIONS, 0.04)
    assert "0.2.0  10%" in counter.painted(parts, 80)


def test_of_many_versions_what_answers_now_is_shown():
    versions = collections.Counter({"0.1.0": 9, "0.2.0": 9, "0.3.0": 9, "0.4.0": 9})
    assert counter.shown_versions(versions, {"0.1.0": 1}) == ["0.1.0", "0.3.0", "0.4.0"]


def test_what_does_not_fit_is_left_out():
    parts = counter.line(5, Counts(1000, 3, VERSIONS), VERSIONS, 0.04)
    assert counter.painted(parts, 40) == f"0:05  {counter.BOLD}  1000 answered{counter.PLAIN}  {counter.RED}3 failed{counter.PLAIN}"


def test_says_where_nobody_answered_lately():
    assert "nobody answers" in text(counter.line(5, Counts(1000, 3, VERSIONS), collections.Counter(), 1.0))


def test_writes_a_line_each_time(monkeypatch):
    monkeypatch.setattr(counter, "EVERY", 0.05)
    lines = watched(io.StringIO(), 2).splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("0:00       2 answered  1 failed")


def test_writes_over_its_line_on_a_terminal(monkeypatch):
    monkeypatch.setattr(counter, "EVERY", 0.05)
    written = watched(Terminal(), 2)
    assert written.count(counter.OVERWRITE) == 2
    assert "\n" not in written
