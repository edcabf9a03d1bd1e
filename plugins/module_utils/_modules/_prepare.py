# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Look whether a host can take a release and, where it can, take its lock."""

from __future__ import annotations

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _command, _processes
from ansible_collections.beamops.elixir.plugins.module_utils._modules import _info, _lock
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _peers, _plan
from ansible_collections.beamops.elixir.plugins.module_utils._tarball import _delta

ARGUMENTS = {**_info.ARGUMENTS, **_lock.TO_HOLD, **_plan.PAIRED, "cluster": _peers.CLUSTER}


def work(module):
    layout, tarball = _module.layout(module), module.params["tarball"]
    seen = _info.look(module, layout, module.params["user"] or (tarball and tarball["name"]))
    # A release called news or backup would have the account of that name, which comes with the system
    if not module.params["user"] and seen.get("user_is_foreign"):
        seen["problems"].append(seen["user_is_foreign"])
    if seen.get("problems"):  # it is left as it is
        return {**seen, "held": False, "msg": " ".join(seen["problems"])}
    held = _lock.hold(module, layout)
    told = {key: held[key] for key in ("held", "owner", "since", "taken_over", "msg")}
    told.update({"there": there(module, layout, seen)} if tarball else {})
    told["cluster"] = cluster(module, layout, tarball and tarball.get("applications")) if held["held"] else None
    return {**seen, "problems": [], **told, "holder": held.get("holder")}


def cluster(module, layout, applications):
    """With whom what runs is connected, and by what means; None where nobody wants to know."""
    if module.params["cluster"] == "off":
        return None
    # Nobody else has to look
    from ansible_collections.beamops.elixir.plugins.module_utils._steps import _cluster

    scan = _processes.scan()
    noted = _cluster.noted(layout, applications, module.params["cluster"], scan)
    if noted.get("msg"):
        process = _cluster.speaker(layout, scan)
        _module.hide(module, process.environ, process.name, process.root)
        _module.warn(module, f"With which nodes this one is connected cannot be told: {noted['msg']}")
    _module.show(module, noted["node"] or "", *noted["peers"])
    return noted


def there(module, layout, seen):
    """What elixir_release_stage would have to come for."""
    builds = [release["sha256"] for release in seen["releases"]]
    if module.params["tarball"]["sha256"] in builds and seen["user_exists"]:
        live = what_is_live(module, layout)
        if live:
            return {"builds": builds, "live": live}
    return {"builds": builds, "files": _delta.told(_plan.contents(layout).values())}


def what_is_live(module, layout):
    """What it would say where the release serves already. None where it does not, and where there is something to be told: it tells."""
    params = module.params
    account = _command.account_to_be(params["user"] or params["tarball"]["name"], module.check_mode)
    try:
        wanted = _plan.of_params(layout, params, account)
        _module.hide(module, wanted.variables, params["tarball"]["name"], wanted.release_id)
        release = _plan.existing(wanted)
        answer = _plan.answer(wanted, release, _processes.scan()) if release else {"live": False}
    except ReleaseError:
        return None
    return {**answer, "env_missing": _plan.env_missing(wanted)} if answer["live"] else None
