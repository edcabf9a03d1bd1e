# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Of a release only what a host lacks: made on the controller, put together with what the host has of its other releases.

What a host has is told by the first bytes of checksums, which only choose; what is put together is hashed as a whole, and has to be what the tarball holds.
"""

from __future__ import annotations

import base64
import io
import os
import re
import shutil
import stat
import tarfile
import typing as t
import zlib

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._tarball import _archive, _contents
from ansible_collections.beamops.elixir.plugins.module_utils._tarball._contents import Contents

# Of a checksum
KEY_BYTES = 8
# Compiled code, which nobody edits in place. What an operator may, such as env.sh or vm.args, is never shared
SHARED = re.compile(r"(lib|erts-[^/]+)/.+|.+\.beam")
CONTENTS = "contents"
COMPRESSION = 6
UNUSABLE = (ReleaseError, OSError, EOFError, ValueError, KeyError, TypeError, zlib.error, tarfile.TarError)


class Sent(t.NamedTuple):
    data: bytes
    mtime: int


class Unusable(Exception):
    """It cannot be put together: the whole tarball is needed."""


def told(contents: t.Iterable[Contents]) -> str:
    """What a host has, in as few bytes as that can be said."""
    keys = {entry.content[: 2 * KEY_BYTES] for one in contents for entry in one.values() if entry.kind == _contents.FILE}
    return base64.b64encode(b"".join(bytes.fromhex(key) for key in sorted(keys))).decode()


def heard(said: str) -> set[str]:
    data = base64.b64decode(said)
    return {data[at : at + KEY_BYTES].hex() for at in range(0, len(data), KEY_BYTES)}


def make(tarball: str, contents: Contents, there: t.Collection[str]) -> bytes:
    """A tarball with the contents, and each file that is not there by its checksum."""
    lacking = {entry.content for entry in contents.values() if entry.kind == _contents.FILE and entry.content[: 2 * KEY_BYTES] not in there}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=COMPRESSION) as archive:
        _add(archive, CONTENTS, _contents.text(contents).encode("utf-8", "surrogateescape"))

        def visit(member: _archive.Member, content: t.IO[bytes] | None) -> None:
            entry = contents[member.path]
            if content is not None and entry.content in lacking:
                data = content.read()
                if _contents.digest(io.BytesIO(data)) == entry.content:  # else it comes again, and is another one then
                    lacking.discard(entry.content)
                    _add(archive, entry.content, data, member.mtime)

        if lacking:
            _archive.walk(tarball, visit)
    return buffer.getvalue()


def assemble(delta: bytes, releases: t.Mapping[str, Contents], destination: str) -> Contents:
    """Makes the directory of what is sent and of what these releases have, by their directories. Whole and as it was built, or not at all."""
    try:
        sent, contents = _sent(delta)
        os.mkdir(destination)
        os.chmod(destination, _archive.PERMISSIONS)
        _put_together(contents, sent, _places(releases), destination)
        if _contents.of_directory(destination) != contents:
            raise Unusable("what was put together is not what was built")
    except UNUSABLE as error:
        shutil.rmtree(destination, ignore_errors=True)
        raise Unusable(str(error) or type(error).__name__) from error
    except BaseException:
        shutil.rmtree(destination, ignore_errors=True)
        raise
    return contents


def _sent(delta: bytes) -> tuple[dict[str, Sent], Contents]:
    with tarfile.open(fileobj=io.BytesIO(delta), mode="r:gz") as archive:
        members = {info.name: Sent(t.cast(t.IO[bytes], archive.extractfile(info)).read(), int(info.mtime)) for info in archive if info.isreg()}
    return members, _contents.parse(members.pop(CONTENTS).data.decode("utf-8", "surrogateescape"))


def _places(releases: t.Mapping[str, Contents]) -> dict[tuple[str, int], str]:
    """Where a file of that content and mode is."""
    return {
        (entry.content, entry.mode): os.path.join(directory, path)
        for directory, contents in releases.items()
        for path, entry in contents.items()
        if entry.kind == _contents.FILE
    }


def _put_together(contents: Contents, sent: t.Mapping[str, Sent], places: t.Mapping[tuple[str, int], str], destination: str) -> None:
    by_content = {content: place for (content, _mode), place in places.items()}
    for entry in sorted(contents.values()):  # a directory before what is in it
        place = os.path.join(destination, _archive.inside(entry.path))
        if entry.kind == _contents.DIRECTORY:
            os.mkdir(place)
            os.chmod(place, entry.mode)
        elif entry.kind == _contents.LINK:
            os.symlink(entry.content, place)
        elif entry.content in sent:
            _write(place, io.BytesIO(sent[entry.content].data), entry.mode, sent[entry.content].mtime)
        elif not (SHARED.fullmatch(entry.path) and _link(places.get((entry.content, entry.mode)), place, entry.mode)):
            with open(by_content[entry.content], "rb") as source:
                _write(place, source, entry.mode, os.fstat(source.fileno()).st_mtime)


def _link(source: str | None, place: str, mode: int) -> bool:
    """Two releases share a file, which nobody writes to: a release is read-only to who runs it, and whoever replaces a file makes another one."""
    status = os.lstat(source) if source else None
    if not status or (status.st_uid, stat.S_IMODE(status.st_mode)) != (os.geteuid(), mode):
        return False
    try:
        os.link(source, place, follow_symlinks=False)
    except OSError:  # another file system, or one that has no links, or too many of them
        return False
    return True


def _write(place: str, source: t.IO[bytes], mode: int, mtime: float) -> None:
    handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with open(handle, "wb") as file:
        shutil.copyfileobj(source, file, _archive.BLOCK)
        file.flush()
        os.fchmod(handle, mode)
        os.utime(handle, (mtime, mtime))


def _add(archive: tarfile.TarFile, name: str, data: bytes, mtime: int = 0) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mtime = len(data), mtime
    archive.addfile(info, io.BytesIO(data))
