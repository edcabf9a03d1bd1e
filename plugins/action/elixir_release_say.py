# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Prints on the controller: by Ansible's own Display, as the prompt of pause is, so that a callback adds nothing to it."""

from __future__ import annotations

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.beamops.elixir.plugins.module_utils._host import _text

ARGUMENTS = {"lines": {"type": "list", "elements": "str", "required": True}}


class ActionModule(ActionBase):
    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        answer = super().run(tmp, task_vars)
        _validated, arguments = self.validate_argument_spec(ARGUMENTS)
        lines = [_text.shown(line) for line in arguments["lines"]]
        Display().display("\n".join(lines))
        return {**answer, "changed": False, "lines": lines}
