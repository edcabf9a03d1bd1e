# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Take, keep or give back the deploy lock of a host."""

from __future__ import annotations

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._root import _lock

# Of the run that wants it, and of one that is known to be no more: its action plugin knows both
TO_HOLD = {"what": {"type": "str"}, "expires": {"type": "int", "default": 3600}, "run": {"type": "dict"}, "takeover": {"type": "dict"}}
ARGUMENTS = {
    **_module.ROOT,
    **TO_HOLD,
    "state": {"type": "str", "choices": ["present", "absent", "kept"], "default": "present"},
    "reason": {"type": "str"},
    "force": {"type": "bool", "default": False},
}
RULES = {
    "required_if": [("state", "kept", ["reason"])],
}


def hold(module, layout):
    wanted = _lock.wish(**{option: module.params[option] for option in ("run", "takeover", "expires", "what")})
    return _lock.hold(layout, wanted, module.check_mode)


def work(module):
    params = module.params
    wanted = _lock.wish(**{option: params[option] for option in ("run", "takeover", "expires", "what", "force")}, kept=params["reason"])
    if params["state"] == "absent":
        return _lock.give_back(_module.layout(module), wanted, module.check_mode)
    if params["state"] == "present":
        wanted = wanted._replace(kept=None)
    return _lock.hold(_module.layout(module), wanted, module.check_mode)
