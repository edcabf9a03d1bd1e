# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import csv
import os
import subprocess
import typing as t

import pytest
import testinfra
import yaml

from ansible_collections.beamops.elixir.molecule.conftest import INVENTORY, PROJECT
from ansible_collections.beamops.elixir.molecule.visitors import Visitors

ASK = "import socket, sys; s = socket.socket(1); s.connect('/run/haproxy/admin.sock'); s.sendall(sys.argv[1].encode() + b'\\n'); print(s.makefile().read())"
DOORS = 4  # readers and writers


class Balancer(t.NamedTuple):
    os: testinfra.host.Host
    port: int

    def servers(self) -> dict[str, str]:
        """The state of each, as HAProxy has it."""
        text = self.os.check_output("sudo python3 -c %s %s", ASK, "show stat guestbook 4 -1")
        return {line["svname"]: line["status"] for line in csv.DictReader(text.lstrip("# ").splitlines())}


@pytest.fixture(scope="session", autouse=True)
def community():
    """The collection that one of the examples needs."""
    path = subprocess.check_output([PROJECT / "tools" / "community"], text=True).strip()
    os.environ["ANSIBLE_COLLECTIONS_PATH"] += f":{path}"


@pytest.fixture(scope="session")
def balancer() -> Balancer:
    lb1 = yaml.safe_load((INVENTORY / "balancer.yml").read_text())["balancer"]["hosts"]["lb1"]
    return Balancer(testinfra.get_host("ansible://lb1", ansible_inventory=str(INVENTORY)), lb1["http_port"])


@pytest.fixture
def visitors(balancer):
    return lambda: Visitors({f"door {number}": balancer.port for number in range(DOORS)})
