# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import gzip
import hashlib
import os
import stat
import tarfile

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._tarball import _archive

DIRECTORY = {"type": tarfile.DIRTYPE}


def symlink(target):
    return {"type": tarfile.SYMTYPE, "linkname": target}


def hardlink(target):
    return {"type": tarfile.LNKTYPE, "linkname": target}


def tree(directory):
    """What lies in a directory: files by their content, links by their target, directories as None."""
    found = {}
    for entry in sorted(directory.rglob("*")):
        path = entry.relative_to(directory).as_posix()
        found[path] = os.readlink(entry) if entry.is_symlink() else None if entry.is_dir() else entry.read_bytes()
    return found


def files(directory):
    return {path: content for path, content in tree(directory).items() if content is not None}


@pytest.fixture
def place(tmp_path):
    (tmp_path / "releases").mkdir()
    return tmp_path / "releases" / "0.2.0-1a2b3c4d"


@pytest.mark.parametrize(
    "members, unpacked",
    [
        pytest.param([("bin/app", b"new")], {"bin/app": b"new"}, id="no directory entries"),
        pytest.param([("./", DIRECTORY), ("./bin/", DIRECTORY), ("./bin/app", b"new")], {"bin/app": b"new"}, id="of tar -C release ."),
        pytest.param([("bin/app", b"old"), ("lib/x", b"x"), ("bin/app", b"new")], {"bin/app": b"new", "lib/x": b"x"}, id="the last one wins"),
        pytest.param([("bin", DIRECTORY), ("bin", DIRECTORY), ("bin/app", b"")], {"bin/app": b""}, id="a directory twice"),
        pytest.param([("lib/b.so.1", b"b"), ("lib/b.so", symlink("b.so.1"))], {"lib/b.so.1": b"b", "lib/b.so": "b.so.1"}, id="symlink beside"),
        pytest.param([("a/b/c", symlink("../../lib/x"))], {"a/b/c": "../../lib/x"}, id="symlink up, and not out"),
        pytest.param([("a", b"a"), ("b/c", hardlink("a"))], {"a": b"a", "b/c": b"a"}, id="hard link"),
        pytest.param([("a", b"old"), ("b", hardlink("a")), ("a", b"new")], {"a": b"new", "b": b"old"}, id="a linked file that comes again"),
        pytest.param([("a", symlink("b")), ("b", b"b"), ("a", b"a")], {"a": b"a", "b": b"b"}, id="a file in the place of a symlink"),
        pytest.param([("lib/Grüße-" + "x" * 120, b"")], {"lib/Grüße-" + "x" * 120: b""}, id="a long name, not in ASCII"),
    ],
)
def test_unpacks(tarball, place, members, unpacked):
    _archive.unpack(tarball(members), str(place))
    assert files(place) == unpacked


@pytest.mark.parametrize(
    "members, why",
    [
        pytest.param([("/etc/passwd", b"")], "absolute name", id="absolute"),
        pytest.param([("../evil", b"")], "'..'", id="up"),
        pytest.param([("lib/../../evil", b"")], "'..'", id="up from within"),
        pytest.param([("./../evil", b"")], "'..'", id="up behind a dot"),
        pytest.param([("lib", symlink("/etc"))], "symbolic link to '/etc'", id="symlink to an absolute path"),
        pytest.param([("lib", symlink(".."))], "may lead out", id="symlink up"),
        pytest.param([("a/b", symlink("../../evil"))], "may lead out", id="symlink further up than it lies deep"),
        pytest.param([("a", symlink("b/../../evil"))], "may lead out", id="symlink up from within"),
        pytest.param([("b/c/a", symlink("d/../../evil"))], "may lead out", id="symlink up after a name"),
        pytest.param([("a", symlink(".")), ("b", symlink("a/.."))], "may lead out", id="symlink up through another"),
        pytest.param([("a", symlink("b")), ("a/evil", b"")], "which was a symlink before", id="through a symlink"),
        pytest.param([("b/x", b""), ("a", symlink("b")), ("a/b/evil", b"")], "which was a symlink before", id="deep through a symlink"),
        pytest.param([("a/x", b""), ("a", symlink("b")), ("a/evil", b"")], "which was a directory before", id="symlink for a directory"),
        pytest.param([("a", b""), ("a/evil", b"")], "which was a file before", id="a file as a directory"),
        pytest.param([("a", b""), ("a", DIRECTORY)], "which was a file before", id="a directory for a file"),
        pytest.param([("a", hardlink("/etc/passwd"))], "absolute name", id="hard link to an absolute path"),
        pytest.param([("a", hardlink("../evil"))], "'..'", id="hard link up"),
        pytest.param([("a", hardlink("b"))], "no file before it", id="hard link to nothing"),
        pytest.param([("a", b""), ("a", hardlink("a"))], "no file before it", id="hard link to itself"),
        pytest.param([("a", symlink("b")), ("c", hardlink("a"))], "no file before it", id="hard link to a symlink"),
        pytest.param([("dev", {"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 5})], "device file", id="character device"),
        pytest.param([("dev", {"type": tarfile.BLKTYPE, "devmajor": 8})], "device file", id="block device"),
        pytest.param([("pipe", {"type": tarfile.FIFOTYPE})], "named pipe", id="named pipe"),
        pytest.param([("a", {"type": b"V"})], "unknown type b'V'", id="volume header"),
        pytest.param([(".", symlink("/etc"))], "directory itself", id="symlink for the directory itself"),
        pytest.param([("x/" * 3000, b"")], "5999 characters", id="deep"),
        pytest.param([("a", {"pax_headers": {"path": "a\0b"}})], "NUL", id="NUL"),
    ],
)
def test_refuses_what_is_not_safe(tarball, place, members, why):
    path = tarball([("bin/app", b"fine"), *members])
    before = tree(place.parent.parent)
    for read in (lambda: _archive.unpack(path, str(place)), lambda: _archive.walk(path, lambda member, content: None)):
        with pytest.raises(ReleaseError, match="is not safe to unpack: its member") as caught:
            read()
        assert path in str(caught.value) and why in str(caught.value)
    assert tree(place.parent.parent) == before


@pytest.mark.parametrize("target", ["/srv/uploads", "../../../../uploads"])
def test_a_directory_that_a_developer_linked(tarball, target):
    path = tarball([("lib/app-1.0/priv/uploads", symlink(target))])
    with pytest.raises(ReleaseError) as caught:
        _archive.walk(path, lambda member, content: None)
    assert str(caught.value) == (
        f"The tarball {path} is not safe to unpack: its member 'lib/app-1.0/priv/uploads' is a symbolic link to '{target}', which may lead out "
        "of the directory. Most often that is a directory that releases share, such as one for uploads, and a developer has linked it: "
        "leave the link out of the project, and name that directory in elixir_release_shared_dirs of the role, which links it on every host."
    )


def test_walk_answers_the_checksum_and_shows_each_member_in_order(tarball):
    path = tarball([("./bin/", DIRECTORY), ("./bin/app", b"#!"), ("app", symlink("bin/app"))])
    seen = []
    sha256 = _archive.walk(path, lambda member, content: seen.append((member.path, member.kind, member.target, content and content.read())))
    assert seen == [("bin", "directory", None, None), ("bin/app", "file", None, b"#!"), ("app", "symlink", "bin/app", None)]
    with open(path, "rb") as file:
        assert sha256 == hashlib.sha256(file.read()).hexdigest()


def test_modes_let_all_do_what_the_owner_may_except_write(tarball, place):
    modes = {"a": (0o4777, 0o755), "b": (0o644, 0o644), "c": (0o600, 0o644), "d/e": (0o2775, 0o755), "of-elixir-1.10": (0o744, 0o755)}
    path = tarball({name: {"mode": mode} for name, (mode, _expected) in modes.items()})
    umask = os.umask(0o077)
    try:
        _archive.unpack(path, str(place))
    finally:
        os.umask(umask)
    assert {name: stat.S_IMODE((place / name).stat().st_mode) for name in modes} == {name: expected for name, (_mode, expected) in modes.items()}
    assert [stat.S_IMODE(directory.stat().st_mode) for directory in (place, place / "d")] == [0o755, 0o755]


@pytest.mark.parametrize(
    "header, kept",
    [
        ({"mtime": 1767225600}, 1767225600),
        ({"pax_headers": {"mtime": "1767225600.25"}}, 1767225600),
        ({"pax_headers": {"mtime": "-1e9"}}, 0),
        ({"pax_headers": {"mtime": "nan"}}, 0xFFFFFFFF),
    ],
)
def test_times_are_kept(tarball, place, header, kept):
    _archive.unpack(tarball([("priv/static/app.css", header)]), str(place))
    assert (place / "priv/static/app.css").stat().st_mtime == kept


@pytest.mark.parametrize(
    "content, message",
    [
        (b"PK\x03\x04zip", r"is not a gzip file \(it begins with b'PK\\x03\\x04'\): give the tarball that `mix release` makes"),
        (b"", r"is not a gzip file \(it is empty\)"),
        (gzip.compress(b"no tar"), "is damaged, or was not copied whole"),
        (gzip.compress(b""), "is damaged, or was not copied whole"),
    ],
)
def test_what_is_no_tarball(tmp_path, place, content, message):
    path = tmp_path / "app.tar.gz"
    path.write_bytes(content)
    with pytest.raises(ReleaseError, match=message):
        _archive.unpack(str(path), str(place))
    assert not place.exists()


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
def test_a_truncated_tarball(tmp_path, tarball, place, share):
    path = tarball({f"lib/{number}": os.urandom(600) for number in range(50)})
    with open(path, "rb") as file:
        data = file.read()
    with open(path, "wb") as file:
        file.write(data[: int(len(data) * share)])
    with pytest.raises(ReleaseError, match="is damaged, or was not copied whole"):
        _archive.unpack(path, str(place))
    assert not place.exists()


def test_a_tarball_that_lacks_its_last_byte(tarball, place):
    # A size at which tarfile has its last block without reading to the end of the file
    path = tarball({"a": os.urandom(320000)})
    os.truncate(path, os.path.getsize(path) - 1)
    with pytest.raises(ReleaseError, match="is damaged, or was not copied whole"):
        _archive.unpack(path, str(place))
    assert not place.exists()


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda archive: archive[:512] + archive[1024:], id="a block lost"),
        pytest.param(lambda archive: archive[:1024] + b"x" * 512 + archive[1024:], id="a block too many"),
        pytest.param(lambda archive: archive[:1236], id="ends in a file"),
        pytest.param(lambda archive: archive[:1536], id="ends after a file"),
        pytest.param(lambda archive: archive[:1836], id="ends in a header"),
        pytest.param(lambda archive: archive[:2048], id="ends after a header"),
    ],
)
def test_a_tar_that_is_damaged_inside_of_its_gzip(tarball, place, damage):
    path = tarball({"a": b"a" * 600, "b": b"b"})
    with gzip.open(path) as file:
        archive = file.read()
    with gzip.open(path, "wb") as file:
        file.write(damage(archive))
    with pytest.raises(ReleaseError, match="is damaged, or was not copied whole"):
        _archive.unpack(path, str(place))
    assert not place.exists()


def test_one_flipped_bit(tarball, place):
    path = tarball({"a": b"a" * 600})
    with gzip.open(path) as file:
        archive = bytearray(file.read())
    checksum = gzip.compress(bytes(archive))[-8:]
    archive[700] ^= 1
    with open(path, "wb") as file:
        file.write(gzip.compress(bytes(archive))[:-8] + checksum)
    with pytest.raises(ReleaseError, match="CRC"):
        _archive.unpack(path, str(place))
    assert not place.exists()


def test_a_tarball_that_is_not_there_or_a_directory(tmp_path):
    with pytest.raises(ReleaseError, match=f"Cannot read the tarball {tmp_path}/no.tar.gz: No such file or directory"):
        _archive.walk(f"{tmp_path}/no.tar.gz", lambda member, content: None)
    with pytest.raises(ReleaseError, match=f"{tmp_path} is a directory"):
        _archive.walk(str(tmp_path), lambda member, content: None)


def test_what_is_there_already_is_left_alone(tarball, place):
    place.mkdir()
    (place / "precious").write_bytes(b"1")
    with pytest.raises(ReleaseError, match=f"Cannot make the directory {place} .*: File exists"):
        _archive.unpack(tarball({"a": b""}), str(place))
    assert tree(place) == {"precious": b"1"}


@pytest.mark.parametrize(
    "code, message",
    [
        (errno.ENOSPC, "The disk is full .No space left on device. while unpacking into {place}: see `df -h` and `df -i`"),
        (errno.EDQUOT, "The disk is full .Disk quota exceeded."),
        (errno.EROFS, "Cannot write {place}/a: Read-only file system"),
    ],
)
def test_a_disk_that_cannot_be_written(monkeypatch, tarball, place, code, message):
    def fails(*arguments):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fchmod", fails)
    with pytest.raises(ReleaseError, match=message.format(place=place)):
        _archive.unpack(tarball({"a": b"a"}), str(place))
    assert not place.exists()
