# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ROOT/static: the digested assets of all releases that are here, for a web server. A page of one release may ask for them when another one serves.

A digest names a content, so files of two releases never differ under one name. They are links to the releases' own files, and take no room.
"""

from __future__ import annotations

import contextlib
import glob
import os
import re
import shutil
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._root import _layout, _releases

# As `mix phx.digest` names them
DIGESTED = re.compile(r".+-[0-9a-f]{32}\.[^/]+")
READABLE = 0o644


def keep(layout: _layout.Layout) -> bool:
    """Has just those of the releases that are here. Whether that changed anything."""
    wanted = {path: source for release in _releases.staged(layout) for path, source in assets(release.path)}
    there = {os.path.relpath(path, layout.static) for path in _files(layout.static)}
    for path in sorted(set(wanted) - there):
        _publish(wanted[path], os.path.join(layout.static, path))
    for path in there - set(wanted):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(layout.static, path))
    _remove_empty(layout.static)
    return set(wanted) != there


def assets(release_path: str) -> t.Iterator[tuple[str, str]]:
    """Each as its URL has it, and where it lies."""
    for top in glob.glob(os.path.join(glob.escape(release_path), "lib", "*", "priv", "static")):
        for path in _files(top):
            if DIGESTED.fullmatch(os.path.basename(path)):
                yield os.path.relpath(path, top), path


def _publish(source: str, target: str) -> None:
    umask = os.umask(0o022)  # the web server's user must get in
    try:
        os.makedirs(os.path.dirname(target), exist_ok=True)
    finally:
        os.umask(umask)
    if os.stat(source).st_mode & READABLE == READABLE:
        with contextlib.suppress(FileExistsError):
            os.link(source, target)
        return
    shutil.copyfile(source, f"{target}.new")
    os.chmod(f"{target}.new", READABLE)
    os.rename(f"{target}.new", target)


def _files(top: str) -> t.Iterator[str]:
    for directory, _directories, names in os.walk(top):
        for path in (os.path.join(directory, name) for name in names):
            if os.path.isfile(path) and not os.path.islink(path):
                yield path


def _remove_empty(top: str) -> None:
    for directory, _directories, _names in os.walk(top, topdown=False):
        with contextlib.suppress(OSError):
            os.rmdir(directory)
