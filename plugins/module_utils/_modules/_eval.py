# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Evaluate an expression with a release, or run one of its scripts."""

from __future__ import annotations

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _epmd, _node, _processes
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
    "whole": {"type": "bool", "default": False},
}
RULES = {
    "required_one_of": [("expression", "script")],
    "mutually_exclusive": [("expression", "script"), ("rpc", "script")],
}


def work(module):
    if module.check_mode:
        return foretold(module)
    params = module.params
    layout = _module.layout(module)
    release, application = chosen(module, layout)
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


def chosen(module, layout):
    """A release, and how it is called."""
    params = module.params
    release = _releases.chosen(layout, params["release"])
    application = _bin_app.staged(release.path, release.name, layout, _bin_app.account_of(release, layout, params["user"]))
    _module.hide(module, application.environ, release.name, release.id)
    if not params["rpc"]:
        return release, application
    scan = _processes.scan()
    running = scan.of_release(release.path)
    if running and running[0].environ:  # it may have another name than its env file says, as in a slot, and other secrets
        application = _bin_app.running(running[0])
        _module.hide(module, application.environ, release.name, release.id)
    if not scan.of_root(layout.root) and not is_known_to_epmd(application):
        # bin/NAME would boot a BEAM to say so, and leave an epmd behind
        raise ReleaseError(f"Nothing of {layout.root} runs on this host, so there is no node to ask. The playbook beamops.elixir.restart starts it.")
    return release, application


def is_known_to_epmd(application):
    """What runs may not be to be seen in /proc."""
    node = application.environ.get("RELEASE_NODE") or application.name
    return _node.short(node) in _epmd.names(_node.epmd_port(application.environ))


def foretold(module):
    """What an expression does cannot be. With what it would be evaluated can, unless that is still to be staged."""
    params, layout = module.params, _module.layout(module)
    try:
        release, application = chosen(module, layout)
    except ReleaseError as error:
        return {"changed": False, "skipped": True, "msg": str(error)}
    what = f"bin/{params['script']} would be run" if params["script"] else "it would be evaluated"
    where = "by the node that runs" if params["rpc"] else f"in a BEAM of its own with {release.id}"
    return {"changed": False, "skipped": True, "msg": f"(check mode) {what} {where}, as {application.account.name}"}


def told(module, outcome):
    answer = {"changed": True, "rc": outcome.result.rc, "died": outcome.died}
    # Of a failure Ansible would print all of it twice more, also of a rehearsal
    if module._verbosity or module.params.get("whole") or not outcome.failure:
        answer.update(stdout=outcome.result.stdout, stderr=outcome.result.stderr)
    return answer
