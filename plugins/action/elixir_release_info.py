# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Says in words that a host's Python is too old, where a module that runs there could only end in a traceback.

A deploy asks a host for the first time with this module, so this is where an old Python is noticed.
"""

from __future__ import annotations

from ansible_collections.beamops.elixir.plugins.plugin_utils._step import StepAction


VERSION = "import sys; print('.'.join(map(str, sys.version_info[:3])))"


class ActionModule(StepAction):
    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        answer = self.send(task_vars)
        if "SyntaxError" in answer.get("module_stderr", ""):
            return {"failed": True, "msg": self._too_old(task_vars)}
        return answer

    def _too_old(self, task_vars):
        facts = task_vars.get("ansible_facts", {})
        python = task_vars.get("ansible_python_interpreter") or facts.get("discovered_interpreter_python", "python3")
        version = self._low_level_execute_command(f'{python} -c "{VERSION}"')["stdout"].strip()
        return (
            f"{python} on this host is Python {version or '(unknown)'}, which is too old for Ansible's modules: "
            f"install Python 3.9 or newer, and name it with ansible_python_interpreter if it is not found."
        )
