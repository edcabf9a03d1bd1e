# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Says in words that a host's Python is too old, where a module that runs there could only end in a traceback."""

from __future__ import annotations

VERSION = "import sys; print('.'.join(map(str, sys.version_info[:3])))"


def explained(action, answer, task_vars):
    """The answer itself, unless it is such a traceback."""
    if "SyntaxError" not in answer.get("module_stderr", ""):
        return answer
    facts = task_vars.get("ansible_facts", {})
    python = task_vars.get("ansible_python_interpreter") or facts.get("discovered_interpreter_python", "python3")
    version = action._low_level_execute_command(f'{python} -c "{VERSION}"')["stdout"].strip()
    msg = (
        f"{python} on this host is Python {version or '(unknown)'}, which is too old for Ansible's modules: "
        f"install Python 3.9 or newer, and name it with ansible_python_interpreter if it is not found."
    )
    return {"failed": True, "msg": msg}
