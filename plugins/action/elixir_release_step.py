# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way to a host for the modules that need no more than that. C(meta/runtime.yml) names them."""

from __future__ import annotations

from ansible.errors import AnsibleActionFail

from ansible_collections.beamops.elixir.plugins.plugin_utils._step import StepAction


class ActionModule(StepAction):
    _supports_async = True

    def run(self, tmp=None, task_vars=None):
        answer = super().run(tmp, task_vars)
        if self.step == "step":
            raise AnsibleActionFail("elixir_release_step is how the other modules reach a host: name the one whose work is to be done.")
        in_background = self._task.async_val and not self._connection.has_native_async
        answer.update(self.send(task_vars, wrap_async=in_background))
        if not in_background:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        return answer
