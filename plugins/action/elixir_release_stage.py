# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Uploads the tarball, but only to a host that has not staged it yet.

The module is asked first, unless it is known that the host has no such build: it checks all that can be checked without the tarball. What was uploaded lies in the task's own
temporary directory, which Ansible removes, so that nothing is left on the host whatever happens.
"""

from __future__ import annotations

import os

from ansible.errors import AnsibleActionFail
from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.beamops.elixir.plugins.plugin_utils._step import StepAction


class ActionModule(StepAction):
    TRANSFERS_FILES = True

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        here = arguments.pop("here", None)
        try:
            if here is None or arguments["tarball"]["sha256"] in here or self._task.check_mode:
                answer = self.send(task_vars, arguments)
                if self._is_complete(arguments, answer):
                    return answer
            arguments["remote_src"] = True
            arguments["tarball"] = {**arguments["tarball"], "path": self._upload(arguments["tarball"]["path"])}
            return self.send(task_vars, arguments)
        finally:
            self._remove_tmp_path(self._connection._shell.tmpdir)

    def _is_complete(self, arguments, answer):
        """Whether nothing is left to do, or to try, on this host."""
        remote_src = boolean(arguments.get("remote_src", False), strict=False)
        return remote_src or self._task.check_mode or answer.get("failed") or not answer.get("changed")

    def _upload(self, source):
        source = os.path.abspath(os.path.expanduser(source))
        if not os.path.isfile(source):
            raise AnsibleActionFail(f"{source} is not on the controller any more: build it again, or give another tarball.")
        directory = self._connection._shell.tmpdir or self._make_tmp_path()
        target = self._connection._shell.join_path(directory, os.path.basename(source))
        self._transfer_file(source, target)
        self._fixup_perms2((directory, target))
        return target
