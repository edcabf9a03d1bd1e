# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Look whether a host can take a release and, where it can, take its lock."""

from __future__ import annotations

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._modules import _info, _lock
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _stage
from ansible_collections.beamops.elixir.plugins.module_utils._tarball import _delta

ARGUMENTS = {**_info.ARGUMENTS, **_lock.TO_HOLD}


def work(module):
    layout, tarball = _module.layout(module), module.params["tarball"]
    seen = _info.look(module, layout, module.params["user"] or (tarball and tarball["name"]))
    # A release called news or backup would have the account of that name, which comes with the system
    if not module.params["user"] and seen.get("user_is_foreign"):
        seen["problems"].append(seen["user_is_foreign"])
    if seen.get("problems"):  # it is left as it is
        return {**seen, "held": False, "msg": " ".join(seen["problems"])}
    held = _lock.hold(module, layout)
    told = {key: held[key] for key in ("held", "owner", "since", "taken_over", "msg")}
    there = {"builds": [release["sha256"] for release in seen["releases"]], "files": _delta.told(_stage.contents(layout).values())}
    return {**seen, "problems": [], **told, "holder": held.get("holder"), **({"there": there} if tarball else {})}
