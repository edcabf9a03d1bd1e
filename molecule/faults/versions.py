# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which versions the table was made with."""

from __future__ import annotations

import json
import pathlib
import re
import subprocess
import typing as t

from ansible_collections.beamops.elixir.molecule.conftest import PROJECT
from ansible_collections.beamops.elixir.molecule.faults.language import ROOT
from ansible_collections.beamops.elixir.molecule.faults.machines import Machine

COUNTS = {1: "one host", 3: "three hosts"}


def keep(path: pathlib.Path, machines: t.Mapping[str, Machine]) -> None:
    path.write_text(json.dumps(versions(machines["web1"], COUNTS[len(machines)]), indent=2) + "\n")


def versions(machine: Machine, hosts: str) -> dict[str, str]:
    """In the order of the sentence."""
    core = subprocess.check_output(["ansible-playbook", "--version"], text=True)
    elixir, erts = machine.sh(f"cd {ROOT}/current; ls lib | sed -n 's/^elixir-//p'; ls | sed -n 's/^erts-//p'").split()
    return {
        "beamops.elixir": match(r"(?m)^version: (\S+)", (PROJECT / "galaxy.yml").read_text()),
        "ansible-core": match(r"core ([0-9.]+)", core),
        f"{hosts} with Debian": machine.sh("cat /etc/debian_version").strip(),
        "Python": machine.sh("python3 -c 'import platform; print(platform.python_version())'").strip(),
        "Elixir": elixir,
        "ERTS": erts,
        **(servers(machine) if machine.web_port else {}),
    }


def servers(machine: Machine) -> dict[str, str]:
    """What the host has where systemd is PID 1 and nginx is in front."""
    return {
        "systemd": match(r"systemd (\d+)", machine.sh("systemctl --version")),
        "nginx": match(r"nginx/([0-9.]+)", machine.sh("nginx -v 2>&1")),
    }


def match(expression: str, text: str) -> str:
    found = re.search(expression, text)
    assert found, f"{expression} is not in {text[:100]}"
    return found[1]
