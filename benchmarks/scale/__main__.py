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
    def __init__(self, sizes: list[int]):
        shutil.rmtree(OUT, ignore_errors=True)
        OUT.mkdir(parents=True)
        self.folder, self.runs = FLEETS / FLEET, []
        subprocess.run([str(CHECKOUT / "tools" / "fleet"), "up", FLEET, "--hosts", str(max(sizes))], check=True, stdout=subprocess.DEVNULL)
        # A connection each: all of them together may not be more than PostgreSQL has
        env = (self.folder / "env.production").read_text(encoding="utf-8")
        (self.folder / "env.scale").write_text(env.replace("pool_size=5", "pool_size=1"), encoding="utf-8")

    def inventory(self, hosts: int) -> pathlib.Path:
        everything = yaml.safe_load((self.folder / "inventory" / "hosts.yml").read_text(encoding="utf-8"))["all"]
        group = dict(list(everything["children"]["elixir"]["hosts"].items())[:hosts])
        path = self.folder / f"hosts-{hosts}.yml"
        path.write_text(yaml.safe_dump({"all": {"vars": everything["vars"], "children": {"elixir": {"hosts": group}}}}), encoding="utf-8")
        return path

    def run(self, deploy: Deploy) -> None:
        variables = {
            "elixir_release_name": "guestbook",
            "elixir_release_health_url": "/health",
            "elixir_release_stable_for": 0,
            "elixir_release_tarball": str(deploy.tarball),
            "elixir_release_env_file": str(self.folder / "env.scale"),
            "elixir_release_cookie_file": str(self.folder / "env.production.cookie"),
            "elixir_release_report_dir": str(self.folder / "deploy-failures"),
            "elixir_release_batches": yaml.safe_load(deploy.batches),
        }
        playbook = str(CHECKOUT / "playbooks" / "deploy.yml")
        argv = ["ansible-playbook", "-i", str(self.inventory(deploy.hosts)), playbook, "--extra-vars", json.dumps(variables)]
        measured = self.timed(argv, deploy)
        self.runs.append({**deploy._asdict(), "tarball": deploy.tarball.name, **measured})
        (OUT / "results.json").write_text(json.dumps(self.runs, indent=1), encoding="utf-8")
        say(f"{deploy.hosts} hosts, {deploy.what}, forks {deploy.forks}, {deploy.batches}: {measured['wall']:.1f} s, {measured['mib']:.0f} MiB")

    def timed(self, argv: list[str], deploy: Deploy) -> dict[str, t.Any]:
        sockets = pathlib.Path(tempfile.mkdtemp(prefix="scale-"))
        config = str(CHECKOUT / "examples" / "ansible.cfg")
        env = environment(ANSIBLE_CONFIG=config, ANSIBLE_FORKS=str(deploy.forks), ANSIBLE_SSH_CONTROL_PATH_DIR=str(sockets))
        env["ANSIBLE_COLLECTIONS_PATH"] = str(CHECKOUT / ".ansible" / "collections")
        log = OUT / f"{len(self.runs):02}.log"
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
        if measured["rc"] != 0:
            sys.exit(f"scale: the deploy ended with {measured['rc']}, see {log}")
        return {"wall": measured["wall"], "cpu": measured["cpu"], **most._asdict()}


def say(text: str) -> None:
    print(f"scale: {text}", file=sys.stderr, flush=True)


def measure(sizes: list[int], again: int) -> list[dict[str, t.Any]]:
    scale = Scale(sizes)
    builds = [tarballs.build(version) for version in tarballs.VERSIONS]
    turn = 0
    for hosts in sizes:
        scale.run(Deploy("first deploy", builds[turn % 2], hosts, hosts, AT_ONCE))
        for _repetition in range(again):
            for forks, batches in ways(hosts):
                turn += 1
                scale.run(Deploy("update", builds[turn % 2], hosts, forks, batches))
            for forks in (5, hosts):
                scale.run(Deploy("nothing to do", builds[turn % 2], hosts, forks, DEFAULT))
    return scale.runs


def main() -> None:
    parser = argparse.ArgumentParser(prog="tools/scale")
    parser.add_argument("--hosts", type=lambda text: [int(part) for part in text.split(",")], default=[20, 40])
    parser.add_argument("--again", type=int, default=1, help="how often each is measured")
    parser.add_argument("--keep", action="store_true", help="leave the hosts up")
    given = parser.parse_args()
    try:
        runs = measure(given.hosts, given.again)
    finally:
        if not given.keep:
            subprocess.run([str(CHECKOUT / "tools" / "fleet"), "down", FLEET], check=True)
    where = f"Measured with {os.cpu_count()} cores, on which the controller, all hosts and the database are, by Python {platform.python_version()}."
    figures = f"{where}\n\n{table.table(runs)}"
    if PAGE.exists() and given.hosts == [20, 40]:
        table.write(PAGE, figures)
    else:
        print(figures)


if __name__ == "__main__":
    main()
