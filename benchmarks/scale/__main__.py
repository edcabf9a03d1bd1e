# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deploys to many hosts, and measures what that takes; tools/scale says how it is called."""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile
import typing as t

import yaml
from ansible_collections.beamops.elixir.benchmarks import tarballs
from ansible_collections.beamops.elixir.benchmarks.measure import environment
from ansible_collections.beamops.elixir.benchmarks.places import CHECKOUT, FLEETS, MODULES, PARTIAL
from ansible_collections.beamops.elixir.benchmarks.scale import table
from ansible_collections.beamops.elixir.benchmarks.scale.controller import Sampler

FLEET = "scale"
PAGE = CHECKOUT / "docs" / "scale.md"
OUT = PARTIAL / "scale"
SIZES = [20, 40]  # that the page has
LIMIT = 1800  # seconds for a deploy
DEFAULT = "[1, 25%, 100%]"
HALVES = "[1, 50%, 100%]"
AT_ONCE = "[1, 100%]"


def ways(hosts: int) -> list[tuple[int, str]]:
    """`forks` as Ansible has them by default, and as many as there are hosts."""
    return [(5, DEFAULT), (hosts, DEFAULT), (hosts, HALVES), (hosts, AT_ONCE)]


class Deploy(t.NamedTuple):
    what: str
    tarball: pathlib.Path
    hosts: int
    forks: int
    batches: str


class Scale:
    """Of hosts to which nothing was deployed yet."""

    def __init__(self, hosts: int):
        OUT.mkdir(parents=True, exist_ok=True)
        self.folder, self.runs, self.serving = FLEETS / FLEET, [], tarballs.build(tarballs.VERSIONS[0])
        subprocess.run([str(CHECKOUT / "tools" / "fleet"), "up", FLEET, "--hosts", str(hosts)], check=True, stdout=subprocess.DEVNULL)
        # A connection each: all of them together may not be more than PostgreSQL has
        env = (self.folder / "env.production").read_text(encoding="utf-8")
        (self.folder / "env.scale").write_text(env.replace("pool_size=5", "pool_size=1"), encoding="utf-8")
        # Without the variables of its group
        self.inventory = self.folder / "hosts.yml"
        shutil.copy(self.folder / "inventory" / "hosts.yml", self.inventory)

    def update(self, hosts: int, forks: int, batches: str) -> None:
        """To the other one of two versions."""
        wanted = next(build for build in map(tarballs.build, tarballs.VERSIONS) if build != self.serving)
        if self.run(Deploy("update", wanted, hosts, forks, batches)):
            self.serving = wanted

    def run(self, deploy: Deploy) -> bool:
        """Whether it went through. Where it went back, that is what was measured."""
        variables = {
            "elixir_release_name": "guestbook",
            "elixir_release_health_url": "/health",
            "elixir_release_stable_for": 0,
            "elixir_release_tarball": str(deploy.tarball),
            "elixir_release_env_file": str(self.folder / "env.scale"),
            "elixir_release_cookie_file": str(self.folder / "env.production.cookie"),
            "elixir_release_report_dir": str(self.folder / "deploy-failures"),
            "elixir_release_batches": yaml.safe_load(deploy.batches),
            "elixir_release_force": True,  # what went back once
        }
        playbook = str(CHECKOUT / "playbooks" / "deploy.yml")
        argv = ["ansible-playbook", "-i", str(self.inventory), playbook, "--extra-vars", json.dumps(variables)]
        measured = self.timed(argv, deploy)
        self.runs.append({**deploy._asdict(), "tarball": deploy.tarball.name, **measured})
        results(deploy.hosts).write_text(json.dumps(self.runs, indent=1), encoding="utf-8")
        say(f"{deploy.hosts} hosts, {deploy.what}, forks {deploy.forks}, {deploy.batches}: {measured['wall']:.1f} s, exit code {measured['rc']}")
        return measured["rc"] == 0

    def timed(self, argv: list[str], deploy: Deploy) -> dict[str, t.Any]:
        sockets = pathlib.Path(tempfile.mkdtemp(prefix="scale-"))
        config = str(CHECKOUT / "examples" / "ansible.cfg")
        env = environment(ANSIBLE_CONFIG=config, ANSIBLE_FORKS=str(deploy.forks), ANSIBLE_SSH_CONTROL_PATH_DIR=str(sockets))
        env["ANSIBLE_COLLECTIONS_PATH"] = str(CHECKOUT / ".ansible" / "collections")
        log = OUT / f"{deploy.hosts}-{len(self.runs):02}.log"
        with log.open("w", encoding="utf-8") as output:
            command = [sys.executable, "-m", f"{MODULES}.stopwatch", str(LIMIT), *argv]
            with subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=output, text=True) as process:
                sampler = Sampler(process.pid, sockets)
                sampler.start()
                measured = json.loads(process.stdout.readline())
                most = sampler.end()
                for socket in sockets.iterdir():
                    subprocess.run(["ssh", "-o", f"ControlPath={socket}", "-O", "exit", "-"], stderr=subprocess.DEVNULL, check=False)
                measured.update(json.loads(process.communicate("\n")[0]))
        shutil.rmtree(sockets)
        if measured["rc"] != 0 and "went back" not in log.read_text(encoding="utf-8"):
            sys.exit(f"scale: the deploy ended with {measured['rc']}, see {log}")
        return {"rc": measured["rc"], "wall": measured["wall"], "cpu": measured["cpu"], **most._asdict()}


def results(hosts: int) -> pathlib.Path:
    """What was measured of so many last."""
    return OUT / f"{hosts}.json"


def say(text: str) -> None:
    print(f"scale: {text}", file=sys.stderr, flush=True)


def measure(hosts: int, again: int) -> list[dict[str, t.Any]]:
    scale = Scale(hosts)
    scale.run(Deploy("first deploy", scale.serving, hosts, hosts, DEFAULT))
    for _repetition in range(again):
        for forks, batches in ways(hosts):
            scale.update(hosts, forks, batches)
        for forks in (5, hosts):
            scale.run(Deploy("nothing to do", scale.serving, hosts, forks, DEFAULT))
    return scale.runs


def down() -> None:
    subprocess.run([str(CHECKOUT / "tools" / "fleet"), "down", FLEET], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="tools/scale")
    parser.add_argument("--hosts", type=lambda text: [int(part) for part in text.split(",")], default=SIZES)
    parser.add_argument("--again", type=int, default=1, help="how often each is measured")
    parser.add_argument("--keep", action="store_true", help="leave the hosts up")
    given = parser.parse_args()
    runs: list[dict[str, t.Any]] = []
    for hosts in given.hosts:
        down()
        try:
            runs += measure(hosts, given.again)
        finally:
            if not given.keep:
                down()
    where = f"Measured with {os.cpu_count()} cores, on which the controller, all hosts and the database are, by Python {platform.python_version()}."
    print(f"{where}\n\n{table.table(runs)}")
    if set(given.hosts) <= set(SIZES) and all(results(hosts).exists() for hosts in SIZES):
        runs = [run for hosts in SIZES for run in json.loads(results(hosts).read_text(encoding="utf-8"))]
        table.write(PAGE, f"{where}\n\n{table.table(runs)}")


if __name__ == "__main__":
    main()
