# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Evaluate an expression with a release, or run one of its scripts."""

from __future__ import annotations

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._host import _processes
from ansible_collections.beamops.elixir.plugins.module_utils._root import _releases
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _bin_app, _evaluation

ARGUMENTS = {
    **_module.ROOT,
    **_module.USER,
    "release": {"type": "str"},
    "expression": {"type": "str"},
    "script": {"type": "str"},
    "rpc": {"type": "bool", "default": False},
    "timeout": {"type": "float", "default": 300},
    "rehearsed_word": {"type": "str"},
}
RULES = {
    "required_one_of": [("expression", "script")],
    "mutually_exclusive": [("expression", "script"), ("rpc", "script")],
    "supports_check_mode": False,
}


def work(module):
    params = module.params
    layout = _module.layout(module)
    release = _releases.chosen(layout, params["release"])
    application = _bin_app.staged(release.path, release.name, layout, _bin_app.account_of(release, layout, params["user"]))
    _module.hide(module, application.environ, release.name, release.id)
    running = _processes.scan().of_release(release.path) if params["rpc"] else []
    if running and running[0].environ:  # it may have another name than its env file says, as in a slot
        application = _bin_app.running(running[0])
    if params["script"]:
        called, command = f"bin/{params['script']}", (params["script"],)
    else:
        verb = "rpc" if params["rpc"] else "eval"
        called, command = f"bin/{release.name} {verb}", (release.name, verb, params["expression"])
    outcome = _evaluation.run(layout, release, application, called, command, params["timeout"], params["rpc"])
    if params["rehearsed_word"]:
        outcome = _evaluation.to_its_end(outcome, release, params["rehearsed_word"])
    answer = told(module, outcome)
    if outcome.failure:
        module.fail_json(msg=outcome.failure, **answer)
    return answer


def told(module, outcome):
    answer = {"changed": True, "rc": outcome.result.rc, "died": outcome.died}
    # Of a failure Ansible would print all of it twice more
    if module._verbosity or not outcome.failure:
        answer.update(stdout=outcome.result.stdout, stderr=outcome.result.stderr)
    return answer
