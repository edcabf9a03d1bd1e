# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Move the traffic to a slot, and see it served there."""

from __future__ import annotations

import urllib.parse

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _processes
from ansible_collections.beamops.elixir.plugins.module_utils._modules import _current as _links, _wait as _waits
from ansible_collections.beamops.elixir.plugins.module_utils._root import _current, _releases
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _deadman, _live, _proxy, _readiness, _said, _start, _wait

ARGUMENTS = {
    **_module.ROOT,
    **_live.OPTIONS,
    "slot": {**_live.SLOT["slot"], "required": True},
    "release": {"type": "str", "required": True},
    "pid": {"type": "int"},
    "url": {"type": "str"},
    "headers": {"type": "dict", "default": {}},
    "status_code": {"type": "list", "elements": "int", "default": [200]},
    "search_regex": {"type": "str"},
    "as_proven": {"type": "bool", "default": False},
    "watch": {"type": "float", "default": 0},
    "within": {"type": "float"},
    "since": {"type": "float"},
    "disarm": {"type": "bool", "default": False},
}
RULES = {"required_by": {"slot": ("slots",)}}
LOOK = ("url", "headers", "status_code", "search_regex")


def work(module):
    # Whoever has to go back has to know whether the traffic was moved, also where this fails
    told = {"changed": False, "since": module.params["since"], "ready": False, "fatal": True}
    try:
        switch(module, _module.layout(module), told)
    except (ReleaseError, OSError) as error:
        module.fail_json(**{**told, "msg": _module.in_words(error)})  # what was seen before is in it already
    return told


def switch(module, layout, told):
    params = module.params
    if module.check_mode:
        told.update(changed=True, ready=True, fatal=False)
        return
    _waits.check_regex(params["search_regex"])
    slot = _live.slot_of(params)
    release = _releases.find(layout, params["release"])._replace(slot=slot)
    _waits.hide_secrets(module, release)
    proxy = _live.proxy(release.name, params["slots"])
    process = _start.running(layout, release)
    if not process or params["pid"] not in (None, process.pid):
        msg = f"{release.id} does not run in the slot {slot.name}, so no traffic is moved there."
        if params["pid"]:
            msg = _wait.restarted(layout, release, params["pid"], f"{msg} It was started as pid {params['pid']}, which has died.")
        raise ReleaseError(msg)
    told["changed"] = _proxy.move(proxy, slot.name)
    if told["since"] is None:
        told["since"] = _processes.uptime()
    wanted = looked_for(params, release)

    def watched():
        if not _processes.alive(process.pid, process.started):
            # What systemd does about it is told with the evidence: here users wait for the way back
            verdict = _readiness.never(f"{release.id}, pid {process.pid}, has died since it has the traffic.{_said.tail(layout, release)}", "process", "died")
        else:
            verdict = look(proxy, slot.name, wanted)
        return verdict, _processes.uptime() - told["since"]

    verdict = _wait.watched(watched, params["watch"], params["within"], "the switch")
    told.update(verdict._asdict())
    if not verdict.ready:
        return
    pointed = _current.pointed(layout)
    if pointed != release.id:
        told.update(changed=True, diff=_links.pointing(pointed, release.id))
    _current.point(layout, release.id, slot.name)
    _live.start_with_host(layout, release)
    if params["disarm"]:
        _deadman.disarm(layout)


def looked_for(params, release):
    proof = (release.proof or {}) if params["as_proven"] else {}
    return {option: proof.get(option, params[option]) for option in LOOK}


def look(proxy, slot, wanted):
    """First what nginx says of itself, then what its users get."""
    served = _proxy.serves(proxy)
    if served != slot:
        return _readiness.not_yet(f"nginx serves the slot {served} still, not {slot}.", "proxy", served)
    if not wanted["url"]:
        return _readiness.yes(f"nginx serves the slot {slot}.", "proxy", slot)
    parts = urllib.parse.urlsplit(wanted["url"])
    path = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
    return _proxy.look_through(proxy, path, wanted["headers"], wanted["status_code"], wanted["search_regex"])
