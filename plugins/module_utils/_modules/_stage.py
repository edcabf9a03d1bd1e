# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Unpack a release beside the others, with its env file."""

from __future__ import annotations

import base64

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _command, _processes
from ansible_collections.beamops.elixir.plugins.module_utils._modules import _eval
from ansible_collections.beamops.elixir.plugins.module_utils._root import _static
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _bin_app, _into_slot, _plan, _rehearsal, _stage
from ansible_collections.beamops.elixir.plugins.module_utils._tarball import _delta

ARGUMENTS = {
    **_module.ROOT,
    **_module.USER,
    "tarball": {"type": "dict", "required": True},
    "remote_src": {"type": "bool", "default": False},
    **_plan.PAIRED,
    "force": {"type": "bool", "default": False},
    "port": {"type": "int"},
    "there": {"type": "dict"},
    "delta": {"type": "str", "no_log": True},
    "static": {"type": "bool", "default": False},
    "rehearsal": {"type": "str"},
    "rehearsed_word": {"type": "str"},
}
RULES = {"required_together": [("rehearsal", "rehearsed_word")]}


def missing_in_words(missing):
    names = " and ".join(filter(None, [", ".join(missing[:-1]), missing[-1]]))
    them = "it" if len(missing) == 1 else "them"
    return (
        f"config/runtime.exs asks for {names}, and the env file does not set {them}: the release cannot start without, "
        f"unless its env.sh sets {them}, or it asks for {them} under a condition that does not hold here."
    )


def work(module):
    params = module.params
    layout = _module.layout(module)
    account = _command.account_to_be(params["user"], module.check_mode)
    wanted = _plan.of_params(layout, params, account)
    _module.hide(module, wanted.variables, params["tarball"]["name"], wanted.release_id)
    release = _plan.existing(wanted)
    if release and release.state == "bad" and not params["force"]:
        raise ReleaseError(
            f"{release.id} is marked bad on this host: {str(release.reason).rstrip('. ')}. "
            "Deploy another build, or set 'force' (elixir_release_force of the role) to try this one again."
        )
    missing = _plan.env_missing(wanted)
    if missing:
        module.warn(missing_in_words(missing))
    wanted = wanted._replace(port=params["port"], force=params["force"])
    scan = _processes.scan()
    _plan.refuse_what_cannot_start(wanted, release, scan)
    if wanted.slots and not (release and wanted.slots.runs(release.path)):
        _into_slot.refuse_too_little_memory(wanted.release_id, lambda: wanted.tarball["unpacked_size"], wanted.slots)
    answer = {"changed": release is None, "diff": _plan.diff(wanted, release)}
    if release is None and not module.check_mode:
        if params["delta"]:
            try:
                release = _stage.stage_delta(wanted, base64.b64decode(params["delta"]))
            except _delta.Unusable as error:
                return {**answer, "unusable": str(error)}
        elif params["remote_src"]:
            release = _stage.stage(wanted, params["tarball"]["path"])
    if params["static"] and answer["changed"] and not module.check_mode:
        _static.keep(layout)  # before anybody can ask for them
    answer.update(env_missing=missing, **_plan.answer(wanted, release, scan))
    if wanted.slots:
        for note in _plan.notes_of_two(params["tarball"], wanted):
            module.warn(note)
    # It changes nothing, so check mode rehearses too what is there already
    if params["rehearsal"] and release and not answer["live"]:
        rehearse(module, wanted, release, answer["changed"])
    return answer


def rehearse(module, wanted, release, new):
    """Of one that lies here for longer it is not known whether all of it is still as it was staged."""
    application = _bin_app.staged(release.path, release.name, wanted.layout, wanted.account)
    known = _rehearsal.proven(wanted.layout, release) if new else ()
    outcome = _rehearsal.rehearse(wanted.layout, release, application, module.params["rehearsal"], module.params["rehearsed_word"], known)
    if outcome.failure:
        module.fail_json(msg=f"The rehearsal failed: {outcome.failure}", **_eval.told(module, outcome))
