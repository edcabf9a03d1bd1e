# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds the tarball that `mix release` made in the directory of a mix project."""

from __future__ import annotations

import filecmp
import glob
import os
import re
import time
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._tarball import _elixir_code

TARBALL = re.compile(r"([a-z][A-Za-z0-9_]*)-(.+)\.tar\.gz")
# Where `MIX_ENV=prod mix release` puts it, and where builds in containers do; else the builds of other environments
PLACES = (("_build/prod", "."), ("_build/*",))
HOW_TO_BUILD = "Build it with `MIX_ENV=prod mix release`, with `steps: [:assemble, :tar]` for the release in mix.exs"
OR_TARBALL = "set 'tarball' (elixir_release_tarball of the role) to its path"


class Tarball(t.NamedTuple):
    path: str
    name: str
    version: str


class Found(t.NamedTuple):
    path: str
    note: str | None  # what was left aside for it


def find(project: str, name: str | None = None) -> Found:
    """The tarball of the project's release, or of that one of its releases that is named.

    Only of the version that mix.exs tells, where it does: an older one that lies about is no candidate. Of several the one that was built last.
    """
    mix = _elixir_code.mix_project(mix_exs(project))
    names = (name,) if name else mix.names
    for places in PLACES:
        found = _tarballs(project, places)
        fitting = [tarball for tarball in found if _fits(tarball.name, names) and _fits(tarball.version, mix.versions)]
        if fitting:
            return _latest(project, fitting, mix)
    raise ReleaseError(_none(project, name, mix))


def mix_exs(project: str) -> str:
    path = os.path.join(project, "mix.exs")
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError as exc:
        raise ReleaseError(
            f"Cannot read {path}: {exc.strerror}. Set 'project' (elixir_release_project of the role) to the directory of a mix project, or {OR_TARBALL}."
        ) from exc


def unknown(project: str, name: str | None, mix: _elixir_code.MixProject) -> str | None:
    """Said of a name that mix.exs tells others of."""
    if not name or _fits(name, mix.names):
        return None
    return f"Unknown release name {name}: mix.exs in {project} tells of {', '.join(mix.names)}"


def _tarballs(project: str, places: t.Iterable[str]) -> list[Tarball]:
    directory = glob.escape(project)
    paths = (path for place in places for path in sorted(glob.glob(os.path.join(directory, place, "*.tar.gz"))))
    matches = ((path, TARBALL.fullmatch(os.path.basename(path))) for path in paths)
    return [Tarball(os.path.normpath(path), *match.groups()) for path, match in matches if match]


def _fits(value: str, wanted: tuple[str, ...]) -> bool:
    return not wanted or value in wanted


def _latest(project: str, tarballs: list[Tarball], mix: _elixir_code.MixProject) -> Found:
    paths = ", ".join(tarball.path for tarball in tarballs)
    if len({tarball.name for tarball in tarballs}) > 1:
        raise ReleaseError(
            f"The mix project {project} has tarballs of several releases: {paths}. Say with 'name' (elixir_release_name of the role) which release it is."
        )
    first = tarballs[0]
    others = [tarball for tarball in tarballs[1:] if not filecmp.cmp(first.path, tarball.path, shallow=False)]
    if not others:
        return Found(first.path, None)
    *aside, latest = sorted([first, *others], key=_built)
    if _built(aside[-1]) == _built(latest):
        raise ReleaseError(
            f"The mix project {project} has several tarballs of {first.name}: {paths}, and none was built last. Remove all but one, or {OR_TARBALL}."
        )
    return Found(latest.path, _left_aside(latest, aside, mix))


def _built(tarball: Tarball) -> float:
    return os.stat(tarball.path).st_mtime


def _left_aside(latest: Tarball, aside: list[Tarball], mix: _elixir_code.MixProject) -> str:
    told = "" if mix.versions else ", for mix.exs does not tell the version as a literal"
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(_built(latest)))
    return (
        f"{latest.path} is taken, which was built last, at {when}{told}. Left aside: {', '.join(tarball.path for tarball in reversed(aside))}. "
        f"If another is meant, {OR_TARBALL}."
    )


def _none(project: str, name: str | None, mix: _elixir_code.MixProject) -> str:
    every = [tarball.path for places in PLACES for tarball in _tarballs(project, places)]
    found = f"found {', '.join(sorted(set(every)))}" if every else "found no tarball at all"
    other = unknown(project, name, mix)
    if other:
        advice = f"Set 'name' (elixir_release_name of the role) to one of them, or 'project' (elixir_release_project of the role) to the project of {name}"
        return f"{other}; {found}. {advice}."
    what = " ".join(filter(None, (name or "/".join(mix.names), "/".join(mix.versions)))) or "a release"
    return f"No tarball of {what}, of which mix.exs tells, in _build/ of the mix project {project} or beside mix.exs; {found}. {HOW_TO_BUILD}, or {OR_TARBALL}."
