# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the rows of blue_green are run: on a host with systemd, and with all of its users behind nginx."""

from __future__ import annotations

import typing as t

from ansible_collections.beamops.elixir.molecule.faults import baseline
from ansible_collections.beamops.elixir.molecule.faults.collection import Way
from ansible_collections.beamops.elixir.molecule.faults.language import ROOT, Fault
from ansible_collections.beamops.elixir.molecule.faults.machines import Machine
from ansible_collections.beamops.elixir.molecule.faults.traffic import reader, sender, visitor

# What a deploy and the proxy's role write, by what it is called in on_host/reset_slots
WRITTEN = {"slots": ROOT, "nginx": "/etc/nginx", "units": "/etc/systemd/system"}


def keep_pristine(machines: t.Collection[Machine]) -> None:
    for name, path in WRITTEN.items():
        baseline.keep_pristine(machines, name, path)


def reset(fault: Fault, machines: t.Mapping[str, Machine], database: Machine) -> None:
    """As the collection left it: the old version in blue."""

    def one(machine: Machine) -> None:
        machine.reset(fault.old, script="reset_slots")
        baseline.until_healthy(machine)

    baseline.in_parallel(one, machines.values())
    baseline.query(database, baseline.OLD_SCHEMA)


BLUE_GREEN = Way(reset, (visitor, reader, sender), {"elixir_release_strategy": "blue_green"})
