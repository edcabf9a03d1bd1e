# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the bash script does under the same faults. Nothing is asked of it but that the fault really met it.

Every host has a script of its own: three rows at a time, one for each host.
"""

import concurrent.futures
import queue

import pytest

from ansible_collections.beamops.elixir.molecule.faults import rows, script, words


@pytest.fixture(scope="module")
def results(request, script_machines):
    """The rows that were asked for, each being run by whoever has a host to spare."""
    free = queue.Queue()
    for machine in script_machines.values():
        free.put(machine)

    def run(fault):
        machine = free.get()
        try:
            return script.run(fault, machine)
        finally:
            free.put(machine)

    faults = [item.callspec.params["script_fault"] for item in request.session.items if "script_fault" in getattr(item, "fixturenames", ())]
    with concurrent.futures.ThreadPoolExecutor(max_workers=len(script_machines)) as pool:
        yield {fault.name: pool.submit(run, fault) for fault in faults}


def test_script(script_fault, results):
    rows.forget(script_fault, "script")
    row = results[script_fault.name].result()
    rows.keep(script_fault, "script", row)
    print(words.script(row))
    assert not row["missed"]
