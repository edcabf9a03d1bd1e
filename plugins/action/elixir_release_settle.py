# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Says which run of Ansible gives its lock back."""

from __future__ import annotations

from ansible_collections.beamops.elixir.plugins.plugin_utils._run import RunAction, this_run


class ActionModule(RunAction):
    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        return self.send(task_vars, {**self._task.args, "run": this_run()})
