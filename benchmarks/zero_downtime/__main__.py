# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""python -m ansible_collections.beamops.elixir.benchmarks.zero_downtime --out FILE [NAME=]URL...: asks hosts for all sorts of things while they are switched.

With the collection on the PYTHONPATH (.ansible/collections of a checkout). It goes on until SIGTERM, SIGINT or --seconds, and then writes what became of what
it asked. It says `ready` when every host has answered every kind of request, except for polls, which take their time. `--help` says what there is to choose.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import pathlib
import signal
import sys
import typing as t

from ansible_collections.beamops.elixir.benchmarks.zero_downtime import settings
from ansible_collections.beamops.elixir.benchmarks.zero_downtime.counter import Counter
from ansible_collections.beamops.elixir.benchmarks.zero_downtime.load import Load


async def announce(load: Load) -> None:
    await load.until_answered()
    print("ready", flush=True)


async def measure(chosen: settings.Settings, given: argparse.Namespace) -> dict[str, t.Any]:
    load = Load(chosen)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, load.over.set)
    counter = Counter(load.tallies, load.gaps) if given.counter else None
    telling = asyncio.ensure_future(counter.run(load.over) if counter else announce(load))
    await load.run()
    telling.cancel()
    if counter:
        counter.close(load.seconds)
    return load.as_json()


def write(path: pathlib.Path, results: dict[str, t.Any]) -> None:
    """Nobody reads a half of it."""
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    partial.replace(path)


def main() -> None:
    chosen, given = settings.read()
    if given.wrk and not chosen.wrk and settings.WRK in chosen.kinds:
        print(f"zero_downtime: there is no {given.wrk} here, so it does without", file=sys.stderr)
    results = asyncio.run(measure(chosen, given))
    if given.out:
        write(given.out, results)
    if results["error"]:
        sys.exit(f"zero_downtime: a client failed itself, so this does not count: {results['error']}")


if __name__ == "__main__":
    main()
