# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tell what was deployed on a host, when, by whom and why."""

from __future__ import annotations

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._modules import _failure_info
from ansible_collections.beamops.elixir.plugins.module_utils._root import _current

ARGUMENTS = {**_module.ROOT, "lines": {"type": "int", "default": 20}}


def work(module):
    layout = _module.layout(module)
    _failure_info.hide_secrets(module, layout)  # a reason may quote what the application said
    entries = _current.entries(layout)
    return {"changed": False, "entries": entries[max(0, len(entries) - module.params["lines"]) :]}
