# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A callback that writes down what a run's modules answer. See README.md."""

from __future__ import annotations

import json
import os
import pathlib

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: recorder
type: notification
short_description: Writes down what the modules of beamops.elixir answer
description:
  - Of the first host of a run, and of others what failed there.
"""

STEP = "beamops.elixir.elixir_release_"
# What there is to tell of. All else is large, or a secret
ANSWERS = frozenset(
    """changed ready fatal msg asked killed pid release slot live replaces sent_bytes previous current removed kept look seen rc stdout stderr release_id
    taken_over source fired unreachable""".split()
)
OPTIONS = frozenset("event state after port url rehearsed_word rehearsal".split())


def kept(action, options, answer):
    name = action.removeprefix(STEP)
    told = {key: value for key, value in answer.items() if key in ANSWERS or (name, key) == ("current", "diff")}
    if "msg" in told:  # reports lie below the directory that Ansible was started in
        told["msg"] = told["msg"].replace(os.getcwd(), "/home/kai/guestbook")
    return [name, {key: value if key != "rehearsal" else "..." for key, value in options.items() if key in OPTIONS}, told]


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "recorder"

    def __init__(self):
        super().__init__()
        self.steps = []

    def v2_runner_on_ok(self, result):
        if result.task.action.startswith(STEP) and not result.task.loop and result.host.get_name() == "web1":
            self.steps.append(["ok", *kept(result.task.action, result.task.args, result.result)])

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self.steps.append(["failed", *kept(result.task.action, result.task.args, result.result)])

    def v2_runner_on_unreachable(self, result):
        self.steps.append(["unreachable", *kept(result.task.action, result.task.args, result.result)])

    def v2_playbook_on_stats(self, stats):
        path = pathlib.Path(os.environ["RECORD"])
        runs = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        runs[os.environ["RECORD_AS"]] = self.steps
        lines = (f'"{run}": [\n{",".join(chr(10) + json.dumps(step) for step in steps).lstrip()}\n]' for run, steps in sorted(runs.items()))
        path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
