# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Evaluate an expression with a release, or run one of its scripts."""

from __future__ import annotations

import re

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _cgroup, _processes
from ansible_collections.beamops.elixir.plugins.module_utils._root import _releases
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _beside, _bin_app

ARGUMENTS = {
    **_module.ROOT,
    **_module.USER,
    "release": {"type": "str"},
    "expression": {"type": "str"},
    "script": {"type": "str"},
    "rpc": {"type": "bool", "default": False},
    "timeout": {"type": "float", "default": 300},
}
RULES = {
    "required_one_of": [("expression", "script")],
    "mutually_exclusive": [("expression", "script"), ("rpc", "script")],
    "supports_check_mode": False,
}

# Of no use to who reads the cause: where in the code of a library it was, and how the BEAM ended
NOISE = re.compile(r"\s*$|\s+\(\w+ [^)]+\) \S+:\d+: |(init|Runtime) terminating |Crash dump is being written")
# As Ecto tells it, migration by migration
MIGRATED = re.compile(r".*== Migrated \d+ .*")
# The cause stands first: what follows are its consequences and a stack trace
HEAD_LINES = 12


def head(result):
    lines = (result.stderr.strip() or result.stdout.strip()).splitlines()
    telling = [line for line in lines if not NOISE.match(line)]
    shown = telling[:HEAD_LINES]
    done = [line for line in result.stdout.splitlines() if MIGRATED.match(line) and line not in shown]
    more = [f"... {len(lines) - len(shown)} more lines: see them with -v"] if len(lines) > len(shown) else []
    return "\n".join([*shown, *more, *(["Done before that:", *done] if done else [])])


def _left():
    room = _cgroup.room()
    return room.limit if room else "how much there is is not known"


def work(module):
    params = module.params
    layout = _module.layout(module)
    release = _releases.chosen(layout, params["release"])
    application = _bin_app.staged(release.path, release.name, layout, _bin_app.account_of(release, layout, params["user"]))
    _module.hide(module, application.environ, release.name, release.id)
    if params["script"]:
        called, script, arguments = f"bin/{params['script']}", params["script"], ()
    else:
        command = "rpc" if params["rpc"] else "eval"
        called, script, arguments = f"bin/{release.name} {command}", release.name, (command, params["expression"])
    # An rpc is answered by what serves, and may be there to end it. It may also start epmd, which stays, and which nobody may take for expendable.
    serving = [] if params["rpc"] else _beside.live(layout, release, _processes.scan())
    called = f"{called} of {release.id}"
    refusal = _beside.too_little_memory(called, _beside.unpacked_size(release.path), serving, _cgroup.room()) if serving else None
    if refusal:
        raise ReleaseError(refusal)
    result = application.run(script, *arguments, timeout=params["timeout"], expendable=not params["rpc"])
    died = _beside.died(serving)
    answer = {"changed": True, "rc": result.rc, "died": [process.pid for process in died]}
    # Of a failure Ansible would print all of it twice more
    if module._verbosity or not (died or result.killed or result.timed_out or result.rc):
        answer.update(stdout=result.stdout, stderr=result.stderr)
    if died:
        module.fail_json(msg=" ".join(_beside.lost(process, called) for process in died), **answer)
    if result.killed:
        spared = " What serves runs on." if serving else ""
        module.fail_json(msg=f"{called} was killed, most likely by the kernel for lack of memory ({_left()}).{spared}", **answer)
    if result.timed_out:
        module.fail_json(msg=f"{called} was ended after {params['timeout']:g} s. Its first lines:\n{head(result)}", **answer)
    if result.rc != 0:
        module.fail_json(msg=f"{called} failed (exit code {result.rc}):\n{head(result)}", **answer)
    return answer
