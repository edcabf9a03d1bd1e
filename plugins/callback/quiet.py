# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nothing but what a playbook has to say."""

from __future__ import annotations

DOCUMENTATION = r"""
name: quiet
type: stdout
short_description: Nothing but what a playbook has to say
version_added: 0.2.0
description:
  - Standard output has what M(beamops.elixir.elixir_release_say) says, and nothing else, so that it can be piped into C(jq) or C(less).
  - What fails, and which host cannot be reached, is told on standard error, a line each. The exit code is that of C(ansible-playbook).
requirements:
  - To be chosen by E(ANSIBLE_STDOUT_CALLBACK=beamops.elixir.quiet), or by C(stdout_callback) in ansible.cfg.
options: {}
author:
  - The beamops.elixir authors (@beamops)
"""

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "beamops.elixir.quiet"

    def v2_runner_on_failed(self, result, ignore_errors=False):
        if not ignore_errors:
            self._complain(result)

    def v2_runner_on_unreachable(self, result):
        if not result.task.ignore_unreachable:
            self._complain(result)

    def v2_playbook_on_no_hosts_matched(self):
        self._display.display("no hosts matched", stderr=True)

    def _complain(self, result):
        told = result.result
        msg = told.get("msg") or told.get("stderr") or "failed without a word"
        self._display.display(f"{result.host.get_name()}: {msg}", stderr=True)
