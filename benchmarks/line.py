# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The relay and the prober as this process uses them."""

from __future__ import annotations

import json
import subprocess
import sys
import typing as t

from ansible_collections.beamops.elixir.benchmarks.fleets import Host
from ansible_collections.beamops.elixir.benchmarks.places import MODULES


def start(module: str, argument: t.Any) -> subprocess.Popen[str]:
    argv = [sys.executable, "-m", f"{MODULES}.{module}", json.dumps(argument)]
    # In a session of its own: a Ctrl-C is for the benchmark, which ends them
    return subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)


class Line:
    """The relay."""

    def __init__(self, hosts: t.Iterable[Host]):
        self._process = start("relay", {host.key: host.ssh_port for host in hosts})
        self.ports: dict[str, int] = json.loads(self._process.stdout.readline())

    def tell(self, command: str) -> dict[str, list[int]]:
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        self._process.terminate()
        self._process.communicate()


class Prober:
    """Asks the hosts until the block ends; then it knows what it saw."""

    def __init__(self, hosts: t.Iterable[Host]):
        self._hosts = {host.name: host.address for host in hosts}
        self.seen: dict[str, dict[str, t.Any]] = {}

    def __enter__(self) -> Prober:
        self._process = start("prober", self._hosts)
        self._process.stdout.readline()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.seen = json.loads(self._process.communicate()[0])
