# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What this host offers to a release that wants to run here: read from files, without running anything."""

from __future__ import annotations

import glob
import mmap
import os
import platform
import re
import shutil
import struct
import sys
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._tarball import _elf

# The names that the kernel has for what _elf names otherwise
MACHINES = {"amd64": "x86_64", "arm64": "aarch64", "i386": "x86", "i486": "x86", "i586": "x86", "i686": "x86"}

CACHE = "/etc/ld.so.cache"
CACHE_MAGIC = b"glibc-ld.so.cache1.1"
# Where loaders look of themselves: musl has no cache, and a container may lack one
DIRECTORIES = (
    "/lib/*-linux-*",
    "/usr/lib/*-linux-*",
    "/lib64",
    "/usr/lib64",
    "/lib",
    "/usr/lib",
    "/usr/local/lib",
)
# By whom `crypto` is linked, and of which release of OpenSSL that is
OPENSSL = {"libcrypto.so.1.1": "1.1", "libcrypto.so.3": "3"}


def facts(root: str, tarball: dict, path: str) -> dict:
    """What matters for running this tarball, as _tarball.describe() tells of it, in the directory root and with this PATH.

    `libraries` has a path, or None, for each library that it needs; `glibcxx` and `openssl` are what the host's libraries offer.
    """
    machine, libc = _userland()
    libraries = find_libraries([*tarball["needed_libraries"], *tarball["nifs"]["needed_libraries"]], tarball["library_paths"], machine)
    return {
        "machine": machine,
        "libc": libc,
        "glibc": _glibc() if libc == "glibc" else None,
        "python": platform.python_version(),
        "interpreter": tarball["interpreter"] is None or os.path.exists(tarball["interpreter"]),
        "libraries": libraries,
        "glibcxx": _offered(libraries, "libstdc++.so", "GLIBCXX"),
        "openssl": _offered(libraries, "libcrypto.so", "OPENSSL"),
        **erlang(path),
        **space(root),
    }


def this_platform() -> dict[str, t.Any]:
    """What a release has to be built for to run here, so far as that can be told without one."""
    machine, libc = _userland()
    sonames = (soname for soname in OPENSSL if find_libraries([soname], [], machine)[soname])
    return {
        "machine": machine,
        "libc": libc,
        "glibc": _glibc() if libc == "glibc" else None,
        "openssl": [OPENSSL[soname] for soname in sonames],
    }


def erlang(path: str) -> dict[str, str | None]:
    """The Erlang that a release without one of its own would run with; which ERTS it is, its script tells."""
    erl = shutil.which("erl", path=path)
    version = re.search(rb"erts-(\d+(?:\.\d+)*)", _bytes(os.path.realpath(erl))) if erl else None
    return {"path": path, "erl": erl, "erts_version": version.group(1).decode() if version else None, "run_erl": shutil.which("run_erl", path=path)}


def find_libraries(sonames: t.Iterable[str], paths: t.Iterable[str], machine: str) -> dict[str, str | None]:
    """Where the loader would find each library: in the paths that the release itself names, in its cache, in its directories."""
    cache = cached_libraries(_bytes(CACHE))
    directories = [*paths, *(directory for pattern in DIRECTORIES for directory in sorted(glob.glob(pattern)))]

    def find(soname: str) -> str | None:
        places = [*cache.get(soname, []), *(os.path.join(directory, soname) for directory in directories)]
        return next((place for place in places if _machine_of(place) == machine), None)

    return {soname: find(soname) for soname in sonames}


def cached_libraries(data: bytes) -> dict[str, list[str]]:
    """The paths that the loader's cache has for each soname.

    It may stand behind a table of an older format (`ldconfig -c compat`). What cannot be read is as if it were not there: the loader
    then looks into its directories, and so do we.
    """
    start = data.find(CACHE_MAGIC)
    libraries = {}
    try:
        count = struct.unpack_from("=I", data, start + len(CACHE_MAGIC))[0] if start >= 0 else 0
        for index in range(count):
            _flags, soname, path, _osversion, _hwcap = struct.unpack_from("=iIIIQ", data, start + 48 + index * 24)
            libraries.setdefault(_text(data, start + soname), []).append(_text(data, start + path))
    except (struct.error, ValueError):
        return {}
    return libraries


def _text(data: bytes, offset: int) -> str:
    return os.fsdecode(data[offset:data.index(b"\0", offset)])


def _bytes(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def _read_elf(path: str) -> _elf.Elf | None:
    """None where there is no such file, or it is none that the loader would take."""
    try:
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _elf.read(data)
    except (OSError, ValueError, ReleaseError):
        return None


def _machine_of(path: str) -> str | None:
    elf = _read_elf(path)
    return elf.machine if elf else None


def _userland() -> tuple[str, str | None]:
    """Machine and libc of the programs here: those of the Python that runs this.

    The kernel's word for the machine does not do: 32 bit systems run on 64 bit kernels.
    """
    python = _read_elf(os.path.realpath(sys.executable)) if sys.executable else None
    if python and python.interpreter:
        return python.machine, _elf.libc(python)
    machine = platform.machine()
    machine = "arm" if machine.startswith("armv") else MACHINES.get(machine, machine)
    if _glibc():
        return machine, "glibc"
    return machine, "musl" if glob.glob("/lib/ld-musl-*") else None


def _glibc() -> str | None:
    try:
        name, version = os.confstr("CS_GNU_LIBC_VERSION").split()
    except (AttributeError, OSError, ValueError):
        return None
    return version if name == "glibc" else None


def _offered(libraries: dict[str, str | None], soname: str, symbols: str) -> str | None:
    """The highest version of these symbols in that one of the libraries (libcrypto.so.3, libcrypto.so.1.1) that the release needs."""
    paths = [path for name, path in libraries.items() if name.startswith(soname) and path]
    elfs = [_read_elf(path) for path in paths]
    return _elf.highest((version for elf in elfs if elf for version in elf.provides), symbols)


def space(root: str) -> dict[str, int | str | None]:
    """What an ordinary user has left, at the nearest directory above that exists; None where the file system sets no limit."""
    directory = os.path.abspath(root)
    while not os.path.isdir(directory):
        directory = os.path.dirname(directory)
    status = os.statvfs(directory)
    return {
        "disk": directory,
        "disk_free": status.f_bavail * status.f_frsize,
        "inodes_free": status.f_favail if status.f_files else None,
    }
