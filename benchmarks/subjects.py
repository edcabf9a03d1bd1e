# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is compared: the bash script and one or more checkouts of the collection, each with hosts of its own."""

from __future__ import annotations

import itertools
import json
import os
import pathlib
import random
import shutil
import typing as t

from ansible_collections.beamops.elixir.benchmarks import cases, measure, tarballs
from ansible_collections.beamops.elixir.benchmarks.fleets import Fleet
from ansible_collections.beamops.elixir.benchmarks.line import Line
from ansible_collections.beamops.elixir.benchmarks.places import CHECKOUT, SCRIPT, WORK

NUMBER = itertools.count()
# More than a host keeps: what comes again, a host has forgotten. They stay in the cache of builds.
SALTS = 12
SALT = itertools.count(random.randrange(SALTS))
# What the script's author found out to be needed, and what the collection sets by itself
SCRIPT_ENV = "\nexport PHX_SERVER=true\nexport RELEASE_COOKIE=BENCHMARKBENCHMARKBENCHMARK\n"


class Release(t.NamedTuple):
    tarball: pathlib.Path
    version: str
    salt: str = ""


class Subject:
    """It knows what it has brought to its first so many hosts, the last one last."""

    def __init__(self, name: str, fleet: Fleet, line: Line):
        self.name, self.fleet, self.line = name, fleet, line
        self.history: list[Release] = []
        self.lines = 0  # updates in a row by a one-line change
        self._hosts = 0

    def on(self, hosts: int) -> None:
        """What is known of fewer hosts is not known of more."""
        if hosts > self._hosts:
            self.history.clear()
            self.lines = 0
        self._hosts = hosts

    def empty(self) -> None:
        for host in self.fleet.hosts:
            host.empty()
        self.history.clear()
        self.lines = 0

    def make_ready(self, case: cases.Case) -> None:
        """Each case finds hosts that serve; some need more. What that takes is not measured."""
        while not self._is_ready(case):
            kind = cases.LINE if case.tarball == cases.LINE else cases.FRESH
            ended = self.run(self.preparation(kind))
            if ended["error"]:
                raise RuntimeError(f"{self.name}: what comes before {case.name} failed: {ended['error']}")

    def _is_ready(self, case: cases.Case) -> bool:
        if case.lines:
            return self.lines >= case.lines
        return len(self.history) >= (2 if case.ends == cases.PREVIOUS else 1)

    def preparation(self, tarball: str) -> cases.Case:
        raise NotImplementedError

    def run(self, case: cases.Case) -> dict[str, t.Any]:
        hosts = self.fleet.hosts[: self._hosts]
        release = self._release(case)
        load = os.getloadavg()[0]
        if case.kind == cases.FLOOR:
            result = measure.floor(hosts, "guestbook")
        else:
            result = measure.run(self.command(case, release), hosts, self.line)
        result["load_before"] = load
        result["disk"] = hosts[0].disk()
        result["tarball"] = release.tarball.stat().st_size if release else None
        result["error"] = complaint(case, result, release)
        self._remember(case, release)
        return result

    def command(self, case: cases.Case, release: Release | None) -> measure.Command:
        raise NotImplementedError

    def _release(self, case: cases.Case) -> Release | None:
        """What the hosts have to serve at the end."""
        if case.tarball == cases.FRESH:
            last = self.history[-1].version if self.history else tarballs.VERSIONS[1]
            version = next(version for version in tarballs.VERSIONS if version != last)
            return Release(tarballs.fresh(version), version)
        if case.tarball == cases.LINE:
            salt = f"line-{next(SALT) % SALTS}"
            return Release(tarballs.build(tarballs.VERSIONS[1], salt), tarballs.VERSIONS[1], salt)
        if case.ends == cases.PREVIOUS:
            return self.history[-2]
        return self.history[-1] if self.history else None

    def _remember(self, case: cases.Case, release: Release | None) -> None:
        if case.ends == cases.PREVIOUS:
            self.history.pop()
        elif case.ends == cases.NEW and release:
            self.history.append(release)
            self.lines = self.lines + 1 if case.tarball == cases.LINE else 0
        for old in self.history[:-3]:
            if WORK in old.tarball.parents:
                shutil.rmtree(old.tarball.parent, ignore_errors=True)
        del self.history[:-3]

    def log(self, case: cases.Case) -> pathlib.Path:
        return WORK / "logs" / f"{next(NUMBER):04}-{self.name}-{case.name}-{self._hosts}.log"


class Script(Subject):
    def preparation(self, tarball: str) -> cases.Case:
        return cases.Case("before", "", cases.SCRIPT, tarball=tarball)

    def command(self, case: cases.Case, release: Release | None) -> measure.Command:
        assert release
        folder = WORK / "project"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        text = (CHECKOUT / "examples" / "guestbook" / "mix.exs").read_text(encoding="utf-8")
        (folder / "mix.exs").write_text(text.replace('version: "0.1.0"', f'version: "{release.version}"'), encoding="utf-8")
        (folder / release.tarball.name).symlink_to(release.tarball)
        (folder / ".env.production").write_text((self.fleet.folder / "env.production").read_text(encoding="utf-8") + SCRIPT_ENV, encoding="utf-8")
        (folder / "ssh_config").write_text(self.fleet.ssh_config(), encoding="utf-8")
        hosts = [host.name for host in self.fleet.hosts[: self._hosts]]
        argv = ["bash", "-c", 'for host; do "$0" ssh_config "$host" || exit; done', str(SCRIPT), *hosts]
        return measure.Command(argv, measure.environment(), folder, self.log(case), 60 + 60 * len(hosts))


class Collection(Subject):
    def __init__(self, name: str, fleet: Fleet, line: Line, path: pathlib.Path):
        super().__init__(name, fleet, line)
        self.path = path
        self.collections = WORK / "collections" / name
        place = self.collections / "ansible_collections" / "beamops" / "elixir"
        place.parent.mkdir(parents=True)
        place.symlink_to(path)

    def preparation(self, tarball: str) -> cases.Case:
        return cases.Case("before", "", variables={**cases.AT_ONCE, **cases.ONE_BATCH}, tarball=tarball)

    def command(self, case: cases.Case, release: Release | None) -> measure.Command:
        own = "/" in case.playbook
        playbook = CHECKOUT / case.playbook if own else self.path / "playbooks" / f"{case.playbook}.yml"
        variables = {**({} if own else self._variables()), **case.variables}
        if case.tarball and release:
            variables["elixir_release_tarball"] = str(release.tarball)
        inventory = self.fleet.inventory(self._hosts)
        argv = ["ansible-playbook", "--inventory", str(inventory), str(playbook), "--extra-vars", json.dumps(variables)]
        return measure.Command(argv, self._environment(), WORK, self.log(case), 120 + 60 * self._hosts)

    def _variables(self) -> dict[str, t.Any]:
        """As examples/inventory has them."""
        return {
            "elixir_release_name": "guestbook",
            "elixir_release_health_url": "/health",
            "elixir_release_env_file": str(self.fleet.folder / "env.production"),
            "elixir_release_cookie_file": str(self.fleet.folder / "env.production.cookie"),
            "elixir_release_report_dir": str(WORK / "deploy-failures"),
        }

    def _environment(self) -> dict[str, str]:
        return measure.environment(
            ANSIBLE_CONFIG=str(self.path / "examples" / "ansible.cfg"),
            ANSIBLE_COLLECTIONS_PATH=str(self.collections),
            ANSIBLE_CALLBACK_PLUGINS=str(CHECKOUT / "benchmarks" / "callback"),
            ANSIBLE_CALLBACKS_ENABLED="bench_counter",
            ANSIBLE_NOCOLOR="1",
        )


def complaint(case: cases.Case, result: dict[str, t.Any], release: Release | None) -> str:
    """Why this run does not count; empty where it does."""
    if result["rc"] is None:
        return "it did not end in time"
    if result["rc"] != 0:
        return f"exit code {result['rc']}"
    for host, seen in result["seen"].items():
        first, last = seen["first"], seen["last"]
        if not last:
            return f"{host} does not answer"
        if release and (last["version"], last["salt"]) != (release.version, release.salt):
            return f"{host} serves {last['version']} {last['salt']} and not {release.version} {release.salt}"
        restarts = case.restarts or case.ends != cases.SAME
        if (last["pid"] != first.get("pid")) != restarts:
            return f"{host} was {'not ' if restarts else ''}restarted"
    return ""
