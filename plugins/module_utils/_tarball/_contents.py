# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a release is made of: each path with its mode and the checksum of its content. The same of a tarball and of the directory that it becomes."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._tarball import _archive

FILE, LINK, DIRECTORY = "file", "link", "directory"


class Entry(t.NamedTuple):
    path: str
    kind: str
    mode: int  # 0 of a link
    content: str  # a file's sha256, where a link leads to


Contents = t.Dict[str, Entry]


def of_tarball(path: str) -> Contents:
    found: Contents = {}

    def visit(member: _archive.Member, content: t.IO[bytes] | None) -> None:
        for directory in _parents(member.path):
            found.setdefault(directory, Entry(directory, DIRECTORY, _archive.PERMISSIONS, ""))
        found[member.path] = _of_member(member, content, found)

    _archive.walk(path, visit)
    return found


def of_directory(path: str) -> Contents:
    found: Contents = {}
    for directory, directories, names in os.walk(path):
        for name in (*directories, *names):
            place = os.path.join(directory, name)
            entry = _of_place(place, os.path.relpath(place, path))
            found[entry.path] = entry
    return found


def text(contents: Contents) -> str:
    return json.dumps(sorted(contents.values()), separators=(",", ":"))


def parse(said: str) -> Contents:
    return {entry[0]: Entry(*entry) for entry in json.loads(said)}


def digest(file: t.IO[bytes]) -> str:
    sha256 = hashlib.sha256()
    for block in iter(lambda: file.read(_archive.BLOCK), b""):
        sha256.update(block)
    return sha256.hexdigest()


def _of_member(member: _archive.Member, content: t.IO[bytes] | None, found: Contents) -> Entry:
    if member.kind == "directory":
        return Entry(member.path, DIRECTORY, _archive.PERMISSIONS, "")
    if member.kind == "symlink":
        return Entry(member.path, LINK, 0, member.target or "")
    if member.kind == "hardlink":
        return found[member.target or ""]._replace(path=member.path)
    return Entry(member.path, FILE, member.mode, digest(t.cast(t.IO[bytes], content)))


def _of_place(place: str, path: str) -> Entry:
    mode = os.lstat(place).st_mode
    if stat.S_ISLNK(mode):
        return Entry(path, LINK, 0, os.readlink(place))
    if stat.S_ISDIR(mode):
        return Entry(path, DIRECTORY, stat.S_IMODE(mode), "")
    with open(place, "rb") as file:
        return Entry(path, FILE, stat.S_IMODE(mode), digest(file))


def _parents(path: str) -> t.Iterator[str]:
    for end, character in enumerate(path):
        if character == "/":
            yield path[:end]
