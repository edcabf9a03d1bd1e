# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds the tarball that `mix release` made in the directory of a mix project."""

from __future__ import annotations

import filecmp
import glob
import os
import re
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils import _elixir_code
from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError

TARBALL = re.compile(r"([a-z][A-Za-z0-9_]*)-(.+)\.tar\.gz")
# Where `MIX_ENV=prod mix release` puts it, and where builds in containers do; else the builds of other environments
PLACES = (("_build/prod", "."), ("_build/*",))
HOW_TO_BUILD = "Build it with `MIX_ENV=prod mix release`, with `steps: [:assemble, :tar]` for the release in mix.exs"


class Tarball(t.NamedTuple):
    path: str
    name: str
    version: str


def find(project: str, name: str | None = None) -> str:
    """The path of the tarball of the project's release, or of that one of its releases that is named.

    Only of the version that mix.exs tells, where it does: an older one that lies about is no candidate.
    """
    mix = _read_mix_exs(project)
    names = (name,) if name else mix.names
    for places in PLACES:
        found = _tarballs(project, places)
        fitting = [tarball for tarball in found if _fits(tarball.name, names) and _fits(tarball.version, mix.versions)]
        if fitting:
            return _the_only(project, fitting).path
    raise ReleaseError(_none(project, name, mix))


def _read_mix_exs(project: str) -> _elixir_code.MixProject:
    path = os.path.join(project, "mix.exs")
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return _elixir_code.mix_project(file.read())
    except OSError as exc:
        raise ReleaseError(f"Cannot read {path}: {exc.strerror}. Give the directory of a mix project, or the tarball itself.") from exc


def _tarballs(project: str, places: t.Iterable[str]) -> list[Tarball]:
    directory = glob.escape(project)
    paths = (path for place in places for path in sorted(glob.glob(os.path.join(directory, place, "*.tar.gz"))))
    matches = ((path, TARBALL.fullmatch(os.path.basename(path))) for path in paths)
    return [Tarball(os.path.normpath(path), *match.groups()) for path, match in matches if match]


def _fits(value: str, wanted: tuple[str, ...]) -> bool:
    return not wanted or value in wanted


def _the_only(project: str, tarballs: list[Tarball]) -> Tarball:
    paths = ", ".join(tarball.path for tarball in tarballs)
    if len({tarball.name for tarball in tarballs}) > 1:
        raise ReleaseError(f"The mix project {project} has tarballs of several releases: {paths}. Say with `name` which release it is.")
    first = tarballs[0]
    if not all(filecmp.cmp(first.path, other.path, shallow=False) for other in tarballs[1:]):
        raise ReleaseError(f"The mix project {project} has several tarballs of {first.name}: {paths}. Say with `tarball` which it is, or remove the others.")
    return first


def _none(project: str, name: str | None, mix: _elixir_code.MixProject) -> str:
    every = [tarball.path for places in PLACES for tarball in _tarballs(project, places)]
    found = f"found {', '.join(sorted(set(every)))}" if every else "found no tarball at all"
    if name and mix.names and name not in mix.names:
        return f"Unknown release name {name}: mix.exs in {project} tells of {', '.join(mix.names)}; {found}."
    what = " ".join(filter(None, (name or "/".join(mix.names), "/".join(mix.versions)))) or "a release"
    return f"No tarball of {what}, of which mix.exs tells, in _build/ of the mix project {project} or beside mix.exs; {found}. {HOW_TO_BUILD}."
