# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import json
import pathlib
import subprocess
import typing as t

import pytest

from ansible_collections.beamops.elixir.molecule.conftest import Run, command_of, until


def connected(host) -> list[str]:
    """The short names of those that its node is connected with, as it says itself."""
    return [name.partition("@")[2].partition(".")[0] for name in json.loads(host.site.get("/cluster")[1])["nodes"].split()]


def is_whole(hosts) -> bool:
    return all(set(connected(host)) == set(hosts) - {name} for name, host in hosts.items())


@pytest.fixture
def whole(hosts, eventually):
    """All of them, once they are connected."""
    assert eventually(lambda: is_whole(hosts), 60), {name: connected(host) for name, host in hosts.items()}
    return hosts


@pytest.fixture
def cut(fleet, hosts, eventually):
    """Takes one host's way to the others, as a broken switch does. Who comes by ssh comes another way. Mended when the test is over."""
    lost: list[str] = []

    def inspect(name: str) -> str:
        command = ["docker", "inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", f"beamops-{fleet.name}-{name}"]
        return subprocess.check_output(command, text=True).strip()

    def route(name: str, verb: str) -> None:
        """In the network of that host, whose own root may not do that."""
        script = "; ".join(f"ip route {verb} blackhole {inspect(other)}/32" for other in hosts if other != name)
        network = ["--cap-add", "NET_ADMIN", "--network", f"container:beamops-{fleet.name}-{name}"]
        subprocess.run(["docker", "run", "--rm", *network, "--entrypoint", "sh", "beamops/host:bookworm", "-euc", script], check=True)

    def take(name: str) -> None:
        route(name, "add")
        lost.append(name)

    yield take
    for name in lost:
        route(name, "del")
    assert eventually(lambda: is_whole(hosts), 90)


class Running(t.NamedTuple):
    """A playbook that is under way."""

    process: subprocess.Popen
    log: pathlib.Path

    def so_far(self) -> str:
        return self.log.read_text()

    def comes_to(self, condition: t.Callable[[], t.Any]) -> bool:
        """Whether it came to that before its end."""
        return until(lambda: self.process.poll() is not None or condition(), 180) and self.process.poll() is None

    def end(self) -> Run:
        return Run(self.process.wait(180), self.so_far())


@pytest.fixture
def running(tarballs, fleet) -> t.Callable[..., contextlib.AbstractContextManager[Running]]:
    @contextlib.contextmanager
    def deploy(build: str, **variables: t.Any) -> t.Iterator[Running]:
        log = fleet / "running.log"
        command = command_of("deploy", **{"elixir_release_tarball": tarballs[build], **variables})
        with log.open("w") as output:
            process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        try:
            yield Running(process, log)
        finally:
            process.kill()
            process.wait()

    return deploy
