# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a release is made of: the applications of its .rel file."""

from __future__ import annotations

import contextlib
import os
import re
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._tarball import _mix_release

HEAD = re.compile(r'\{\s*release\s*,\s*\{\s*"([a-z][A-Za-z0-9_]*)"\s*,\s*"([^"]*)"\s*\}\s*,\s*\{\s*erts\s*,\s*"([^"]*)"\s*\}')
APPLICATION = re.compile(r"""\{\s*'?([a-z][A-Za-z0-9_@]*)'?\s*,\s*"([^"]*)"\s*[,}]\s*(\w*)""")
# The types of an application that does not start with the release
NOT_STARTED = {"none", "load"}


class Rel(t.NamedTuple):
    """The text of a .rel file, read."""

    name: str
    version: str
    erts: str
    applications: dict[str, str]  # with their versions
    started: set[str]


class Content(t.NamedTuple):
    """What matters of it on a host."""

    applications: t.Collection[str] = ()
    is_phoenix: bool = False


def parse(text: str) -> Rel | None:
    head = HEAD.search(text)
    if not head:
        return None
    found = APPLICATION.findall(text, head.end())
    return Rel(*head.groups(), {name: version for name, version, _type in found}, {name for name, _version, kind in found if kind not in NOT_STARTED})


def of_tarball(applications: t.Collection[str], scripts: t.Collection[str]) -> Content:
    """Before it is unpacked."""
    return Content(applications, _is_phoenix(applications, scripts))


def of_directory(path: str) -> Content:
    """Of the version that bin/NAME starts. Nothing is known of what cannot be read."""
    applications: set[str] = set()
    started: set[str] = set()
    scripts: t.Collection[str] = ()
    with contextlib.suppress(OSError):
        scripts = os.listdir(os.path.join(path, "bin"))
        for rel in _rels(path):
            applications.update(rel.applications)
            started.update(rel.started)
    return Content(applications, _is_phoenix(started, scripts))


def _is_phoenix(applications: t.Collection[str], scripts: t.Collection[str]) -> bool:
    """bin/server is there only where somebody ran `mix phx.gen.release`, and also in what serves like Phoenix."""
    return "phoenix" in applications or "server" in scripts


def _rels(path: str) -> list[Rel]:
    read = _mix_release.in_directory(path)
    version = _mix_release.started_version(read)
    directory = os.path.join("releases", version)
    names = os.listdir(os.path.join(path, directory)) if version else []
    rels = (parse(read(os.path.join(directory, name)) or "") for name in names if name.endswith(".rel"))
    return [rel for rel in rels if rel]
