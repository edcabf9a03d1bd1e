# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Start a release as a daemon, in the place of what runs."""

from __future__ import annotations

import os

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _node, _processes
from ansible_collections.beamops.elixir.plugins.module_utils._modules import (
    _current as _links,
    _deadman as _timers,
    _stop as _stops,
)
from ansible_collections.beamops.elixir.plugins.module_utils._root import _current, _releases
from ansible_collections.beamops.elixir.plugins.module_utils._steps import (
    _beside,
    _bin_app,
    _deadman,
    _into_slot,
    _live,
    _peers,
    _predecessor,
    _proxy,
    _readiness,
    _start,
    _startable,
    _stop,
    _wait,
)

ARGUMENTS = {
    **_module.ROOT,
    **_module.USER,
    "release": {"type": "str"},
    "port": {"type": "int"},
    "force": {"type": "bool", "default": False},
    "stop": {"type": "bool", "default": False},
    "deadman": {"type": "int", "default": 0},
    "by": {"type": "str"},
    "asked_at": {"type": "float"},
    "replaces": {"type": "path"},
    "node": {"type": "str"},
    "watch": {"type": "float", "default": 0},
    "within": {"type": "float"},
    "kill": {"type": "bool", "default": False},
    "point": {"type": "bool", "default": False},
    "overlap": {"type": "bool", "default": False},
    "drain": {"type": "float", "default": 60},
    "drain_expression": {"type": "str"},
    "cluster": _peers.CLUSTER,
    "peers": _peers.OPTIONS,
    **_live.SLOT,
}
DRAINED = " What serves has drained by then, and serves on: the playbook beamops.elixir.restart takes that back."
RULES = {"required_by": {"slot": ("slots",)}}


def refuse_what_cannot_start(params, layout, release, application, seen):
    """Nothing is stopped yet for this start. Once it is, a start is tried, whatever speaks against it."""
    scan = _processes.scan()
    start = _startable.Start(application, _bin_app.dry_run(application), [], params["port"], params["force"], release.service is not None)
    if release.slot:
        left = _live.in_slot(layout, release.slot_name, params["slots"], scan)
        _into_slot.refuse_what_cannot_start(layout, start._replace(replaces=left, port=release.slot.port), scan)
        if seen:
            _into_slot.refuse_too_little_memory(release.id, lambda: _beside.unpacked_size(release.path), seen)
        return
    node = _node.taken(start.given)
    _startable.refuse(start._replace(replaces=_predecessor.of(layout, release.name, node.name if node else None, scan)))


def started_since(asked_at, process):
    """What was asked to stop runs no more, as far as this is concerned, although it may be there still."""
    if process and asked_at is not None and _processes.uptime() - process.seconds < asked_at:
        return None
    return process


def replaced(params, layout, release, scan):
    """What has to be gone before it starts. In a slot that is what was left there, unless that is this very release, which then need not be started."""
    if params["slot"]:
        return [process for process in _live.in_slot(layout, params["slot"], params["slots"], scan) if process.root != release.path]
    return scan.of_root(params["replaces"] or layout.root)


def refuse_outside_cluster(module, layout, told):
    """Nobody is stopped whose cluster is not whole any more. A node that cannot be asked is no reason to keep it."""
    wanted = _peers.of(module.params["peers"])
    if not wanted:
        return
    # Most releases are connected with nobody
    from ansible_collections.beamops.elixir.plugins.module_utils._steps import _cluster

    process = _cluster.speaker(layout, _processes.scan())
    view = _cluster.look(process) if process else ""
    if isinstance(view, str):
        return
    _module.show(module, view.node, *(peer.name for peer in view.peers), *wanted.names, *wanted.hosts)
    verdict = _cluster.verdict(wanted, view)
    if not verdict.ready:
        told["lacks"] = sorted(_cluster.lacking(wanted, view))
        raise ReleaseError(
            f"Nothing was stopped, since the cluster is not whole any more: {verdict.msg} To go on as it is, give -e elixir_release_cluster=off."
        )


def ask(module, layout, release, told):
    """Has what it replaces stop. From then on the host goes back by itself if it hears no more of this run."""
    params = module.params
    if params["drain_expression"] and not params["slot"] and not module.check_mode:
        told["undrained"] = _stops.let_finish(module, replaced(params, layout, release, _processes.scan()))
    if params["deadman"]:
        if not params["release"]:
            raise ReleaseError("'release' is missing, which the host is to go back from: give the id of the release that is to be started.")
        _timers.armed(module, layout, params["deadman"], proxied(params, layout))
    asked_at, scan = _processes.uptime(), _processes.scan()
    try:
        for one in _stops.ask(replaced(params, layout, release, scan), None if module.check_mode else _stop.ask):
            told["asked"].append(one)
            told["asked_at"] = asked_at
        if not module.check_mode:
            _stop.ask_restarting(layout, scan, params["slot"])
    except ReleaseError:
        if params["deadman"] and not told["asked"] and not module.check_mode:
            _deadman.disarm(layout)
        raise
    told["asked_at"] = asked_at


def proxied(params, layout):
    """What the timer has to know of the traffic to lead that back."""
    if not params["slot"]:
        return None
    proxy = _live.proxy(_releases.find(layout, params["release"]).name, params["slots"])
    return {**proxy._asdict(), "slot": _proxy.serves(proxy), "ports": params["slots"]["ports"]}


def gone(params, layout, release, asked_at, overlaps, within):
    """Whether what it replaces is, where that was asked to stop. All that takes time was done before: nobody is served meanwhile."""
    if asked_at is None:
        return _readiness.yes("nothing was asked to stop.")
    root = os.path.realpath(params["replaces"] or layout.root)
    if params["slot"]:
        pids = [process.pid for process in replaced(params, layout, release, _processes.scan())]
        return _wait.watch_stopped(root, params["node"], params["watch"], within, asked_at, lambda process: process.pid in pids)
    if overlaps:
        return _wait.watch_closed(root, params["watch"], within, asked_at)
    return _wait.watch_stopped(root, params["node"], params["watch"], within, asked_at)


def overlaps(params, layout, release):
    """Whether it may start beside what it replaces: where it has another node name."""
    if not params["overlap"] or params["slot"]:
        return False
    running = _processes.scan().of_root(params["replaces"] or layout.root)
    return release.node is not None and not any(_node.short(process.node or "") == _node.short(release.node) for process in running)


def work(module):
    # Whoever has to go back, or not, has to know how far it came, also where it fails
    told = {"asked": [], "asked_at": module.params["asked_at"], "killed": None, "ready": False, "fatal": True}
    try:
        answer = replace(module, _module.layout(module), told)
    except (ReleaseError, OSError) as error:
        drained = module.params["drain_expression"] and "undrained" in told and told["asked_at"] is None
        module.fail_json(msg=f"{_module.in_words(error)}{DRAINED if drained else ''}", **told)
    return {**told, **answer}


def replace(module, layout, told):
    params = module.params
    pointed = _current.pointed(layout)
    if module.check_mode and params["release"] and not _releases.is_staged(layout, params["release"]):
        return {**answer(True, None, params["release"]), **repointing(params, pointed, params["release"])}
    release = _releases.chosen(layout, params["release"])
    slot, seen = _live.slot_of(params), None
    if params["slots"] and not slot:
        seen = _live.see(layout, release.name, params["slots"], _processes.scan())
        slot = seen.target
        params["slot"] = slot.name
    release = release._replace(slot=slot)
    application = _bin_app.staged(release.path, release.name, layout, _bin_app.account_of(release, layout, params["user"]), slot)
    _module.hide(module, application.environ, release.name, release.id)
    if module.check_mode:
        refuse_what_cannot_start(params, layout, release, application, seen)
    beside = overlaps(params, layout, release)
    if params["stop"]:
        refuse_outside_cluster(module, layout, told)
        ask(module, layout, release, told)
    process = _start.running(layout, release)
    if not slot:
        process = started_since(told["asked_at"], process)
    verdict = _readiness.yes("it runs.")
    repoints = repointing(params, pointed, release.id)
    changed = process is None or bool(repoints)
    if process is None and not module.check_mode:
        _start.prepare(layout, release, application)  # while what it replaces is on its way out
        verdict = gone(params, layout, release, told["asked_at"], beside, params["within"])
        if verdict.fatal and params["kill"]:
            told["killed"] = _stops.kill(module, layout, replaced(params, layout, release, _processes.scan()))
            verdict = gone(params, layout, release, told["asked_at"], beside, within=None)
        if not verdict.ready:
            return answer(bool(told["asked"]), None, release.id, application, verdict)
        told["ready"] = True
        if not beside:
            _start.refuse_beside_another(layout, release)
        process = _start.start(layout, release, application)
    if repoints and not module.check_mode:
        _current.point(layout, release.id)  # while it boots
    return {**answer(changed, process, release.id, application, verdict), **repoints, **cluster(module, layout, application)}


def cluster(module, layout, application):
    """As a deploy is told it before anything is stopped, for a restart."""
    if module.params["cluster"] == "off":
        return {}
    from ansible_collections.beamops.elixir.plugins.module_utils._modules import _prepare

    return {"cluster": _prepare.cluster(module, layout, application.content.applications)}


def repointing(params, pointed, release_id):
    """The difference that it makes, if it does."""
    return {"diff": _links.pointing(pointed, release_id)} if params["point"] and pointed != release_id else {}


def answer(changed, process, release_id, application=None, verdict=None):
    return {
        "changed": changed,
        "pid": process.pid if process else None,
        "release": release_id,
        "port": application.port if application else None,
        "phoenix": application.is_phoenix if application else False,
        "slot": application.slot if application else None,
        "ready": verdict.ready if verdict else True,
        "fatal": verdict.fatal if verdict else False,
        **({} if verdict is None or verdict.ready else {"msg": verdict.msg}),
    }
