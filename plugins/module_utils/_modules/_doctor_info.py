# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tell what is wrong with a host, or could be better."""

from __future__ import annotations

import time

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._modules import _failure_info, _info
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _checkup, _live

ARGUMENTS = {**_module.ROOT, "name": {"type": "str", "required": True}, **_module.USER, **_live.OPTIONS}


def work(module):
    params, layout = module.params, _module.layout(module)
    _failure_info.hide_secrets(module, layout)
    look = _info.look(module, layout, params["user"] or params["name"])
    found = [*of_status(look, params["user"]), *_checkup.look(layout, params["name"], params["slots"])]
    return {"changed": False, "now": time.time(), "findings": [finding._asdict() for finding in found]}


def of_status(seen, user):
    """What the status tells as well. Where nothing was deployed yet, it is no fault that nothing runs."""
    deployed = bool(seen["releases"] or seen["running"])
    yield from (_checkup.Finding("status", deployed, sentence) for sentence in seen["drift"])
    yield from (_checkup.advice("status", sentence) for sentence in seen["remarks"])
    if not user and seen["user_is_foreign"]:  # which a deploy refuses
        yield _checkup.wrong("user", seen["user_is_foreign"])
    yield from of_lock(seen["lock"])


def of_lock(lock):
    if not lock:
        return
    who = f"{lock['owner'] or 'somebody unknown'} ({lock['what'] or 'nobody knows for what'})"
    if lock["kept"]:
        yield _checkup.wrong("lock", f"The lock of {who} was kept: {lock['kept']}. Look at the host, then run the playbook beamops.elixir.unlock.")
    elif lock["expired"]:
        yield _checkup.advice("lock", f"{who} has left a lock, which the next run takes over.")
    else:
        yield _checkup.advice("lock", f"{who} works here since {lock['since']}.")
