# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of docs/scale.md, between two marks; all else there is written by hand."""

from __future__ import annotations

import collections
import pathlib
import statistics
import typing as t

BEGIN, END = "<!-- figures: written by make scale -->", "<!-- end of figures -->"

Run = t.Mapping[str, t.Any]
HEAD = (
    "| hosts | what | `forks`, batches | wall, s | CPU of the controller, s (a host) | of it one process, s "
    "| memory of the controller, MiB | ssh connections |\n| --- | --- | --- | --- | --- | --- | --- | --- |"
)


def table(runs: t.Sequence[Run]) -> str:
    groups: dict[tuple[t.Any, ...], list[Run]] = collections.defaultdict(list)
    for run in runs:
        groups[(run["hosts"], run["what"], run["forks"], run["batches"])].append(run)
    return "\n".join([HEAD, *(row(key, found) for key, found in groups.items())])


def row(key: tuple[t.Any, ...], runs: t.Sequence[Run]) -> str:
    hosts, what, forks, batches = key
    middle = {name: statistics.median(run[name] for run in runs) for name in ("wall", "cpu", "busiest", "mib", "connections")}
    back = ", and went back" if any(run["rc"] for run in runs) else ""
    figures = [
        f"{middle['wall']:.1f}{back}",
        f"{middle['cpu']:.1f} ({middle['cpu'] / hosts:.2f})",
        f"{middle['busiest']:.1f}",
        f"{middle['mib']:.0f}",
        f"{middle['connections']:.0f}",
    ]
    return "| " + " | ".join([str(hosts), what, f"{forks}, {batches}", *figures]) + " |"


def write(path: pathlib.Path, text: str) -> None:
    head, _begin, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    path.write_text(f"{head}{BEGIN}\n\n{text}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")
