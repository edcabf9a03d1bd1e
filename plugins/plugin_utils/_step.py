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


class PlainAction(StepAction):
    """For the modules that need no more than to be sent."""

    _supports_async = True

    def run(self, tmp=None, task_vars=None):
        answer = super().run(tmp, task_vars)
        in_background = self._task.async_val and not self._connection.has_native_async
        answer.update(self.send(task_vars, wrap_async=in_background))
        if not in_background:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        return answer
