# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Says how a console is opened from the controller, and tries what of that the host cannot try."""

from __future__ import annotations

from ansible_collections.beamops.elixir.plugins.plugin_utils import _ssh
from ansible_collections.beamops.elixir.plugins.plugin_utils._step import StepAction


class ActionModule(StepAction):
    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        answer = self.send(task_vars)
        method = _ssh.method(self._connection)
        for console in answer.get("consoles", []):
            console["refused"] = console["refused"] or self._refused(method, console["user"])
            console["command"] = _ssh.command(self._connection, _ssh.as_user(method, console["user"], console["command"]))
        return answer

    def _refused(self, method, user):
        """The module was root when it became that user; the login itself may not be allowed to."""
        if not method or not user:
            return None
        tried = self._low_level_execute_command(_ssh.may_become(method, user), sudoable=False)
        if tried["rc"] == 0 or _ssh.wants_password(tried["stderr"] + tried["stdout"]):
            return None
        return f"The login may become root, and not {user}, by {method}: see what its rules say of {user}."
