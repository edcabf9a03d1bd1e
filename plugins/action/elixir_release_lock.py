# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Says which run of Ansible wants the lock, and finds out whether the one that holds it is still there."""

from __future__ import annotations

from ansible_collections.beamops.elixir.plugins.plugin_utils._run import RunAction


class ActionModule(RunAction):
    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        return self.hold(task_vars)
