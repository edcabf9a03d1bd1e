# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The directory of a release as a whole: removed, or closed to who runs it."""

from __future__ import annotations

import os
import re
import shutil
import stat
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError

MOUNTS = "/proc/self/mountinfo"
WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


def remove(path: str) -> None:
    """With all that is below it, be it closed or not."""
    for directory in _directories(path):
        mode = os.stat(directory).st_mode
        if mode & stat.S_IRWXU != stat.S_IRWXU and os.geteuid() == os.stat(directory).st_uid != 0:
            os.chmod(directory, stat.S_IMODE(mode) | stat.S_IRWXU)
    shutil.rmtree(path)


def close(path: str) -> None:
    """Take the right to write from all that is below it, though not from itself and the files in it, which are ours and the operator's to change."""
    for directory, directories, files in os.walk(path, topdown=False):
        for name in (*directories, *(files if directory != path else ())):
            below = os.path.join(directory, name)
            if not os.path.islink(below):
                os.chmod(below, stat.S_IMODE(os.stat(below).st_mode) & ~WRITABLE)


def refuse_mounts(path: str, mounts: str = MOUNTS) -> None:
    """What is mounted there is not ours to remove, and would be removed with what it is mounted on."""
    found = [place for place in _mount_points(mounts) if place == path or place.startswith(path + "/")]
    if found:
        raise ReleaseError(f"something is mounted on {found[0]}: unmount it first")


def _directories(path: str) -> t.Iterator[str]:
    """Itself first, so that each can be opened before what is in it is looked at."""
    yield path
    for directory, directories, _files in os.walk(path):
        yield from (below for below in (os.path.join(directory, name) for name in directories) if not os.path.islink(below))


def _mount_points(mounts: str) -> list[str]:
    try:
        with open(mounts, encoding="utf-8", errors="surrogateescape") as file:
            fields = [line.split() for line in file]
    except OSError:
        return []
    return [re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), field[4]) for field in fields if len(field) > 4]
