# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures, and writes the results; tools/bench says how it is called."""

from __future__ import annotations

import argparse
import itertools
import pathlib
import shutil
import sys
import time
import typing as t

import yaml
from ansible_collections.beamops.elixir.benchmarks import cases, report, tarballs
from ansible_collections.beamops.elixir.benchmarks.fleets import Fleet
from ansible_collections.beamops.elixir.benchmarks.line import Line
from ansible_collections.beamops.elixir.benchmarks.places import CHECKOUT, HERE, PARTIAL, WORK
from ansible_collections.beamops.elixir.benchmarks.results import Results, commit
from ansible_collections.beamops.elixir.benchmarks.subjects import Collection, Script, Subject

HOSTS, RTT, REPETITIONS = [1, 2, 4, 8], [0, 40], 3


def numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def checkout(text: str) -> tuple[str, pathlib.Path]:
    name, equals, path = text.rpartition("=")
    found = pathlib.Path(path).resolve()
    if not (found / "playbooks" / "deploy.yml").is_file():
        raise argparse.ArgumentTypeError(f"{found} is no checkout of the collection")
    return (name if equals else found.name), found


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tools/bench")
    parser.add_argument("verb", nargs="?", choices=["run", "report"], default="run")
    parser.add_argument("--quick", action="store_true", help="2 hosts, no delay, 2 repetitions")
    parser.add_argument("--hosts", type=numbers, help="such as 1,4")
    parser.add_argument("--rtt", type=numbers, help="round-trip times in ms, such as 0,40")
    parser.add_argument("--repetitions", type=int)
    parser.add_argument("--cases", type=lambda text: text.split(","), help=",".join(cases.BY_NAME))
    parser.add_argument("--collection", type=checkout, action="append", metavar="[NAME=]PATH", help="another checkout; more than one are compared")
    parser.add_argument("--out", type=pathlib.Path, help="where the results go: benchmarks, or .cache/bench where it is not the whole benchmark")
    parser.add_argument("--resume", action="store_true", help="go on with the results that are there")
    parser.add_argument("--keep", action="store_true", help="leave the hosts up")
    given = parser.parse_args()
    unknown = set(given.cases or []) - set(cases.BY_NAME)
    if unknown:
        parser.error(f"no such case: {', '.join(sorted(unknown))}")
    partial = given.quick or given.hosts or given.rtt or given.repetitions or given.cases or given.collection
    given.out = given.out or (PARTIAL if partial and given.verb == "run" else HERE)
    given.hosts = sorted(given.hosts or ([cases.QUICK_HOSTS] if given.quick else HOSTS), reverse=True)
    given.rtt = sorted(given.rtt or ([0] if given.quick else RTT))
    given.repetitions = given.repetitions or (2 if given.quick else REPETITIONS)
    given.collection = given.collection or [("this", CHECKOUT)]
    given.cases = [case for case in cases.CASES if (case.name in given.cases if given.cases else case.quick or not given.quick)]
    return given


def default_stable_for(path: pathlib.Path) -> float:
    return float(yaml.safe_load((path / "roles" / "elixir_release" / "defaults" / "main.yml").read_text(encoding="utf-8"))["elixir_release_stable_for"])


class Bench:
    def __init__(self, given: argparse.Namespace):
        self.given = given
        shutil.rmtree(WORK, ignore_errors=True)
        WORK.mkdir(parents=True)
        self.results = Results(given.out / "results.json", given.resume)
        self.results.content["collections"].update({name: commit(path) for name, path in given.collection})
        self.results.content.setdefault("stable_for", {}).update({name: default_stable_for(path) for name, path in given.collection})
        size = max(given.hosts)
        for version in tarballs.VERSIONS:
            tarballs.build(version)
        script = Fleet("bench-script", size)
        fleets = [Fleet("bench" if index == 0 else f"bench-{index + 1}", size) for index in range(len(given.collection))]
        self.fleets = [script, *fleets]
        self.line = Line(host for fleet in self.fleets for host in fleet.hosts)
        for fleet in self.fleets:
            fleet.through(self.line.ports)
        self.script = Script("script", script, self.line)
        self.collections = [Collection(name, fleet, self.line, path) for (name, path), fleet in zip(given.collection, fleets)]
        for subject in (self.script, *self.collections):
            subject.empty()

    def run(self) -> None:
        """A repetition is all of it once, so that a slow hour hits all alike."""
        order = itertools.product(range(1, self.given.repetitions + 1), self.given.rtt, self.given.hosts)
        for repetition, rtt, hosts in order:
            self.line.tell(f"delay {rtt / 2000}")
            for subject in (self.script, *self.collections):
                subject.on(hosts)
            for case in self.given.cases:
                if (case.hosts and hosts not in case.hosts) or (not case.over_ssh and rtt != self.given.rtt[0]):
                    continue
                for subject in self.subjects(case):
                    self.once(case, subject, {"hosts": hosts, "rtt": rtt, "repetition": repetition})

    def subjects(self, case: cases.Case) -> t.Sequence[Subject]:
        if case.kind == cases.SCRIPT:
            return [self.script]
        return self.collections[:1] if case.common else self.collections

    def once(self, case: cases.Case, subject: Subject, key: dict[str, t.Any]) -> None:
        key = {"case": case.name, "subject": subject.name, **key}
        if self.results.has(key):
            return
        began = time.monotonic()
        try:
            subject.make_ready(case)
            result = subject.run(case)
        except RuntimeError as error:
            result = {"error": str(error)}
        self.results.add({**key, **result})
        say(f"{key['repetition']} {case.name:11} {subject.name:8} {key['hosts']} hosts {key['rtt']:2} ms: {words(result)} [{time.monotonic() - began:.1f} s]")
        if result["error"]:
            subject.empty()

    def close(self) -> None:
        self.line.close()
        for fleet in self.fleets:
            if not self.given.keep:
                fleet.down()


def words(result: dict[str, t.Any]) -> str:
    if result["error"]:
        return f"\033[1;31mERROR: {result['error']}\033[0m"
    away = max(seen["downtime"] or 0 for seen in result["seen"].values())
    return f"{result['wall']:.2f} s, away {away:.2f} s"


def say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


def main() -> None:
    given = arguments()
    if given.verb == "run":
        bench = Bench(given)
        try:
            bench.run()
        finally:
            bench.close()
    report.write(given.out)
    errors = sum(bool(run["error"]) for run in Results(given.out / "results.json", resume=True).runs)
    say(f"see {given.out / 'RESULTS.md'}")
    if errors:
        sys.exit(f"bench: {errors} runs FAILED and do not count, see {WORK / 'logs'}")


if __name__ == "__main__":
    main()
