# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Look whether a release is stopped or ready."""

from __future__ import annotations

import re

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _processes
from ansible_collections.beamops.elixir.plugins.module_utils._modules import _stop as _stops
from ansible_collections.beamops.elixir.plugins.module_utils._root import _releases, _slots
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _deadman, _live, _peers, _wait

ARGUMENTS = {
    **_module.ROOT,
    "state": {"type": "str", "choices": ["stopped", "ready"], "required": True},
    "node": {"type": "str"},
    "release": {"type": "str"},
    "pid": {"type": "int"},
    "stable_for": {"type": "float", "default": 0},
    "port": {"type": "int"},
    "serves": {"type": "bool", "default": False},
    "url": {"type": "str"},
    "validate_certs": {"type": "bool"},
    "headers": {"type": "dict", "default": {}},
    "status_code": {"type": "list", "elements": "int", "default": [200]},
    "search_regex": {"type": "str"},
    "rpc": {"type": "bool", "default": True},
    "peers": _peers.OPTIONS,
    "expression": {"type": "str"},
    "as_proven": {"type": "bool", "default": False},
    "timeout": {"type": "float", "default": 10},
    "watch": {"type": "float", "default": 0},
    "within": {"type": "float"},
    "asked_at": {"type": "float"},
    "disarm": {"type": "bool", "default": False},
    "overlap": {"type": "bool", "default": False},
    "kill": {"type": "bool", "default": False},
    "by": {"type": "str"},
    **_live.SLOT,
}

SECRET_HEADERS = re.compile(r"authorization|cookie|token|key|secret", re.IGNORECASE)


def hide_secrets(module, release):
    for headers in (module.params["headers"], (release.proof or {}).get("headers") or {}):
        module.no_log_values.update(str(value) for name, value in headers.items() if SECRET_HEADERS.search(name))
    _module.hide_env_file(module, release)


def check_regex(search_regex):
    try:
        re.compile(search_regex or "")
    except re.error as error:
        raise ReleaseError(f"search_regex {search_regex!r} is not a regular expression of Python: {error}.") from error


def stopped(module, layout):
    params = module.params
    spared = layout.release(params["release"]) if params["overlap"] and params["release"] else None

    def counts(process):
        return process.root != spared and _slots.is_in(layout, process, _live.slot_of(params))

    def watch(within):
        return _wait.watch_stopped(layout.root, params["node"], params["watch"], within, params["asked_at"], counts)

    verdict, killed = watch(params["within"]), None
    if verdict.fatal and params["kill"]:
        killed = _stops.kill(module, layout, list(filter(counts, _processes.scan().of_root(layout.root))))
        verdict = watch(None)
    if verdict.ready and not spared:
        _live.forget_failures(layout, params["slot"])
    return {**verdict._asdict(), "killed": killed, "changed": killed is not None}


def work(module):
    params = module.params
    layout = _module.layout(module)
    if module.check_mode:
        return {"skipped": True, "ready": True, "fatal": False, "msg": "there is nothing to wait for in check mode"}
    check_regex(params["search_regex"])
    if params["state"] == "stopped":
        return {"changed": False, **stopped(module, layout)}
    release = _releases.chosen(layout, params["release"])._replace(slot=_live.slot_of(params))
    hide_secrets(module, release)
    wanted = _wait.Wanted(
        release=release,
        peers=_peers.of(params["peers"]),
        **{option: params[option] for option in _wait.Wanted._fields if option not in ("release", "peers")},
    )
    if params["as_proven"]:
        wanted = _wait.as_proven(wanted)
    listened = []
    verdict = _wait.watch_ready(layout, wanted, params["watch"], params["within"], listened.append)
    if verdict.ready and params["disarm"]:
        _deadman.disarm(layout)
    node = named(layout, release) if wanted.peers and verdict.ready else None
    if wanted.peers:
        _module.show(module, node or "", wanted.peers.node, *wanted.peers.names, *wanted.peers.hosts)
    return {"changed": False, "listened_at": listened[0] if listened else None, **verdict._asdict(), "node": node}


def named(layout, release):
    """As the others of its cluster know it from now on."""
    from ansible_collections.beamops.elixir.plugins.module_utils._steps import _cluster, _start

    process = _start.running(layout, release)
    return _cluster.name(process) if process else None
