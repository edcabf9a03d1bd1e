# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tell what a tarball of mix release holds, and what it needs of a host."""

from __future__ import annotations

import os
import platform
import pwd

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._tarball import _mix_project, _tarball

ARGUMENTS = {"tarball": {"type": "path"}, "project": {"type": "path"}, "name": {"type": "str"}}
RULES = {
    "mutually_exclusive": [("tarball", "project")],
    "required_one_of": [("tarball", "project")],
}

MIB = 1 << 20


def controller():
    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # containers of CI often run as a user without a name
        user = str(os.getuid())
    return {"user": os.environ.get("SUDO_USER") or user, "host": platform.node()}


def summary(info):
    words = f"{info['name']} {info['version']} ({info['release_id']}), {info['size'] / MIB:.1f} MiB"
    if not info["include_erts"]:
        return f"{words}, for hosts with ERTS {info['erts_version']}"
    libc = f"glibc {info['glibc']} or newer" if info["glibc"] else info["libc"]
    return " ".join(filter(None, (f"{words}, for", info["machine"] or info["system"], libc and f"with {libc}")))


def work(module):
    answer, note = look(**{option: module.params[option] for option in ARGUMENTS})
    if note:
        module.warn(note)
    return answer


def look(tarball, project, name):
    """The answer, and what is to be noted of it."""
    found = _mix_project.find(project, name) if project else _mix_project.Found(tarball, None)
    info = _tarball.describe(found.path)
    if name and name != info["name"]:
        raise ReleaseError(
            f"Unknown release name {name}: {found.path} holds {info['name']} {info['version']}. Set 'name' (elixir_release_name of the role) to "
            f"{info['name']}, or 'tarball' (elixir_release_tarball of the role) to the tarball of {name}."
        )
    return {"changed": False, "controller": controller(), "msg": summary(info), **info}, found.note
