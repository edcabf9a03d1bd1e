# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The hosts: where they are reached through the relay, and what they have used."""

from __future__ import annotations

import json
import pathlib
import subprocess
import typing as t

import yaml
from ansible_collections.beamops.elixir.benchmarks.places import CHECKOUT, FLEETS, WORK

GONE = "pkill -KILL beam.smp; pkill -KILL epmd; rm -rf /opt/guestbook /home/deploy/guestbook"


class Host(t.NamedTuple):
    name: str
    fleet: str
    container: str
    ssh_port: int
    address: str
    cpu: pathlib.Path

    @property
    def key(self) -> str:
        return f"{self.fleet}/{self.name}"

    def cpu_seconds(self) -> float:
        text = self.cpu.read_text(encoding="utf-8")
        if self.cpu.name == "cpuacct.usage":
            return int(text) / 1e9
        return int(dict(line.split() for line in text.splitlines())["usage_usec"]) / 1e6

    def disk(self) -> list[int]:
        """What each release takes, in bytes: what one shares with those before it counts once."""
        argv = ["docker", "exec", self.container, "sh", "-c", "cd /opt/guestbook/releases && du --block-size=1 --summarize -- *"]
        said = subprocess.run(argv, check=False, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
        return [int(line.split()[0]) for line in said.splitlines()]

    def empty(self) -> None:
        """As before the first deploy."""
        subprocess.run(["docker", "exec", self.container, "sh", "-c", GONE], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Fleet:
    """One of tools/fleet, of which a run uses the first hosts."""

    def __init__(self, name: str, size: int):
        self.name, self.folder = name, FLEETS / name
        subprocess.run([str(CHECKOUT / "tools" / "fleet"), "up", name, "--hosts", str(size)], check=True, stdout=subprocess.DEVNULL)
        everything = yaml.safe_load((self.folder / "inventory" / "hosts.yml").read_text(encoding="utf-8"))["all"]
        self.vars = everything["vars"]
        self.hosts = [self._host(*item) for item in everything["children"]["elixir"]["hosts"].items()]
        self.ports: dict[str, int] = {}  # of the relay

    def _host(self, name: str, variables: dict[str, t.Any]) -> Host:
        container = variables["container"]
        form = "{{.Id}} {{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        inspected = subprocess.run(["docker", "inspect", "--format", form, container], check=True, stdout=subprocess.PIPE, text=True)
        identity, address = inspected.stdout.split()
        return Host(name, self.name, container, variables["ansible_port"], address, cpu_file(identity))

    def down(self) -> None:
        subprocess.run([str(CHECKOUT / "tools" / "fleet"), "down", self.name], check=True)

    def through(self, ports: t.Mapping[str, int]) -> None:
        """Where the relay listens is where the hosts are, for ssh."""
        self.ports = {host.name: ports[host.key] for host in self.hosts}
        known = (self.folder / "known_hosts").read_text(encoding="utf-8")
        for host in self.hosts:
            known = known.replace(f"[127.0.0.1]:{host.ssh_port} ", f"[127.0.0.1]:{self.ports[host.name]} ")
        self._known_hosts.write_text(known, encoding="utf-8")

    @property
    def _known_hosts(self) -> pathlib.Path:
        return WORK / f"known_hosts-{self.name}"

    def inventory(self, hosts: int) -> pathlib.Path:
        common = self.vars["ansible_ssh_common_args"].replace(str(self.folder / "known_hosts"), str(self._known_hosts))
        group = {host.name: {"ansible_port": self.ports[host.name]} for host in self.hosts[:hosts]}
        everything = {"vars": {**self.vars, "ansible_ssh_common_args": common}, "children": {"elixir": {"hosts": group}}}
        path = WORK / f"inventory-{self.name}-{hosts}.yml"
        path.write_text(json.dumps({"all": everything}), encoding="utf-8")
        return path

    def ssh_config(self) -> str:
        """The same for a program that knows ssh only."""
        lines = ["Host *", f"  User {self.vars['ansible_user']}", "  HostName 127.0.0.1", f"  IdentityFile {self.folder / 'id_ed25519'}"]
        lines += ["  IdentitiesOnly yes", f"  UserKnownHostsFile {self._known_hosts}", "  LogLevel ERROR"]
        for name, port in self.ports.items():
            lines += [f"Host {name}", f"  Port {port}"]
        return "\n".join(lines) + "\n"


def cpu_file(container: str) -> pathlib.Path:
    """Of cgroup v1, or v2 with either driver."""
    root = pathlib.Path("/sys/fs/cgroup")
    for place in (f"cpuacct/docker/{container}/cpuacct.usage", f"docker/{container}/cpu.stat", f"system.slice/docker-{container}.scope/cpu.stat"):
        if (root / place).exists():
            return root / place
    raise FileNotFoundError(f"no CPU accounting of the container {container} is found under {root}")
