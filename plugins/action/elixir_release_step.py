# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Refuses to be a task of its own."""

from __future__ import annotations

from ansible.errors import AnsibleActionFail

from ansible_collections.beamops.elixir.plugins.plugin_utils._step import StepAction


class ActionModule(StepAction):
    def run(self, tmp=None, task_vars=None):
        raise AnsibleActionFail("elixir_release_step is how the other modules reach a host: name the one whose work is to be done.")
