# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sends a module of this collection to a host: all of them as one, which Ansible then has to pack only once a run."""

from __future__ import annotations

from ansible.plugins.action import ActionBase

PREFIX = "elixir_release_"
PAYLOAD = "beamops.elixir.elixir_release_step"


class StepAction(ActionBase):
    _supports_check_mode = True

    @property
    def step(self):
        return self._task.action.rpartition(".")[2].removeprefix(PREFIX)

    def send(self, task_vars, arguments=None, **options):
        """By default with the arguments of the task."""
        arguments = self._task.args if arguments is None else arguments
        return self._execute_module(PAYLOAD, {**arguments, "step": self.step}, task_vars=task_vars, **options)
