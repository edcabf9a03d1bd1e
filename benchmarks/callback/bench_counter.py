# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Counts the tasks of each host, times them one after the other, and writes both to the file that BENCH_COUNTS names."""

from __future__ import annotations

import json
import os
import time

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: bench_counter
type: aggregate
short_description: Counts the tasks of each host
description: Writes as JSON how many tasks each host had, how many of them ran there, how often one was tried again, and what was sent of a release.
requirements: [enabled by ANSIBLE_CALLBACKS_ENABLED]
"""

# Done by the controller, whichever host they are for
ON_CONTROLLER = ("assert", "debug", "set_fact", "fail", "meta", "include_tasks", "include_role", "import_tasks", "import_role", "add_host", "group_by", "pause")


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "bench_counter"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self):
        super().__init__()
        self.counts = {}
        self.began, self.timeline = time.time(), []

    def _begin(self, name):
        """In the linear strategy a task ends where the next one begins."""
        now = time.time()
        if self.timeline:
            self.timeline[-1]["seconds"] = now - self.began
        self.began = now
        self.timeline.append({"task": name, "ran": False})

    def v2_playbook_on_task_start(self, task, is_conditional):
        self._begin(task.get_name().rpartition(" : ")[2])

    def _count(self, result, *kinds):
        host = self.counts.setdefault(result.host.get_name(), {"tasks": 0, "remote": 0, "skipped": 0, "failed": 0, "retries": 0, "release_bytes": 0})
        for kind in kinds:
            host[kind] += 1

    def _ran(self, result, *kinds):
        task = result.task
        self.timeline[-1]["ran"] = True
        local = task.action.rpartition(".")[2] in ON_CONTROLLER or task.delegate_to == "localhost"
        self._count(result, "tasks", *kinds, *([] if local else ["remote"]))

    def v2_runner_on_ok(self, result):
        self._ran(result)
        self.counts[result.host.get_name()]["release_bytes"] += result.result.get("sent_bytes", 0)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._ran(result, "failed")

    def v2_runner_on_unreachable(self, result):
        self._ran(result, "failed")

    def v2_runner_on_skipped(self, result):
        self._count(result, "skipped")

    def v2_runner_retry(self, result):
        self._count(result, "retries")

    def v2_playbook_on_stats(self, stats):
        self._begin("")
        with open(os.environ["BENCH_COUNTS"], "w", encoding="utf-8") as file:
            json.dump({"hosts": self.counts, "timeline": self.timeline[:-1]}, file)
