# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Directories of a release that outlive it: links from the release into ROOT/shared, where the application may write."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _command
from ansible_collections.beamops.elixir.plugins.module_utils._root import _layout

OPTION = "'shared_dirs' (elixir_release_shared_dirs of the role)"
MODE = 0o750


def checked(paths: t.Iterable[str], applications: t.Collection[str] | None) -> list[str]:
    """In one order and way of writing. What is wrong with them is told before the release is here, as far as that goes."""
    found = sorted({_checked(path) for path in paths})
    for path, parts in ((path, path.split("/")) for path in found):
        if parts[0] == "lib" and applications is not None and parts[1] not in applications:
            raise _no_application(path, parts[1], applications)
    for outer, inner in ((outer, inner) for outer in found for inner in found if inner.startswith(outer + "/")):
        raise ReleaseError(f"{inner} lies in {outer}, and {OPTION} has both: leave {inner} out.")
    return found


def text(paths: t.Iterable[str]) -> str:
    return "".join(f"{path}\n" for path in paths)


def link(layout: _layout.Layout, release_path: str, paths: t.Iterable[str], account: _command.Account) -> None:
    """Put a link in the place of each. What the release brings there is where the shared directory begins."""
    places = {path: _place(release_path, path) for path in paths}  # all are looked at before the first is made
    for path, place in places.items():
        shared = os.path.join(layout.shared, path)
        _make_parents(layout, shared, account)
        if not os.path.isdir(shared):
            _begin(shared, place, account)
        if os.path.isdir(place):
            shutil.rmtree(place)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        os.symlink(shared, place)


def _checked(path: str) -> str:
    normal = os.path.normpath(path) if path else ""
    if not normal or normal == "." or os.path.isabs(path) or ".." in path.split("/") or re.search(r"[\0\n]", path):
        raise ReleaseError(f"{OPTION} has {path!r}: give the path of a directory inside the release, such as lib/shop/priv/static/uploads.")
    if _is_code(normal.split("/")):
        raise ReleaseError(f"{OPTION} has {path!r}, where the code of the release lies: give a directory that holds only what the application writes.")
    return normal


def _is_code(parts: list[str]) -> bool:
    return parts[0] in ("bin", "releases") or parts[0].startswith(("erts-", ".")) or parts[0] == "lib" and (len(parts) < 3 or parts[2] == "ebin")


def _no_application(path: str, name: str, applications: t.Iterable[str]) -> ReleaseError:
    known = ", ".join(sorted(applications)) or "none"
    return ReleaseError(f"{OPTION} has {path!r}, and this release has no application {name}: write lib/APP without its version. There are: {known}.")


def _place(release_path: str, path: str) -> str:
    """Where it lies in this very release. lib/APP is written without the version."""
    parts = path.split("/")
    if parts[0] == "lib":
        parts[1] = _application(release_path, parts[1], path)
    place = os.path.join(release_path, *parts)
    above = release_path
    for part in parts:
        above = os.path.join(above, part)
        if os.path.islink(above) or os.path.exists(above) and not os.path.isdir(above):
            raise ReleaseError(f"{OPTION} has {path!r}, and in this release {os.path.relpath(above, release_path)} is no directory: leave it out.")
    return place


def _application(release_path: str, name: str, path: str) -> str:
    lib = os.path.join(release_path, "lib")
    applications = {directory.rpartition("-")[0]: directory for directory in (os.listdir(lib) if os.path.isdir(lib) else [])}
    if name not in applications:
        raise _no_application(path, name, applications)
    return applications[name]


def _make_parents(layout: _layout.Layout, shared: str, account: _command.Account) -> None:
    """They belong to who owns the code; its user may only get in."""
    path = layout.root
    for part in os.path.relpath(os.path.dirname(shared), layout.root).split("/"):
        path = os.path.join(path, part)
        if not os.path.lexists(path):
            os.mkdir(path)
            os.chown(path, -1, account.gid)
            os.chmod(path, MODE)
        # In a directory of the application's own, root would follow whatever link it has put there
        elif not os.path.isdir(shared) and os.lstat(path).st_uid != os.geteuid():
            raise ReleaseError(f"{path} belongs to somebody else, so {shared} is not made in it: make it yourself, for {account.name} to write to.")


def _begin(shared: str, place: str, account: _command.Account) -> None:
    """Whole or not at all: what is begun is copied beside it first."""
    temporary = tempfile.mkdtemp(dir=os.path.dirname(shared), prefix=".new-")
    try:
        made = os.path.join(temporary, "made")
        if os.path.isdir(place):
            shutil.copytree(place, made, symlinks=True)
        else:
            os.mkdir(made)
        _give(made, account)
        os.rename(made, shared)
    finally:
        shutil.rmtree(temporary)


def _give(top: str, account: _command.Account) -> None:
    for directory, directories, files in os.walk(top):
        for name in files:
            path = os.path.join(directory, name)
            if not os.path.islink(path):
                os.chmod(path, os.stat(path).st_mode & 0o110 | 0o640)
        for path in [directory, *(os.path.join(directory, name) for name in (*directories, *files))]:
            os.lchown(path, account.uid, account.gid)
        os.chmod(directory, MODE)
