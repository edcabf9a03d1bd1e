# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A line that is drawn anew, and never stands in the way of another one. How it looks on a terminal: callback/test_story.py."""

from __future__ import annotations

import time

import pytest

from ansible_collections.beamops.elixir.plugins.plugin_utils import _progress


@pytest.fixture
def written():
    return []


@pytest.fixture
def progress(written, monkeypatch):
    monkeypatch.setattr(_progress, "EVERY", 0.01)
    progress = _progress.Progress(written.append)
    yield progress
    progress.end()


def drawn(written, times=1, seconds=5.0):
    end = time.monotonic() + seconds
    while len(written) < times and time.monotonic() < end:
        time.sleep(0.002)
    return len(written) >= times


def test_it_is_drawn_again_and_again(progress, written):
    progress.begin()
    progress.show(lambda passed: f"{passed < 5}")
    assert drawn(written, 3) and set(written) == {"\x1b[KTrue\r"}


def test_it_is_gone_while_something_else_is_written(progress, written):
    progress.show(lambda passed: "waits")
    assert drawn(written)
    with progress.away():
        assert written.pop() == "\x1b[K\r"
        count = len(written)
        time.sleep(0.05)
        assert len(written) == count
    assert drawn(written, count + 1), "it comes back"


def test_nothing_is_cleared_that_was_not_drawn(progress, written):
    with progress.away():
        pass
    progress.show(None)
    assert not written and not progress._thread


def test_what_takes_no_time_is_not_shown(written, monkeypatch):
    monkeypatch.setattr(_progress, "EVERY", 0.01)
    progress = _progress.Progress(written.append, clock=lambda: 0.0)
    progress.begin()
    progress.show(lambda passed: "waits")
    assert not drawn(written, seconds=0.1)
    progress.end()


def test_it_ends_at_once_and_leaves_nothing(progress, written):
    progress.show(lambda passed: "waits")
    assert drawn(written)
    progress.end()
    assert written[-1] == "\x1b[K\r" and not progress._thread.is_alive()
