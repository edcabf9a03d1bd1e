# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Our half of the fault table: a row a test. What a row is stands in ../faults.py."""

from ansible_collections.beamops.elixir.molecule.faults import collection


def test_fault(fault, machines, database_machine, secrets):
    complaints = collection.complaints(fault, machines, database_machine, secrets)
    assert not complaints, "\n".join(complaints)
