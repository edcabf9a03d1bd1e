# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the runs come to: a list of values for each case, subject, number of hosts and round-trip time."""

from __future__ import annotations

import statistics
import typing as t

from ansible_collections.beamops.elixir.benchmarks import cases

Run = dict[str, t.Any]
Metric = t.Callable[[Run], t.Optional[float]]

# The task of the collection's that does what the script leaves to a person
MIGRATING = "Run the migrations"


def wall(run: Run) -> float:
    return run["wall"]


def wall_without_migrating(run: Run) -> float | None:
    if not run.get("timeline"):
        return None
    return run["wall"] - sum(task["seconds"] for task in run["timeline"] if task["task"] == MIGRATING)


def away(run: Run) -> float:
    """The host that was away longest."""
    return max(seen["downtime"] for seen in run["seen"].values())


def sent(run: Run) -> float | None:
    """The host that was sent most."""
    return max(run["sent"].values()) if "sent" in run else None


def received(run: Run) -> float | None:
    return max(run["received"].values()) if "received" in run else None


def controller_cpu(run: Run) -> float | None:
    return run.get("cpu")


def host_cpu(run: Run) -> float | None:
    return statistics.mean(run["cpu_hosts"].values()) if "cpu_hosts" in run else None


def release_bytes(run: Run) -> float | None:
    """Of the release itself, without what Ansible sends of its own."""
    return max((host["release_bytes"] for host in run["tasks"].values()), default=None) if run.get("tasks") else None


def disk(run: Run) -> float | None:
    """All kept releases, as so many times the one that shares nothing."""
    return sum(run["disk"]) / run["disk"][0] if len(run.get("disk", ())) == cases.KEPT else None


def remote_tasks(run: Run) -> float | None:
    return max((host["remote"] for host in run["tasks"].values()), default=None) if "tasks" in run else None


def tasks(run: Run) -> float | None:
    return max((host["tasks"] + host["skipped"] for host in run["tasks"].values()), default=None) if "tasks" in run else None


def retrying(run: Run) -> float | None:
    return run.get("retrying")


def floor_part(part: str) -> Metric:
    return lambda run: max(host[part] for host in run["floor"].values()) if "floor" in run else None


def floor(run: Run) -> float | None:
    """The host that took longest for both."""
    return max(host["stop"] + host["start"] for host in run["floor"].values()) if "floor" in run else None


class Values(t.NamedTuple):
    median: float
    least: float
    most: float
    count: int

    @classmethod
    def of(cls, values: t.Sequence[float]) -> Values:
        return cls(statistics.median(values), min(values), max(values), len(values))


class Figures:
    def __init__(self, content: dict[str, t.Any]):
        self.content = content
        self.good = [run for run in content["runs"] if not run["error"]]
        self.bad = [run for run in content["runs"] if run["error"]]
        self.subjects = list(content["collections"])
        self.rtts = sorted({run["rtt"] for run in content["runs"]})
        self.hosts = sorted({run["hosts"] for run in content["runs"]})

    def of(self, metric: Metric, case: str, subject: str, hosts: int, rtt: int) -> Values | None:
        """What has nothing of the collection in it was measured once for all subjects, and what does not go over ssh for all round-trip times."""
        of_all = cases.BY_NAME[case]
        found = [run for run in self.good if run["case"] == case and run["hosts"] == hosts]
        if of_all.over_ssh:
            found = [run for run in found if run["rtt"] == rtt]
        if not of_all.common:
            found = [run for run in found if run["subject"] == subject]
        values = [value for value in map(metric, found) if value is not None]
        return Values.of(values) if values else None

    def columns(self) -> list[tuple[cases.Case, str]]:
        """Each case that was measured, for each subject that it is different for."""
        measured = {run["case"] for run in self.good}
        return [(case, subject) for case in cases.CASES if case.name in measured for subject in (self.subjects[:1] if case.common else self.subjects)]
