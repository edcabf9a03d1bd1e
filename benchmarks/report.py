# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes RESULTS.md and the pictures from results.json, and nothing that is not in it."""

from __future__ import annotations

import functools
import json
import pathlib
import typing as t

from ansible_collections.beamops.elixir.benchmarks import cases, figures, pictures
from ansible_collections.beamops.elixir.benchmarks.figures import Figures, Metric
from ansible_collections.beamops.elixir.benchmarks.marks import marks

HEAD = """# How long an update takes

Made by `tools/bench` from [results.json](results.json); nothing here is written by hand. It runs updates of [guestbook](../examples/guestbook) on hosts in
Docker over ssh, all kinds of them in turn, {repetitions}. A figure is their median, with the least and the most in brackets.

{machine}

Controller, hosts, database and prober share this machine's cores, so that what many hosts do at the same time takes longer than it would on machines of
their own: the floor is measured under the same conditions. The script and the collection each have hosts of their own; all are up all the time.

- **The script** is the bash script that the collection replaces, [as it was](../molecule/shared/bash-script), for one host after the other. It rehearses
  nothing and leaves the migrations to a person; the collection does both, with a BEAM each.
- **The floor** is no deploy: SIGTERM to the process on all hosts at once and, as soon as it is gone, `bin/guestbook daemon`, until `/health` answers.
- A **one-line change** is a second build of the same version that differs in one line of the application's code. Every other update is to a tarball that no
  host has seen, of the other one of two versions.
- The collection's cases have `elixir_release_stable_for: 0`, but the one that says something else.
- **Downtime** is seen from outside, by a program that asks each host for `/version` over a new connection: from the last good answer before the first
  failure to the next good one, on the host that was away longest. It asks a host that is away every 10 ms, and one that answers as often, but
  all hosts together no more than 50 times a second: each good answer costs 1.5 ms of CPU time.
- **Bytes** are counted by a relay in front of sshd, so they are those of the encrypted connections. It also makes the round-trip time, by handing on each
  piece that much later, without making the line narrow. The floor does not go over ssh: it was measured once for all round-trip times.
- A run counts only if at its end every host serves what it has to, in a new process where it has to be a new one. {errors}
"""


def words(values: figures.Values | None, form: t.Callable[[float], str]) -> str:
    if values is None:
        return "–"
    return f"{form(values.median)} ({form(values.least)}–{form(values.most)})" if values.count > 1 else form(values.median)


def seconds(value: float) -> str:
    return f"{value:.2f}"


def kilobytes(value: float) -> str:
    return f"{value / 1000:.0f}"


def whole(value: float) -> str:
    return f"{value:g}"


def row(cells: t.Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def head(cells: t.Sequence[str]) -> list[str]:
    return [row(cells), row("---" for _cell in cells)]


def title(found: Figures, case: cases.Case, subject: str) -> str:
    return case.title if case.common or len(found.subjects) == 1 else f"{case.title}: {subject}"


def table(found: Figures, name: str, metric: Metric, form: t.Callable[[float], str], only: t.Callable[[cases.Case], bool] = lambda case: True) -> list[str]:
    """A column for each number of hosts, and a row for each case, for each round-trip time."""
    lines = [f"## {name}", "", *head(["case", "round trip", *(f"{hosts} host{'s' * (hosts > 1)}" for hosts in found.hosts)])]
    for case, subject in found.columns():
        for rtt in found.rtts if case.over_ssh else found.rtts[:1]:
            values = [found.of(metric, case.name, subject, hosts, rtt) for hosts in found.hosts]
            if only(case) and any(values):
                lines.append(row([title(found, case, subject), f"{rtt} ms" if case.over_ssh else "any", *(words(value, form) for value in values)]))
    return [*lines, ""]


def floor_table(found: Figures) -> list[str]:
    lines = ["## The floor: s", "", *head(["hosts at once", "SIGTERM until it is gone", "start until it answers", "both", "downtime seen from outside"])]
    for hosts in found.hosts:
        metrics = [figures.floor_part("stop"), figures.floor_part("start"), figures.floor, figures.away]
        values = [found.of(metric, "floor", "", hosts, 0) for metric in metrics]
        if any(values):
            lines.append(row([str(hosts), *(words(value, seconds) for value in values)]))
    return [*lines, ""]


def marks_table(found: Figures) -> list[str]:
    lines = ["## Marks", ""]
    several = len(found.subjects) > 1
    lines += head([*(["collection"] if several else []), "round trip", "what", "mark", "figure", "met"])
    for subject in found.subjects:
        for rtt in found.rtts:
            for mark in marks(found, subject, rtt):
                met = {True: "yes", False: "**no**", None: "–"}[mark.met]
                lines.append(row([*([subject] if several else []), f"{rtt} ms", mark.title, mark.mark, mark.figure, met]))
    return [*lines, ""]


def timeline(found: Figures, subject: str, hosts: int) -> list[str]:
    """Of one update, task by task: what the controller is busy with, or waits for."""
    runs = [run for run in found.good if (run["case"], run["subject"], run["hosts"], run["rtt"]) == ("deploy-100", subject, hosts, found.rtts[0])]
    if not runs:
        return []
    lines = [f"## Where the time of an update goes, {hosts} host{'s' * (hosts > 1)} in one batch: s", "", *head(["task", "seconds"])]
    before = [run["wall"] - sum(task["seconds"] for task in run["timeline"]) for run in runs]
    lines.append(row(["Ansible's own start and end", words(figures.Values.of(before), seconds)]))
    for name in dict.fromkeys(task["task"] for run in runs for task in run["timeline"] if task["ran"]):
        took = [sum(task["seconds"] for task in run["timeline"] if task["task"] == name and task["ran"]) for run in runs]
        lines.append(row([name, words(figures.Values.of(took), seconds)]))
    skipped = [[task["seconds"] for task in run["timeline"] if not task["ran"]] for run in runs]
    lines.append(row([f"what is skipped, {len(skipped[0])} tasks", words(figures.Values.of([sum(run) for run in skipped]), seconds)]))
    return [*lines, ""]


def machine(found: Figures) -> str:
    made = found.content["machine"]
    commits = ", ".join(f"{name} is {commit}" for name, commit in found.content["collections"].items())
    return (
        f"Machine: {made['cores']} cores ({made['processor']}), Linux {made['kernel']}, {made['date']}; ansible-core {made['ansible_core']} on Python "
        f"{made['python']}. Collection: {commits}. Load before it began: {made['load_before']:.1f}."
    )


def errors(found: Figures) -> str:
    if not found.bad:
        return "All did."
    form = "{case} ({subject}) on {hosts} at {rtt} ms, repetition {repetition}: {error}"
    listed = "; ".join(form.format(**run) for run in found.bad)
    return f"**{len(found.bad)} of {len(found.bad) + len(found.good)} did not and are left out**: {listed}."


def report(found: Figures) -> str:
    count = max((run["repetition"] for run in found.content["runs"]), default=0)
    repetitions = "once" if count == 1 else f"{count} times"
    by_playbook = functools.partial(table, found, only=lambda case: case.kind == cases.PLAYBOOK)
    sections = [
        HEAD.format(repetitions=repetitions, machine=machine(found), errors=errors(found)),
        *marks_table(found),
        "![Wall time](wall-time.svg)\n\n![Downtime](downtime.svg)\n",
        *table(found, "Whole run: s", figures.wall, seconds, lambda case: case.kind != cases.FLOOR),
        *table(found, "Downtime: s", figures.away, seconds, lambda case: case.ends != cases.SAME or case.restarts),
        *floor_table(found),
        *(text for subject in found.subjects for hosts in sorted({found.hosts[0], found.hosts[-1]}) for text in timeline(found, subject, hosts)),
        *table(found, "Sent to each host: kB", figures.sent, kilobytes),
        *by_playbook("Of that, of the release itself: kB", figures.release_bytes, kilobytes),
        *table(found, "Received from each host: kB", figures.received, kilobytes),
        *table(found, "CPU time of the controller, with its ssh: s", figures.controller_cpu, seconds),
        *table(found, "CPU time of each host, with the answers to the prober: s", figures.host_cpu, seconds),
        *by_playbook("Tasks that ran on each host", figures.remote_tasks, whole),
        *by_playbook("Tasks of each host, with those that ran on the controller or were skipped", figures.tasks, whole),
        *by_playbook("Lines with `FAILED - RETRYING`", figures.retrying, whole),
    ]
    return "\n".join(sections).rstrip() + "\n"


def write(folder: pathlib.Path) -> None:
    found = Figures(json.loads((folder / "results.json").read_text(encoding="utf-8")))
    (folder / "RESULTS.md").write_text(report(found), encoding="utf-8")
    pictures.wall_time(found, folder / "wall-time.svg")
    pictures.downtime(found, folder / "downtime.svg")
