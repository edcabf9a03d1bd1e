# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Have a host go back by itself if it hears no more of the run."""

from __future__ import annotations

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _command
from ansible_collections.beamops.elixir.plugins.module_utils._root import _releases
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _bin_app, _deadman

ARGUMENTS = {
    **_module.ROOT,
    **_module.USER,
    "state": {"type": "str", "choices": ["armed", "disarmed", "fired"], "default": "armed"},
    "release": {"type": "str"},
    "seconds": {"type": "int"},
    "by": {"type": "str"},
}
RULES = {
    "required_if": [("state", "armed", ["release", "seconds"])],
}


def work(module):
    layout = _module.layout(module)
    return {"armed": arm, "disarmed": disarm, "fired": fire}[module.params["state"]](module, layout)


def arm(module, layout):
    return answer(armed(module, layout, module.params["seconds"]))


def armed(module, layout, seconds, proxy=None):
    """The plan of the timer that counts from now on, None where there is nothing to go back to."""
    params = module.params
    if seconds < 1:
        raise ReleaseError(f"seconds is {seconds}: give at least 1, and more than stopping and starting may take.")
    if not module.check_mode:
        _releases.find(layout, params["release"])
    plan = _deadman.plan(layout, account(module, layout), params["release"], seconds, params["by"], proxy)
    if not module.check_mode:
        _deadman.arm(layout, plan)
    return plan


def account(module, layout):
    user, release_id = module.params["user"], module.params["release"]
    if user or not _releases.is_staged(layout, release_id):
        return _command.account_to_be(user, module.check_mode)
    return _bin_app.account_of(_releases.find(layout, release_id), layout)


def disarm(module, layout):
    try:
        return {**answer(_deadman.armed(layout) if module.check_mode else _deadman.disarm(layout)), "fired": None}
    except ReleaseError as error:
        module.fail_json(msg=str(error), fired=_deadman.outcome(layout)[0])


def fire(module, layout):
    plan = _deadman.armed(layout)
    if plan and not module.check_mode and _deadman.hurry(layout):
        return {**answer(plan), "fired": "going", "msg": f"This host is going back to {plan.target.label}."}
    fired, msg = _deadman.outcome(layout)
    return {**answer(plan), "fired": fired, "msg": msg}


def answer(plan):
    return {"changed": bool(plan), "way_back": plan.target.label if plan else None, "seconds": plan.seconds if plan else None}
