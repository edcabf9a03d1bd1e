# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/zero-downtime.md has the figures of the last run between two marks; all else of it is written by hand."""

from __future__ import annotations

import collections
import pathlib
import typing as t

from ansible_collections.beamops.elixir.benchmarks.zero_downtime import table

BEGIN, END = "<!-- figures: written by make zero-downtime -->", "<!-- end of figures -->"

Results = t.Dict[str, t.Any]


def results(ways: t.Mapping[str, Results]) -> str:
    return "\n".join([table.table(ways), *(said(way, seen) for way, seen in ways.items()), "", *remains(ways)]) + "\n"


def said(way: str, seen: Results) -> str:
    count = collections.Counter(entry["event"] for entry in seen["events"])
    what = ", ".join(f"{number} {event}{'s' if number > 1 else ''}" for event, number in count.items())
    lost = f"**{seen['lost_entries']}**" if seen["lost_entries"] else "0"
    hosts = len(seen["hosts"])
    return f"- *{way}*: {what} of {hosts} hosts in {seen['took']:.0f} s; acknowledged entries that are not in the database: {lost}."


def remains(ways: t.Mapping[str, Results]) -> list[str]:
    """Of the way that has slots."""
    found = []
    for way, seen in ways.items():
        first = next(iter(seen["remains"]["before"]))
        before, after = (seen["remains"][moment][first] for moment in ("before", "after"))
        found += [f"What is on {first}, *{way}*:", "", "| | after the first deploy | after all of it |", "| --- | --- | --- |"]
        found += [f"| {look} | {before[look]} | {after[look]} |" for look in before] + [""]
        break
    return found


def failed(seen: Results) -> int:
    return sum(kind["failed"] for host in seen["hosts"].values() for kind in host["kinds"].values()) + seen["lost_entries"]


def left_behind(seen: Results) -> bool:
    return seen["remains"]["before"] != seen["remains"]["after"]


def write(path: pathlib.Path, text: str) -> None:
    whole = path.read_text(encoding="utf-8")
    head, _begin, rest = whole.partition(BEGIN)
    _old, _end, tail = rest.partition(END)
    path.write_text(f"{head}{BEGIN}\n\n{text}\n{END}{tail}", encoding="utf-8")
