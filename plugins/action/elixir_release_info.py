# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Says in words where a host has too old a Python."""

from __future__ import annotations

from ansible_collections.beamops.elixir.plugins.plugin_utils._old_python import explained
from ansible_collections.beamops.elixir.plugins.plugin_utils._step import StepAction


class ActionModule(StepAction):
    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        return explained(self, self.send(task_vars), task_vars)
