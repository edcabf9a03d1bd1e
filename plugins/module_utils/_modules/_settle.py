# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Record that a release is good, remove old ones, and give the lock back."""

from __future__ import annotations

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._modules import _current, _prune
from ansible_collections.beamops.elixir.plugins.module_utils._root import _lock, _static

ARGUMENTS = {
    **_module.ROOT,
    "release": {"type": "str", "required": True},
    "event": {"type": "str", "choices": ["deploy", "rollback"], "default": "deploy"},
    "previous": {"type": "str"},
    "reason": {"type": "str"},
    "proof": {"type": "dict", "no_log": True},
    "by": {"type": "str"},
    "keep": {"type": "int", "default": 5},
    "static": {"type": "bool", "default": False},
    "run": {"type": "dict"},
}


def work(module):
    layout = _module.layout(module)
    run = _lock.wish(module.params["run"], None, expires=1)
    marked = _current.mark(module, layout, "good")
    pruned = _prune.prune(module, layout, module.params["keep"])
    if module.params["static"] and not module.check_mode:
        _static.keep(layout)
    _lock.give_back(layout, run, module.check_mode)
    return {
        "changed": marked["changed"] or pruned["changed"],
        "removed": pruned["removed"],
        "kept": pruned["kept"],
        "left": pruned["left"],
        "diff": [answer["diff"] for answer in (marked, pruned) if "diff" in answer],
    }
