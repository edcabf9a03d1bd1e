# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ask the running release to stop."""

from __future__ import annotations

import os

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _processes
from ansible_collections.beamops.elixir.plugins.module_utils._root import _current, _layout, _releases
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _drain, _live, _stop

ARGUMENTS = {
    **_module.ROOT,
    "force": {"type": "bool", "default": False},
    "by": {"type": "str"},
    "release": {"type": "str"},
    "replaces": {"type": "path"},
    "overlap": {"type": "bool", "default": False},
    "after": {"type": "float", "default": 0},
    "within": {"type": "float", "default": 90},
    "drain": {"type": "float", "default": 0},
    "drain_expression": {"type": "str"},
    "since": {"type": "float"},
    "watch": {"type": "float", "default": 0},
    **_live.SLOT,
}


def work(module):
    params, layout = module.params, _module.layout(module)
    asked_at = _processes.uptime()
    spared = layout.release(params["release"] or "") if params["overlap"] else None
    if params["slot"] and params["after"]:
        return {"changed": False, "asked": [], "asked_at": None, "ready": True, "fatal": False, **keep_warm(module, layout)}
    if params["slot"]:
        drained = _drain.watch(_live.slot_of(params), params["watch"], params["drain"], params["since"])
        if not drained.ready and not module.check_mode:
            return {"changed": False, "asked": [], "asked_at": None, **drained._asdict()}
    scan = _processes.scan()
    if params["slot"]:
        processes = _live.in_slot(layout, params["slot"], params["slots"], scan)
    else:
        processes = [process for process in scan.of_root(params["replaces"] or layout.root) if process.root != spared]
    undrained = None if module.check_mode or params["force"] else let_finish(module, processes)
    asked = []
    try:
        for told in ask(processes, None if module.check_mode else _stop.kill if params["force"] else _stop.ask):
            asked.append(told)
    except ReleaseError as error:
        module.fail_json(msg=str(error), **({"asked": asked, "asked_at": asked_at} if asked else {}))
    if not module.check_mode:
        restarting = _stop.ask_restarting(layout, scan, params["slot"])
        asked += [{"pid": None, "version": None, "node": None, "how": "systemctl", "unit": unit} for unit in restarting]
    if params["slot"] and not module.check_mode:
        _live.leave(layout, params["slot"])
    killed = [process for process, told in zip(processes, asked) if told["how"] == "kill"]
    return {
        "changed": bool(asked),
        "asked": asked,
        "asked_at": asked_at,
        "ready": True,
        "fatal": False,
        "undrained": undrained,
        **({"msg": lost(module, layout, killed)} if killed else {}),
    }


def keep_warm(module, layout):
    """It serves nobody, and stays for whoever wants to go back. It starts no more by itself."""
    params = module.params
    for process in _live.in_slot(layout, params["slot"], params["slots"], _processes.scan()):
        if not module.check_mode:
            from ansible_collections.beamops.elixir.plugins.module_utils._steps import _warm  # a start and a wait know this module, and need it never

            _warm.arm(
                layout,
                process,
                params["slot"],
                params["slots"],
                seconds=params["after"],
                drain_seconds=params["drain"],
                stop_seconds=params["within"],
                drain_expression=params["drain_expression"],
            )
            _live.start_no_more(layout, params["slot"])
    return {"msg": f"What runs in the slot {params['slot']} stays for {params['after']:g} s."}


def let_finish(module, processes):
    """Has each of them let go of its work, and says where one did not: it is asked to stop all the same, for what has begun to let go serves no more."""
    expression, seconds, said = module.params["drain_expression"], module.params["drain"], []
    if expression and not seconds:
        raise ReleaseError("'drain' is missing: give the seconds that 'drain_expression' has.")
    for process in processes if expression else ():
        _module.hide(module, process.environ, process.name, process.root)
        said.append(_drain.evaluate(process, expression, seconds))
    failures = " ".join(filter(None, said))
    if failures:
        _module.warn(module, failures)
    return failures or None


def ask(processes, end):
    """Each of them, and what is told of it. Without an end nobody is asked."""
    for process in processes:
        yield {"pid": process.pid, "version": process.version, "node": process.node, "how": end and end(process)}


def kill(module, layout, processes):
    """What has not stopped in time: it has stopped serving, so there is nothing to spare any more. Says what is lost, None where there was nothing."""
    for process in processes:
        _stop.kill(process)
    return lost(module, layout, processes) if processes else None


def lost(module, layout, killed):
    """Says so of what was killed, also in the ledger: there who wonders later what became of a request finds it."""
    said = [f"{process.version} (pid {process.pid}) was killed. What it was doing is lost, as in a crash." for process in killed]
    for process, sentence in zip(killed, said):
        module.warn(sentence)
        note(module, layout, process)
    return " ".join(said)


def note(module, layout, process):
    if not os.path.exists(_layout.record(process.root)):  # not staged here
        return
    try:
        _current.note(layout, "kill", _releases.read(process.root), None, module.params["by"], f"pid {process.pid} did not stop")
    except ReleaseError as error:  # it is killed all the same
        module.warn(str(error))
