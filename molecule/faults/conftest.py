# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The hosts of the fault table, and which rows are run: the quick ones of our half, or with FAULTS=all all of both."""

from __future__ import annotations

import shutil

import pytest

from ansible_collections.beamops.elixir.molecule.conftest import FLEET
from ansible_collections.beamops.elixir.molecule.faults import baseline, choice, material, script
from ansible_collections.beamops.elixir.molecule.faults.faults import FAULTS
from ansible_collections.beamops.elixir.molecule.faults.machines import Machine
from ansible_collections.beamops.elixir.molecule.faults.machines import machines as machines_of


def pytest_generate_tests(metafunc):
    choice.parametrize(metafunc, "fault", choice.quick(FAULTS))
    choice.parametrize(metafunc, "script_fault", [fault for fault in FAULTS if choice.ALL and fault.script == "run"])


@pytest.fixture(scope="session")
def machines() -> dict[str, Machine]:
    """The hosts with what every row begins with remembered on them."""
    found = choice.hosts()
    baseline.keep_pristine(found.values(), "collection", "/opt/guestbook")
    for machine in found.values():
        machine.put(material.tarball("0.2.0 again"), "/var/pristine/again.tar.gz")
    return found


@pytest.fixture(scope="session")
def database_machine() -> Machine:
    return machines_of("database")["db1"]


@pytest.fixture(scope="session")
def script_machines(machines, database_machine):
    """The same hosts, with the old version deployed by the bash script, and migrated by a person."""
    shutil.rmtree(FLEET / "projects", ignore_errors=True)
    script.prepare(machines)
    baseline.query(database_machine, baseline.NEW_SCHEMA)
    return machines
