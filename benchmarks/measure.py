# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run of one command, and all that is measured of it."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import typing as t
from concurrent.futures import ThreadPoolExecutor

from ansible_collections.beamops.elixir.benchmarks.fleets import Host
from ansible_collections.beamops.elixir.benchmarks.line import Line, Prober
from ansible_collections.beamops.elixir.benchmarks.places import HERE, MODULES

# Of the prober, before and after
AROUND = 0.3
RETRYING = "FAILED - RETRYING"


class Command(t.NamedTuple):
    argv: list[str]
    env: dict[str, str]
    folder: pathlib.Path
    log: pathlib.Path
    limit: float


def timed(command: Command, line: Line) -> dict[str, t.Any]:
    """Wall and CPU time. What ssh keeps open is ended, so that no run begins with the connections of another."""
    argv = [sys.executable, "-m", f"{MODULES}.stopwatch", str(command.limit), *command.argv]
    command.log.parent.mkdir(parents=True, exist_ok=True)
    with open(command.log, "w", encoding="utf-8") as log:
        process = subprocess.Popen(argv, env=command.env, cwd=command.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
        measured = json.loads(process.stdout.readline())
        line.tell("drop")
        measured.update(json.loads(process.communicate("\n")[0]))
    return measured


def run(command: Command, hosts: list[Host], line: Line) -> dict[str, t.Any]:
    """The command with everything around it."""
    counts = command.log.with_suffix(".counts")
    sockets = tempfile.mkdtemp(prefix="bench-")
    command = command._replace(env={**command.env, "BENCH_COUNTS": str(counts), "ANSIBLE_SSH_CONTROL_PATH_DIR": sockets})
    sent, used = line.tell("counts"), {host.name: host.cpu_seconds() for host in hosts}
    with Prober(hosts) as prober:
        time.sleep(AROUND)
        measured = timed(command, line)
        time.sleep(AROUND)
    moved = line.tell("counts")
    counted = json.loads(counts.read_text(encoding="utf-8")) if counts.exists() else {}
    shutil.rmtree(sockets)
    return {
        **measured,
        "seen": prober.seen,
        "sent": {host.name: moved[host.key][0] - sent[host.key][0] for host in hosts},
        "received": {host.name: moved[host.key][1] - sent[host.key][1] for host in hosts},
        "cpu_hosts": {host.name: round(host.cpu_seconds() - used[host.name], 3) for host in hosts},
        "tasks": counted.get("hosts", {}),
        "timeline": counted.get("timeline", []),
        "retrying": sum(RETRYING in text for text in command.log.read_text(encoding="utf-8", errors="replace").splitlines()),
    }


def floor(hosts: list[Host], user: str) -> dict[str, t.Any]:
    """Stop and start in all containers at the same moment, which leaves each of them time to begin."""
    program = (HERE / "on_host" / "floor.py").read_text(encoding="utf-8")
    at = time.time() + 1 + 0.3 * len(hosts)

    def on(host: Host) -> dict[str, float]:
        argv = ["docker", "exec", "--interactive", "--user", user, host.container, "python3", "-", str(at)]
        ended = subprocess.run(argv, input=program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        if ended.returncode:
            raise RuntimeError(f"the floor of {host.name}: {ended.stderr.strip()}")
        return json.loads(ended.stdout)

    with Prober(hosts) as prober, ThreadPoolExecutor(len(hosts)) as pool:
        parts = dict(zip([host.name for host in hosts], pool.map(on, hosts)))
        time.sleep(AROUND)
    return {
        "rc": 0,
        "wall": max(part["stop"] + part["start"] for part in parts.values()),
        "floor": parts,
        "seen": prober.seen,
    }


def environment(**more: str) -> dict[str, str]:
    """Without what the caller's own shell says about Ansible."""
    return {**{key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")}, **more}
