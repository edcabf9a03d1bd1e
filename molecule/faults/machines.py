# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The hosts by the back door, docker exec: it is faster than ssh, and open where a fault has shut the front door."""

from __future__ import annotations

import json
import pathlib
import subprocess
import typing as t

import yaml

from ansible_collections.beamops.elixir.molecule.conftest import INVENTORY, Site
from ansible_collections.beamops.elixir.molecule.faults.traffic import Door

ON_HOST = pathlib.Path(__file__).resolve().parent / "on_host"
# What a browser that has come by https sends to nginx, as whatever does TLS passes it on
THROUGH_NGINX = {"Host": "guestbook.example.com", "X-Forwarded-Proto": "https"}


class Machine(t.NamedTuple):
    name: str
    container: str
    ssh_port: int
    http_port: int
    web_port: int = 0  # of nginx, where that is what the users of the host have

    @property
    def door(self) -> Door:
        """Where its users come in."""
        return Door(self.web_port, THROUGH_NGINX) if self.web_port else Door(self.http_port)

    @property
    def site(self) -> Site:
        return Site(*self.door)

    def docker(self, command: str, *options: str) -> None:
        """docker COMMAND OPTIONS CONTAINER"""
        subprocess.run(["docker", command, *options, self.container], stdout=subprocess.DEVNULL, check=True)

    def command(self, *argv: str, user: str = "root") -> list[str]:
        return ["docker", "exec", "--interactive", "--user", user, self.container, *argv]

    def sh(self, script: str, user: str = "root") -> str:
        return self._run(self.command("bash", "-euo", "pipefail", "-s", user=user), script)

    def reset(self, *arguments: str, script: str = "reset") -> None:
        self._run(self.command("bash", "-s", "--", *arguments), (ON_HOST / script).read_text())

    def look(self, root: str) -> dict[str, t.Any]:
        return json.loads(self._run(self.command("python3", "-", root), (ON_HOST / "look.py").read_text()))

    def put(self, source: str, target: str) -> None:
        subprocess.run(["docker", "cp", "--quiet", source, f"{self.container}:{target}"], check=True)

    def watch(self, moment: dict[str, t.Any], script: str) -> subprocess.Popen[str]:
        """Have a shell script run there at once when the moment has come."""
        argv = self.command("python3", "-c", (ON_HOST / "watch.py").read_text(), json.dumps(moment), script)
        return subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def _run(self, argv: list[str], text: str) -> str:
        # By standard input, so that what the script looks for in the command lines of all processes is not in its own
        result = subprocess.run(argv, input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        assert result.returncode == 0, f"{self.name}: exit code {result.returncode}: {text[:200]}\n{result.stdout}{result.stderr}"
        return result.stdout


def read_inventory() -> dict[str, t.Any]:
    return yaml.safe_load((INVENTORY / "hosts.yml").read_text())["all"]


def machines(group: str = "elixir") -> dict[str, Machine]:
    hosts = read_inventory()["children"][group]["hosts"]
    ports = ("ansible_port", "http_port", "web_port")
    return {name: Machine(name, host["container"], *(host.get(port, 0) for port in ports)) for name, host in hosts.items()}
