# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tell the last lines of what an application says."""

from __future__ import annotations

import time

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._host import _when
from ansible_collections.beamops.elixir.plugins.module_utils._modules import _failure_info
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _log_lines

ARGUMENTS = {**_module.ROOT, "lines": {"type": "int", "default": 50}, "since": {"type": "str"}}


def work(module):
    layout, since = _module.layout(module), module.params["since"]
    start = _when.moment(since, time.time()) if since else None
    _failure_info.hide_secrets(module, layout)
    return {"changed": False, "logs": [told(log, module.params["lines"], start) for log in _log_lines.logs(layout)]}


def told(log, most, start):
    lines, process = log.lines(most, start), log.process
    return {
        "version": process.version if process else None,
        "pid": process.pid if process else None,
        "where": log.where,
        "lines": lines[len(lines) - most :] if len(lines) > most else lines,
        "more": len(lines) > most,
        "follow": log.follow,
    }
