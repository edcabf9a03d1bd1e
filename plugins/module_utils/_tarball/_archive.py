# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads and unpacks tarballs that may be damaged or hostile.

Every member is vetted before anyone sees it, so that nothing an archive says makes a file outside of the directory that it is
unpacked into. Python's own filters for that are younger than the oldest Python that hosts may have.

A member that comes again replaces the one before: releases of Phoenix applications with `rel/overlays` have some three times.
"""

from __future__ import annotations

import errno
import gzip
import hashlib
import os
import shutil
import typing as t
import zlib
from tarfile import EOFHeaderError, HeaderError, ReadError, TarError, TarFile, TarInfo

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError

# Neither set-uid nor writable by others, whatever the archive says
PERMISSIONS = 0o755
LATEST_TIME = 0xFFFFFFFF
# Far longer than any in a release, and far shorter than what a file system or a recursive removal would choke on
LONGEST_NAME = 1000
BLOCK = 1 << 16

DAMAGED = (TarError, EOFError, zlib.error, gzip.BadGzipFile)
NO_SPACE = (errno.ENOSPC, errno.EDQUOT)


class Member(t.NamedTuple):
    path: str  # relative, without ./
    kind: str  # file, directory, symlink or hardlink
    mode: int
    size: int
    mtime: int
    target: str | None  # as written for a symlink, the path of the other member for a hardlink


Visit = t.Callable[[Member, t.Optional[t.IO[bytes]]], None]


def walk(path: str, visit: Visit) -> str:
    """Calls visit(member, content) for each member, in the order of the archive; answers the sha256 of the tarball.

    Reads the tarball once and to its end, where gzip's own checksum stands: a truncated one could else look whole.
    """
    with _open(path) as file:
        hashed, kinds = _Hashed(file), {}
        try:
            with gzip.GzipFile(fileobj=hashed, mode="rb") as stream:
                with TarFile.open(fileobj=stream, mode="r|", bufsize=BLOCK, tarinfo=_Entry, encoding="utf-8", errors="surrogateescape") as archive:
                    for info in archive:
                        member = _vetted(path, info, kinds)
                        if member.path:
                            visit(member, archive.extractfile(info) if member.kind == "file" else None)
                while stream.read(BLOCK):
                    pass
        except DAMAGED as exc:
            raise ReleaseError(f"The tarball {path} is damaged, or was not copied whole ({exc}): build or copy it again.") from exc
    return hashed.sha256.hexdigest()


def unpack(path: str, destination: str) -> str:
    """Unpacks into a directory that this makes, whole or not at all; answers the sha256 of the tarball.

    The files belong to whoever runs this and keep their times, of which web servers make ETags.
    """
    try:
        os.mkdir(destination)
    except OSError as exc:
        raise ReleaseError(f"Cannot make the directory {destination} to unpack {path} into: {exc.strerror}.") from exc
    try:
        os.chmod(destination, PERMISSIONS)
        return walk(path, lambda member, content: _write(destination, member, content))
    except BaseException:
        shutil.rmtree(destination, ignore_errors=True)
        raise


def inside(path: str) -> str:
    """The path itself, where it is one of a member that was vetted."""
    if _relative(path) != path or not path:
        raise ReleaseError(f"The path {path!r} is none of a release.")
    return path


class _Hashed:
    """A file that hashes what is read from it."""

    def __init__(self, file: t.IO[bytes]) -> None:
        self.file = file
        self.sha256 = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self.file.read(size)
        self.sha256.update(data)
        return data


def _open(path: str) -> t.IO[bytes]:
    try:
        file = open(path, "rb")
    except IsADirectoryError as exc:
        raise ReleaseError(f"{path} is a directory: set 'tarball' (elixir_release_tarball of the role) to the path of the tarball itself.") from exc
    except OSError as exc:
        raise ReleaseError(
            f"Cannot read the tarball {path}: {exc.strerror}. Set 'tarball' (elixir_release_tarball of the role) to a tarball that `mix release` has made, "
            "or leave it out and it is looked for in 'project' (elixir_release_project of the role)."
        ) from exc
    start = file.read(4)
    file.seek(0)
    if start[:2] != b"\x1f\x8b":
        file.close()
        found = f"it begins with {start!r}" if start else "it is empty"
        raise ReleaseError(f"{path} is not a gzip file ({found}): give the tarball that `mix release` makes with `steps: [:assemble, :tar]`.")
    return file


class _Entry(TarInfo):
    """To tarfile, whatever it cannot read is the end of the archive, though only a block of zeros is."""

    @classmethod
    def fromtarfile(cls, tarfile: TarFile) -> TarInfo:
        try:
            return super().fromtarfile(tarfile)
        except EOFHeaderError:
            raise
        except (HeaderError, ValueError, OverflowError) as exc:  # the latter of numbers that are none
            raise ReadError(f"the header at byte {tarfile.offset}: {exc}") from exc


def _vetted(path: str, info: TarInfo, kinds: dict[str, str]) -> Member:
    try:
        member = _vet(info, kinds)
    except ReleaseError as exc:
        name = info.name if len(info.name) <= LONGEST_NAME else f"{info.name[:60]}..."
        raise ReleaseError(f"The tarball {path} is not safe to unpack: its member {name!r} {exc}. Find out who made it, and build it again.") from exc
    if member.kind == "symlink" and _leads_out(member):
        raise ReleaseError(
            f"The tarball {path} is not safe to unpack: its member {member.path!r} is a symbolic link to {member.target!r}, which may lead out "
            "of the directory. Most often that is a directory that releases share, such as one for uploads, and a developer has linked it: "
            "leave the link out of the project, and name that directory in elixir_release_shared_dirs of the role, which links it on every host."
        )
    return member


def _vet(info: TarInfo, kinds: dict[str, str]) -> Member:
    """What an archive's entry stands for; refuses what would leave the directory, or be no plain file in it.

    `kinds` is what is known of the paths so far, and grows. Since a directory once known stays one, and is never a link, no later
    member can be written through a link.
    """
    kind = _kind(info)
    path = _relative(info.name)
    if not path and kind != "directory":
        raise ReleaseError("would replace the directory itself")
    _learn(path, kind, kinds)
    return Member(
        path=path,
        kind=kind,
        mode=_mode(info.mode),
        size=info.size if kind == "file" else 0,
        # In this order it makes a number even of a `nan`
        mtime=int(max(0, min(LATEST_TIME, info.mtime))),
        target=_target(info, path, kind, kinds),
    )


def _mode(mode: int) -> int:
    """What the owner may read and run, all may: the application's user is not the owner. Elixir 1.10 makes bin/NAME for its builder alone (0744)."""
    owner = mode & 0o500
    return mode & PERMISSIONS | owner >> 3 | owner >> 6


def _kind(info: TarInfo) -> str:
    if info.isreg():
        return "file"
    if info.isdir():
        return "directory"
    if info.issym():
        return "symlink"
    if info.islnk():
        return "hardlink"
    if info.ischr() or info.isblk():
        raise ReleaseError("is a device file")
    if info.isfifo():
        raise ReleaseError("is a named pipe")
    raise ReleaseError(f"is of the unknown type {info.type!r}")


def _relative(name: str) -> str:
    if name.startswith("/"):
        raise ReleaseError("has an absolute name")
    if "\0" in name:
        raise ReleaseError("has a name with a NUL in it")
    if len(name) > LONGEST_NAME:
        raise ReleaseError(f"has a name of {len(name)} characters")
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise ReleaseError("has a name with '..' in it")
    return "/".join(parts)


def _learn(path: str, kind: str, kinds: dict[str, str]) -> None:
    if kinds.get(os.path.dirname(path)) != "directory":
        for end, character in enumerate(path):
            if character == "/":
                _learn_one(path[:end], "directory", kinds)
    _learn_one(path, kind, kinds)


def _learn_one(path: str, kind: str, kinds: dict[str, str]) -> None:
    before = kinds.get(path, kind)
    if before != kind and "directory" in (before, kind):
        raise ReleaseError(f"makes a {kind} of {path}, which was a {before} before")
    kinds[path] = kind


def _target(info: TarInfo, path: str, kind: str, kinds: dict[str, str]) -> str | None:
    if kind == "symlink":
        return info.linkname
    if kind == "hardlink":
        target = _relative(info.linkname)
        if target == path or kinds.get(target) not in ("file", "hardlink"):
            raise ReleaseError(f"is a hard link to {info.linkname!r}, which is no file before it in the archive")
        return target
    return None


def _leads_out(link: Member) -> bool:
    """Leading '..' are fine where there are not too many; after a name, which may be a link itself, they could lead anywhere."""
    target = link.target or ""
    parts = [part for part in target.split("/") if part not in ("", ".")]
    ups = sum(1 for part in parts if part == "..")
    return target.startswith("/") or not target or "\0" in target or ".." in parts[ups:] or ups > link.path.count("/")


def _write(destination: str, member: Member, content: t.IO[bytes] | None) -> None:
    place = os.path.join(destination, member.path)
    try:
        _place(destination, place, member, content)
    except DAMAGED:
        raise
    except OSError as exc:
        if exc.errno in NO_SPACE:
            raise ReleaseError(f"The disk is full ({exc.strerror}) while unpacking into {destination}: see `df -h` and `df -i` there, and make room.") from exc
        raise ReleaseError(f"Cannot write {place}: {exc.strerror}.") from exc


def _place(destination: str, place: str, member: Member, content: t.IO[bytes] | None) -> None:
    if member.kind == "directory":
        _make_directories(destination, member.path)
        return
    _make_directories(destination, os.path.dirname(member.path))
    if os.path.lexists(place):
        os.unlink(place)
    if member.kind == "symlink":
        os.symlink(member.target, place)
    elif member.kind == "hardlink":
        os.link(os.path.join(destination, member.target), place, follow_symlinks=False)
    else:
        _write_file(place, member, content)


def _make_directories(destination: str, path: str) -> None:
    """Like os.makedirs, but without regard to the umask: the application's user must be able to enter."""
    if os.path.isdir(os.path.join(destination, path)):
        return
    place = destination
    for name in path.split("/"):
        place = os.path.join(place, name)
        if not os.path.isdir(place):
            os.mkdir(place)
            os.chmod(place, PERMISSIONS)


def _write_file(place: str, member: Member, content: t.IO[bytes]) -> None:
    handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with open(handle, "wb") as file:
        shutil.copyfileobj(content, file, BLOCK)
        file.flush()
        os.fchmod(handle, member.mode)
        os.utime(handle, (member.mtime, member.mtime))
