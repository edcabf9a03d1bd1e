# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compares the host's clock with the controller's, and says in words where a host has too old a Python."""

from __future__ import annotations

import time

from ansible_collections.beamops.elixir.plugins.plugin_utils._old_python import explained
from ansible_collections.beamops.elixir.plugins.plugin_utils._step import StepAction

# What logs of several hosts can still be read with, and certificates and tokens of minutes can be judged by
MOST_SECONDS = 2.0


class ActionModule(StepAction):
    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        asked = time.time()
        answer = explained(self, self.send(task_vars), task_vars)
        if "findings" in answer:
            offset = ahead(answer.pop("now"), asked, time.time())
            answer["clock_offset"] = round(offset, 3)
            if abs(offset) > MOST_SECONDS:
                answer["findings"].append({"about": "clock", "wrong": True, "text": in_words(offset)})
        return answer


def ahead(there, asked, answered):
    """At least how many seconds the host's clock is ahead: it told its time at some moment between the two."""
    return min(there - asked, 0.0) or max(there - answered, 0.0)


def in_words(offset):
    which = "ahead of" if offset > 0 else "behind"
    return f"This host's clock is {abs(offset):.0f} s {which} the controller's. If it is not the controller that is wrong: install systemd-timesyncd or chrony."
