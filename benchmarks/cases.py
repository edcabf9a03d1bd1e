# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is measured: a row each, in the order in which a repetition runs them. A new way to deploy is a new row."""

from __future__ import annotations

import typing as t

# How a case is run
SCRIPT, PLAYBOOK, FLOOR = "script", "playbook", "floor"

# What the hosts have to serve at its end
NEW, SAME, PREVIOUS = "the new release", "what they served, in the same process", "the release before"

# Where its tarball comes from
FRESH, LINE, CURRENT = "never seen by a host", "a build that differs from what runs in one line of code", "what the hosts have"

QUICK_HOSTS = 2
# Releases that a host keeps
KEPT = 5
# How often plain.yml and looks.yml do their one task
TIMES = 20


class Case(t.NamedTuple):
    name: str
    title: str  # in the tables
    kind: str = PLAYBOOK
    playbook: str = "deploy"  # of the collection; with a / one of the benchmark
    variables: dict[str, t.Any] = {}
    tarball: str = ""
    ends: str = NEW
    hosts: tuple[int, ...] = ()  # on no other numbers of hosts; empty: on all
    over_ssh: bool = True  # else a longer line makes no difference, and it is measured on the shortest only
    restarts: bool = False  # ends with what the hosts served, in another process
    quick: bool = True  # part of a quick run
    lines: int = 0  # so many updates by a one-line change come before, unmeasured

    @property
    def common(self) -> bool:
        """It has nothing of the collection in it: the same whichever checkout is measured."""
        return self.kind != PLAYBOOK or "/" in self.playbook


ONE_BATCH = {"elixir_release_batches": ["100%"]}
AT_ONCE = {"elixir_release_stable_for": 0}
OFTEN = {"times": TIMES}

CASES = [
    Case("script", "bash script, host by host", SCRIPT, tarball=FRESH),
    Case("deploy", "deploy, default batches", variables=AT_ONCE, tarball=FRESH),
    Case("noop", "deploy again, nothing to do", variables=AT_ONCE, tarball=CURRENT, ends=SAME),
    Case("three", "play of three tasks", playbook="benchmarks/three.yml", ends=SAME),
    Case("deploy-100", "deploy, one batch", variables={**AT_ONCE, **ONE_BATCH}, tarball=FRESH, quick=False),
    Case("rollback", "rollback, default batches", playbook="rollback", variables=AT_ONCE, ends=PREVIOUS),
    Case("floor", "SIGTERM and start, all at once", FLOOR, ends=SAME, over_ssh=False, restarts=True),
    Case("stable", "deploy, default stable_for", tarball=FRESH, hosts=(1,), quick=False),
    Case("overlap", "deploy with overlap", variables={**AT_ONCE, "elixir_release_overlap": True}, tarball=FRESH, hosts=(1,), quick=False),
    Case("line", "deploy of a one-line change", variables=AT_ONCE, tarball=LINE, hosts=(1,), quick=False, lines=KEPT - 1),
    Case("plain", f"play of {TIMES} pings", playbook="benchmarks/plain.yml", variables=OFTEN, ends=SAME, hosts=(1,), over_ssh=False, quick=False),
    Case("looks", f"play of {TIMES} looks in vain", playbook="benchmarks/looks.yml", variables=OFTEN, ends=SAME, hosts=(1,), over_ssh=False, quick=False),
]
BY_NAME = {case.name: case for case in CASES}
