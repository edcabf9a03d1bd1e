# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sends of a release what the host lacks: nothing, the files that none of its releases has, or the whole tarball.

Where the very release is known to serve already, nothing is asked. Where it is not known what the host has, the module is asked first: it checks all that
can be checked without the tarball. A tarball that was uploaded lies in the task's own temporary directory, which Ansible removes, so that nothing is left
on the host whatever happens.
"""

from __future__ import annotations

import os

from ansible.errors import AnsibleActionFail
from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.beamops.elixir.plugins.plugin_utils import _deltas
from ansible_collections.beamops.elixir.plugins.plugin_utils._step import StepAction


class ActionModule(StepAction):
    TRANSFERS_FILES = True

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        there = arguments.pop("there", None) or {}
        if there.get("live"):  # nobody has to ask again
            return {"changed": False, **there["live"]}
        try:
            if arguments["tarball"]["sha256"] in there.get("builds", [None]) or not there or self._task.check_mode:
                answer = self.send(task_vars, arguments)
                if self._is_complete(arguments, answer):
                    return answer
            return self._send_delta(task_vars, arguments, there.get("files")) or self._send_whole(task_vars, arguments)
        finally:
            self._remove_tmp_path(self._connection._shell.tmpdir)

    def _is_complete(self, arguments, answer):
        """Whether nothing is left to do, or to try, on this host."""
        remote_src = boolean(arguments.get("remote_src", False), strict=False)
        return remote_src or self._task.check_mode or answer.get("failed") or not answer.get("changed")

    def _send_delta(self, task_vars, arguments, files):
        """None where that does not do."""
        delta = _deltas.of(self._source(arguments), arguments["tarball"]["sha256"], files) if files else None
        answer = self.send(task_vars, {**arguments, "delta": delta}) if delta else {"unusable": "there is none"}
        return None if "unusable" in answer else {**answer, "sent_bytes": len(delta)}

    def _send_whole(self, task_vars, arguments):
        source = self._source(arguments)
        tarball = {**arguments["tarball"], "path": self._upload(source)}
        return {**self.send(task_vars, {**arguments, "tarball": tarball, "remote_src": True}), "sent_bytes": os.path.getsize(source)}

    def _source(self, arguments):
        source = os.path.abspath(os.path.expanduser(arguments["tarball"]["path"]))
        if not os.path.isfile(source):
            raise AnsibleActionFail(f"{source} is not on the controller any more: build it again, or give another tarball.")
        return source

    def _upload(self, source):
        directory = self._connection._shell.tmpdir or self._make_tmp_path()
        target = self._connection._shell.join_path(directory, os.path.basename(source))
        self._transfer_file(source, target)
        self._fixup_perms2((directory, target))
        return target
