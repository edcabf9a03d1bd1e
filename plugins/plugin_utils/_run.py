# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which run of Ansible this is, and whether another one is still there.

Only the controller can know either: a run is its ansible-playbook process. So a module that takes the lock is asked first and, where a run of this
controller holds the lock that is no more, a second time, to replace the lock of just that run.
"""

from __future__ import annotations

import multiprocessing
import os
import platform
import pwd

from ansible.errors import AnsibleActionFail

from ansible_collections.beamops.elixir.plugins.plugin_utils._step import StepAction

PROC = "/proc"
# Where each host goes through the play for itself
UNGATED = ("free", "host_pinned")


class RunAction(StepAction):
    """Tells the module which run it is of."""

    def hold(self, task_vars):
        if self._task.run_once:
            refuse_without_gate(self._task.get_play().strategy)
        arguments = {**self._task.args, "run": this_run(), "takeover": None}
        answer = self.send(task_vars, arguments)
        holder = answer.pop("holder", None)
        if holder and is_gone(holder):
            answer = self.send(task_vars, {**arguments, "takeover": holder})
            answer.pop("holder", None)
        return answer


def refuse_without_gate(strategy):
    """One host's lock keeps a run from the others only where no host goes ahead. Ansible itself would do the task on every host, and warn."""
    if strategy.rpartition(".")[2] in UNGATED:
        raise AnsibleActionFail(
            f"Under the strategy {strategy}, run_once means nothing: every host would migrate, and none would go back with another. "
            "Take the strategy out of the play, or deploy with the playbook beamops.elixir.deploy."
        )


def this_run():
    pid = main_process()
    state_and_start = stat(pid)
    return {"owner": owner(), "place": place(), "pid": pid, "started": state_and_start and state_and_start[1]}


def main_process():
    """The ansible-playbook process. A task runs in a fork of it, which goes on, and loops, when it is killed."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return os.getpid()
    if os.getppid() != parent.pid:
        raise AnsibleActionFail(f"The process {parent.pid} that this task belongs to is no more, so nobody would give the lock back: it is not taken.")
    return parent.pid


def owner():
    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # containers of CI often run as a user without a name
        user = str(os.getuid())
    return f"{os.environ.get('SUDO_USER') or user}@{platform.node()}"


def place():
    """What a process id has to be seen with: the machine, since when it is up, and its PID namespace."""
    try:
        with open(f"{PROC}/sys/kernel/random/boot_id", encoding="ascii") as file:
            return " ".join((platform.node(), file.read().strip(), os.readlink(f"{PROC}/self/ns/pid")))
    except OSError:  # another system than Linux
        return platform.node()


def is_gone(holder):
    """Whether that run was one of this place and is no more. False where that cannot be told."""
    if holder["place"] != place():
        return False
    try:
        os.kill(holder["pid"], 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # another user's, and it may be hidden in /proc
        pass
    found = stat(holder["pid"])
    if not found or holder["started"] is None:
        return False
    state, started = found
    return state in "ZX" or started != holder["started"]


def stat(pid):
    """Its state, and when it was started in clock ticks after boot; None where there is no telling."""
    try:
        with open(f"{PROC}/{pid}/stat", "rb") as file:
            # The command's name, in parentheses, may contain blanks and parentheses itself
            fields = file.read().rpartition(b")")[2].decode("ascii").split()
    except OSError:
        return None
    return fields[0], int(fields[19])
