# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Point current at a release, or record how it turned out."""

from __future__ import annotations

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._root import _current, _releases
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _live

ARGUMENTS = {
    **_module.ROOT,
    "release": {"type": "str"},
    "state": {"type": "str", "choices": ["current", "good", "bad", "absent"], "default": "current"},
    "event": {"type": "str", "choices": ["deploy", "failure", "rollback"]},
    "reason": {"type": "str"},
    "previous": {"type": "str"},
    "by": {"type": "str"},
    "proof": {"type": "dict", "no_log": True},
}
RULES = {
    "required_if": [("state", "current", ["release"]), ("state", "good", ["release"]), ("state", "bad", ["release", "reason"])],
}

EVENTS = {"good": "deploy", "bad": "failure"}


def work(module):
    layout, state = _module.layout(module), module.params["state"]
    if state == "absent":
        return unpoint(module, layout)
    return point(module, layout) if state == "current" else mark(module, layout, state)


def pointing(before, after):
    return {"before": f"current -> {before}\n" if before else "", "after": f"current -> {after}\n" if after else ""}


def point(module, layout):
    previous, wanted = _current.pointed(layout), module.params["release"]
    changed = previous != wanted
    if not module.check_mode:
        release = _releases.find(layout, wanted)
        if changed:
            _current.point(layout, release.id)
    return {"changed": changed, "previous": previous, "current": wanted, "diff": pointing(previous, wanted)}


def unpoint(module, layout):
    previous = _current.pointed(layout)
    if not module.check_mode:
        _current.unpoint(layout)
        _live.nothing_starts_with_host(layout)
    return {"changed": bool(previous), "previous": previous, "current": None, "diff": pointing(previous, None)}


def mark(module, layout, state):
    params, current = module.params, _current.pointed(layout)
    event, reason = params["event"] or EVENTS[state], params["reason"] if state == "bad" else None
    answer = {"previous": current, "current": current}
    if module.check_mode and not _releases.is_staged(layout, params["release"]):
        return {"changed": True, **answer}
    release = _releases.find(layout, params["release"])
    news = (release.state, release.reason) != (state, reason) or not _current.is_noted(layout, event, release.id, params["previous"])
    proof = _current.proven(release, params["proof"])
    if news and not module.check_mode:
        marked = _current.mark(layout, release, state, reason, event, params["proof"])
        if event == "rollback":
            _current.leave(layout, marked, params["previous"])
        _current.note(layout, event, marked, params["previous"], params["by"], params["reason"])
    elif proof != release.proof and not module.check_mode:
        _releases.write(release._replace(proof=proof))
    diff = {"before": f"{release.id}: {release.state}\n", "after": f"{release.id}: {state}\n"}
    return {"changed": news or proof != release.proof, "diff": diff, **answer}
