# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Says how a log is followed from the controller, which no task can do."""

from __future__ import annotations

from ansible_collections.beamops.elixir.plugins.plugin_utils import _ssh
from ansible_collections.beamops.elixir.plugins.plugin_utils._step import StepAction


class ActionModule(StepAction):
    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        answer = self.send(task_vars)
        method = _ssh.method(self._connection)
        for log in answer.get("logs", []):
            log["follow"] = _ssh.command(self._connection, _ssh.as_user(method, None, log["follow"]))
        return answer
