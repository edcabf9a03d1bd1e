# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Gaps, failures and versions."""

from __future__ import annotations

import pytest

from ansible_collections.beamops.elixir.benchmarks.zero_downtime import tally
from ansible_collections.beamops.elixir.benchmarks.zero_downtime.tally import ANSWER, MOST_KEPT, Gap, Lost, Tally


@pytest.fixture
def clock(monkeypatch):
    """Sets the time."""
    times = {"now": 100.0}
    monkeypatch.setattr(tally, "now", lambda: times["now"])
    return lambda at: times.update(now=at)


def test_the_longest_gap_is_between_two_good_answers():
    gap = Gap(100.0)
    for at in (100.1, 100.4, 102.4, 102.5):
        gap.good(at)
    assert gap.longest(102.5) == pytest.approx((2.0, 100.4))


def test_a_gap_may_be_before_the_first_answer():
    gap = Gap(100.0)
    gap.good(103.0)
    assert gap.longest(103.5) == (3.0, 100.0)


def test_a_gap_grows_while_nobody_answers_and_until_the_end():
    gap = Gap(100.0)
    gap.good(101.0)
    assert gap.longest(104.0) == (3.0, 101.0)
    gap.end(105.0)
    assert gap.longest(200.0) == (4.0, 101.0)


def test_what_is_answered_after_the_end_makes_no_gap():
    gap = Gap(100.0)
    gap.end(101.0)
    gap.good(120.0)
    assert gap.longest(120.0) == (1.0, 100.0)


def test_a_version_has_its_first_and_its_last_moment(clock):
    counted = Tally(Gap(100.0))
    for at, version in ((101.0, "0.1.0"), (102.0, "0.2.0"), (103.0, "0.1.0")):
        clock(at)
        counted.begin()
        counted.answered(version)
    assert counted.versions == {"0.1.0": {"first": 101.0, "last": 103.0, "count": 2}, "0.2.0": {"first": 102.0, "last": 102.0, "count": 1}}


def test_an_answer_of_any_kind_ends_the_gap_of_the_host(clock):
    gap = Gap(100.0)
    one, other = Tally(gap), Tally(gap)
    for at, answered in ((101.0, one), (102.0, other), (103.0, one)):
        clock(at)
        answered.answered()
    assert gap.longest(103.0)[0] == 1.0
    assert one.gap.longest(103.0)[0] == 2.0


def test_a_failure_says_when_and_what(clock):
    counted = Tally(Gap(100.0))
    began = counted.begin()
    clock(100.5)
    counted.lost(Lost(ANSWER, "EOF"), began, reused=True)
    assert counted.as_json()["failures"] == [{"at": 100.5, "phase": "answer", "what": "EOF", "after": 0.5, "reused": True}]


def test_all_failures_are_counted_and_some_are_kept():
    counted = Tally(Gap(100.0))
    for _number in range(MOST_KEPT + 5):
        counted.lost(Lost(ANSWER, "EOF"), counted.begin(), reused=False)
    told = counted.as_json()
    assert (told["failed"], told["causes"], len(told["failures"])) == (MOST_KEPT + 5, {"answer: EOF": MOST_KEPT + 5}, MOST_KEPT)


def test_what_is_in_hand_at_the_end_is_lost_only_where_it_is_late(clock):
    counted = Tally(Gap(100.0))
    began = counted.begin()
    clock(105.0)
    counted.left(began, due=10.0)
    assert (counted.failed, counted.unfinished) == (0, 1)
    counted.left(began, due=4.0)
    assert (counted.failed, counted.unfinished) == (1, 1)
