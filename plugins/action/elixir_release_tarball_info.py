# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads a tarball of the controller right here: it takes no module to be packed, and no other Python to be started, for that."""

from __future__ import annotations

from ansible.errors import AnsibleActionFail

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._modules import _tarball_info
from ansible_collections.beamops.elixir.plugins.plugin_utils._step import StepAction


class ActionModule(StepAction):
    def run(self, tmp=None, task_vars=None):
        answer = super().run(tmp, task_vars)
        if self._connection.transport != "local" or self._play_context.become:
            return self.send(task_vars)
        _validated, arguments = self.validate_argument_spec(_tarball_info.ARGUMENTS, **_tarball_info.RULES)
        try:
            told, note = _tarball_info.look(**arguments)
        except (ReleaseError, OSError) as error:
            raise AnsibleActionFail(_module.in_words(error)) from None  # Ansible would tell the cause, too, in the same words
        return {**answer, **told, **({"warnings": [note]} if note else {})}
