# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fault table of blue_green: a row a test. What a row is stands in ../../faults/slots_faults.py."""

from ansible_collections.beamops.elixir.molecule.faults import collection
from ansible_collections.beamops.elixir.molecule.faults.slots import BLUE_GREEN


def test_fault(fault, machines, database_machine, secrets):
    complaints = collection.complaints(fault, machines, database_machine, secrets, BLUE_GREEN)
    assert not complaints, "\n".join(complaints)
