# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ask the running release to stop."""

from __future__ import annotations

import os

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _processes
from ansible_collections.beamops.elixir.plugins.module_utils._modules import _deadman
from ansible_collections.beamops.elixir.plugins.module_utils._root import _current, _layout, _releases
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _stop

ARGUMENTS = {
    **_module.ROOT,
    **_module.USER,
    "force": {"type": "bool", "default": False},
    "by": {"type": "str"},
    "deadman": {"type": "int", "default": 0},
    "release": {"type": "str"},
    "replaces": {"type": "path"},
    "overlap": {"type": "bool", "default": False},
}


def arm(module, layout):
    if not module.params["release"]:
        raise ReleaseError("'release' is missing, which the host is to go back from: give the id of the release that is to be started next.")
    _deadman.armed(module, layout, module.params["deadman"])


def work(module):
    layout = _module.layout(module)
    if module.params["deadman"]:
        arm(module, layout)
    asked_at = _processes.uptime()
    end = _stop.kill if module.params["force"] else _stop.ask
    spared = layout.release(module.params["release"] or "") if module.params["overlap"] else None
    processes = [process for process in _processes.scan().of_root(module.params["replaces"] or layout.root) if process.root != spared]
    asked = []
    for process in processes:
        told = {"pid": process.pid, "version": process.version, "node": process.node}
        try:
            asked.append({**told, "how": None if module.check_mode else end(process)})
        except ReleaseError as error:
            module.fail_json(msg=str(error), **({"asked": asked, "asked_at": asked_at} if asked else {}))
    killed = [process for process, told in zip(processes, asked) if told["how"] == "kill"]
    said = [f"{process.version} (pid {process.pid}) was killed. What it was doing is lost, as in a crash." for process in killed]
    for process, sentence in zip(killed, said):
        module.warn(sentence)
        note(module, layout, process)
    return {"changed": bool(asked), "asked": asked, "asked_at": asked_at, **({"msg": " ".join(said)} if said else {})}


def note(module, layout, process):
    """Who wonders later what became of a request finds it in the ledger."""
    if not os.path.exists(_layout.record(process.root)):  # not staged here
        return
    try:
        _current.note(layout, "kill", _releases.read(process.root), None, module.params["by"], f"pid {process.pid} did not stop")
    except ReleaseError as error:  # it is killed all the same
        module.warn(str(error))
