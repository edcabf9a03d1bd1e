# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _connections, _processes
from ansible_collections.beamops.elixir.plugins.module_utils._root._layout import Slot
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _drain, _live

PORTS = [4000, 4001]


@pytest.fixture
def process(layout):
    def make(pid, slot=None):
        environ = {"RELEASE_TMP": layout.slot_tmp(slot) if slot else layout.tmp}
        return _processes.Process(2**22 + pid, 1, 1.0, 0, f"{layout.root}/releases/{pid}", "shop", f"0.{pid}.0", "shop", False, environ)

    return make


@pytest.mark.parametrize(
    ("live", "running", "target"),
    [
        ("blue", ["blue"], "green"),
        ("green", ["green"], "blue"),
        ("blue", ["blue", "green"], "green"),  # what is left there is stopped before
        ("green", [], "green"),  # as after a reboot of a host that starts nothing: the traffic goes there already
        ("blue", [], "blue"),
    ],
)
def test_where_the_next_one_starts(layout, process, live, running, target):
    seen = _live.seen(layout, live, PORTS, [process(number, slot) for number, slot in enumerate(running)])
    assert seen.target == Slot(target, PORTS[["blue", "green"].index(target)])
    assert (seen.serving is not None) is (live in running)


def test_traffic_that_goes_where_nothing_runs(layout, process):
    with pytest.raises(ReleaseError, match=r"nginx serves the slot blue, where nothing runs, and 0.1.0 \(pid \d+\) .* runs in green: nothing was stopped."):
        _live.seen(layout, "blue", PORTS, [process(1, "green")])


def test_what_is_in_neither_slot(layout, process):
    with pytest.raises(ReleaseError, match=r"0.1.0 \(pid \d+\) .* is in neither slot, and listens at neither of the ports 4000 and 4001"):
        _live.seen(layout, "blue", PORTS, [process(1)])


def test_two_in_one_slot(layout, process):
    with pytest.raises(ReleaseError, match=r"0.1.0 .* and 0.2.0 .* run both in the slot blue: nothing was stopped"):
        _live.seen(layout, "blue", PORTS, [process(1, "blue"), process(2, "blue")])


WAITS, HAS = _connections.Connection(sent=9000, received=3000), _connections.Connection(sent=3000, received=9000)


@pytest.mark.parametrize(
    ("connections", "elapsed", "ready", "words"),
    [
        ([], 10, True, "nobody waits"),
        ([HAS, HAS], 10, True, "nobody waits"),
        ([HAS, WAITS], 10, False, "1 wait for an answer of the slot blue."),
        ([WAITS, WAITS], 61, True, "2 wait for an answer of the slot blue still, and the time for that is over"),
        (None, 10, False, "how many wait is not known"),
        (None, None, True, "the time for that is over"),
    ],
)
def test_when_a_slot_is_drained(connections, elapsed, ready, words):
    verdict = _drain.verdict(Slot("blue", 4000), connections, elapsed, 60)
    assert verdict.ready is ready and not verdict.fatal and words in verdict.msg
