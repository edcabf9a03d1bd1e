# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Remembers when the traffic was moved, however often its task looks whether it is served."""

from __future__ import annotations

from ansible_collections.beamops.elixir.plugins.plugin_utils._step import PlainAction


class ActionModule(PlainAction):
    def run(self, tmp=None, task_vars=None):
        answer = super().run(tmp, task_vars)
        if answer.get("since") is not None:
            # The task is what its attempts have in common: each has an action of its own
            self._task.args = {**self._task.args, "since": answer["since"]}
        return answer
