# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tell how a console is opened on what runs."""

from __future__ import annotations

import os

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._host import _command
from ansible_collections.beamops.elixir.plugins.module_utils._modules import _failure_info
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _console

ARGUMENTS = {**_module.ROOT}


def work(module):
    layout = _module.layout(module)
    _failure_info.hide_secrets(module, layout)  # why it would not open is told in the words of bin/NAME
    return {"changed": False, "consoles": [told(way) for way in _console.ways(layout)]}


def told(way):
    process = way.process
    return {
        "version": process.version,
        "pid": process.pid,
        "node": process.node,
        "user": _command.owner(process.uid).name if process.uid != os.geteuid() else None,
        "command": ["sh", "-c", way.console],
        "refused": _console.refused(way),
    }
