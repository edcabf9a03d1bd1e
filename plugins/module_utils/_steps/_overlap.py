# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What lets a release start while the one that it replaces still finishes its requests: a node name and a place for pipes and logs of its own.

They stand in the env file that the release is staged with, so that whoever loads that, a person too, reaches the node.
"""

from __future__ import annotations

import os
import re
import shlex
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._root import _layout

HEADING = "# Of this release's own, so that it can start beside the one that it replaces (elixir_release_overlap)"
WHY = "so it cannot start beside the release that it replaces: set elixir_release_overlap to false."


def variables(layout: _layout.Layout, name: str, given: t.Mapping[str, str], release_id: str) -> dict[str, str]:
    head, at, host = (given.get("RELEASE_NODE") or name).partition("@")
    tmp = own_tmp(layout, release_id)
    return {"RELEASE_NODE": f"{head}-{_build(release_id)}{at}{host}", "RELEASE_TMP": tmp, "ERL_CRASH_DUMP": os.path.join(tmp, "erl_crash.dump")}


def text(env: str, own: t.Mapping[str, str]) -> str:
    """The env file with these at its end, where they have the last word."""
    lines = [f"export {key}={shlex.quote(value)}" for key, value in own.items()]
    return "\n".join([*([env.rstrip("\n"), ""] if env.strip() else []), HEADING, *lines, ""])


def own_tmp(layout: _layout.Layout, release_id: str) -> str:
    return os.path.join(layout.tmp, release_id)


def tmp(layout: _layout.Layout, release_id: str) -> str:
    """Where that release writes."""
    own = own_tmp(layout, release_id)
    return own if os.path.isdir(own) else layout.tmp


def refuse(applications: t.Collection[str], given: t.Mapping[str, str], why: str = WHY) -> None:
    if "mnesia" in applications:
        raise ReleaseError(f"The release has mnesia, whose database belongs to one node name, {why}")
    if given.get("RELEASE_DISTRIBUTION") == "none":
        return
    name = next((key for key in ("ERL_AFLAGS", "ERL_FLAGS", "ERL_ZFLAGS", "ELIXIR_ERL_OPTIONS") if re.search(r"-s?name\b", given.get(key, ""))), None)
    if name:
        raise ReleaseError(f"The env file gives the node name in {name}, {why}")


def _build(release_id: str) -> str:
    """9f8e7d6c of 0.2.0-9f8e7d6c, 9f8e7d6c_2 of 0.2.0-9f8e7d6c.2: a node name takes no dot."""
    return release_id.rpartition("-")[2].replace(".", "_")
