# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The host of the fault table of blue_green, and which of its rows are run."""

from __future__ import annotations

import pytest

from ansible_collections.beamops.elixir.molecule.faults import choice, slots
from ansible_collections.beamops.elixir.molecule.faults.machines import Machine
from ansible_collections.beamops.elixir.molecule.faults.machines import machines as machines_of
from ansible_collections.beamops.elixir.molecule.faults.slots_faults import FAULTS


def pytest_generate_tests(metafunc):
    choice.parametrize(metafunc, "fault", choice.quick(FAULTS))


@pytest.fixture(scope="session")
def machines() -> dict[str, Machine]:
    found = choice.hosts()
    slots.keep_pristine(found.values())
    return found


@pytest.fixture(scope="session")
def database_machine() -> Machine:
    return machines_of("database")["db1"]
