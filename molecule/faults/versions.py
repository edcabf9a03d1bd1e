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


def keep(path: pathlib.Path, machines: t.Mapping[str, Machine]) -> None:
    path.write_text(json.dumps(versions(machines["web1"]), indent=2) + "\n")


def versions(machine: Machine) -> dict[str, str]:
    """In the order of the sentence."""
    core = subprocess.check_output(["ansible-playbook", "--version"], text=True)
    elixir, erts = machine.sh(f"cd {ROOT}/current; ls lib | sed -n 's/^elixir-//p'; ls | sed -n 's/^erts-//p'").split()
    return {
        "beamops.elixir": match(r"(?m)^version: (\S+)", (PROJECT / "galaxy.yml").read_text()),
        "ansible-core": match(r"core ([0-9.]+)", core),
        "three hosts with Debian": machine.sh("cat /etc/debian_version").strip(),
        "Python": machine.sh("python3 -c 'import platform; print(platform.python_version())'").strip(),
        "Elixir": elixir,
        "ERTS": erts,
    }


def match(expression: str, text: str) -> str:
    found = re.search(expression, text)
    assert found, f"{expression} is not in {text[:100]}"
    return found[1]
