# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""python -m ansible_collections.beamops.elixir.benchmarks.zero_downtime.table WAY=FILE...: what the load saw of each way to deploy, in Markdown."""

from __future__ import annotations

import collections
import json
import pathlib
import sys
import typing as t

Results = dict[str, t.Any]
Kind = dict[str, t.Any]

TITLES = {
    "gets": "GET, kept connections",
    "fresh": "GET, a connection for each",
    "posts": "POST, without a look whether the connection is still open",
    "posts_looking": "POST, after that look",
    "entries": "POST of an entry, into the database",
    "sockets": "websockets, messages and handshakes",
    "polls": "long polls",
    "wrk": "wrk",
}
# wrk tries again at once where nothing listens, and would outweigh the rest
ALL = "all but wrk"
HEAD = "sent / failed / longest gap"
NOTHING = "–"


def table(ways: t.Mapping[str, Results]) -> str:
    """A column for each way. Sent and failed are of all hosts together, a gap is that of the host that had the longest."""
    shown = [kind for kind in TITLES if any(of_kind(results, kind) for results in ways.values())]
    rows = [[HEAD, *ways], ["---"] * (1 + len(ways))]
    rows += [[TITLES[kind], *(cell(kind, of_kind(results, kind)) for results in ways.values())] for kind in shown]
    rows.append([ALL, *(total(results) for results in ways.values())])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def of_kind(results: Results, kind: str) -> list[Kind]:
    return [host["kinds"][kind] for host in results["hosts"].values() if kind in host["kinds"]]


def cell(kind: str, hosts: t.Sequence[Kind]) -> str:
    if not hosts:
        return NOTHING
    if any("error" in host for host in hosts):
        return "**did not run**"
    # From poll to poll it takes as long as the host likes
    gap = None if kind == "polls" else max(host["longest_gap"] for host in hosts)
    return "; ".join([counted(hosts, gap), *closes(hosts), *early(hosts)])


def counted(kinds: t.Iterable[Kind], gap: float | None) -> str:
    kinds = list(kinds)
    sent, failed = (sum(kind[field] for kind in kinds) for field in ("sent", "failed"))
    return f"{sent} / {f'**{failed}**' if failed else 0} / {NOTHING if gap is None else f'{gap:.2f} s'}"


def closes(hosts: t.Sequence[Kind]) -> list[str]:
    codes: collections.Counter[str] = collections.Counter()
    for host in hosts:
        codes.update(host.get("codes", {}))
    if not codes:
        return []
    again = max(host["longest_reconnect"] for host in hosts)
    return [*(f"{count} × {code}" for code, count in sorted(codes.items())), f"open again within {again:.2f} s"]


def early(hosts: t.Sequence[Kind]) -> list[str]:
    count = sum(host.get("early", 0) for host in hosts)
    return [f"{count} early"] if count else []


def total(results: Results) -> str:
    """Its gap is the time in which a host answered nobody."""
    kinds = [kind for host in results["hosts"].values() for name, kind in host["kinds"].items() if name != "wrk"]
    return counted(kinds, max((host["longest_gap"] for host in results["hosts"].values() if "longest_gap" in host), default=None))


def main() -> None:
    ways = [argument.rpartition("=") for argument in sys.argv[1:]]
    sys.stdout.write(table({way: json.loads(pathlib.Path(path).read_text(encoding="utf-8")) for way, _equals, path in ways}))


if __name__ == "__main__":
    main()
