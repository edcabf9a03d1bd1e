# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import mmap
import os
import platform
import struct
import sys

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._tarball import _elf

# Symbol versions of real files: what beam.smp of bookworm wants, and what libraries of trixie and bullseye offer
BEAM = ["GLIBC_2.2.5", "GLIBC_2.34", "GLIBC_2.4", "CXXABI_1.3.9", "GLIBCXX_3.4", "GLIBCXX_3.4.29", "GLIBCXX_3.4.9", "GCC_12.0.0"]
GLIBC = ["GLIBC_2.36", "GLIBC_PRIVATE", "GLIBC_ABI_DT_RELR"]
OPENSSL_1_1 = ["OPENSSL_1_1_0", "OPENSSL_1_1_0i", "OPENSSL_1_1_1", "OPENSSL_1_1_0j"]
OPENSSL_3 = ["OPENSSL_3.0.0", "OPENSSL_3.4.0", "OPENSSL_3.0.9"]


@pytest.mark.parametrize("bits", [64, 32])
@pytest.mark.parametrize("order", ["<", ">"])
def test_reads_what_the_loader_reads(elf, bits, order):
    data = elf(
        bits=bits,
        order=order,
        interpreter="/lib/ld-musl-x86_64.so.1",
        soname="libexample.so.1",
        needed=["libtinfo.so.6", "libc.so.6"],
        runpath="/opt/openssl/lib:$ORIGIN",
        wants={"libc.so.6": ["GLIBC_2.4", "GLIBC_2.99?", "GLIBC_2.36"], "libz.so.1": ["ZLIB_1.2.2"]},
        provides=["EXAMPLE_1.0", "EXAMPLE_1.1"],
    )
    assert _elf.read(data) == _elf.Elf(
        machine="x86_64",
        bits=bits,
        interpreter="/lib/ld-musl-x86_64.so.1",
        soname="libexample.so.1",
        needed=("libtinfo.so.6", "libc.so.6"),
        library_paths=("/opt/openssl/lib", "$ORIGIN"),
        wants={"libc.so.6": ("GLIBC_2.4", "GLIBC_2.36"), "libz.so.1": ("ZLIB_1.2.2",)},
        provides=("EXAMPLE_1.0", "EXAMPLE_1.1"),
    )


@pytest.mark.parametrize(
    "paths, found",
    [
        ({"rpath": "/opt/a"}, ("/opt/a",)),
        ({"rpath": "/opt/a", "runpath": "/opt/b"}, ("/opt/b",)),
        ({}, ()),
    ],
)
def test_runpath_counts_before_rpath(elf, paths, found):
    assert _elf.read(elf(**paths)).library_paths == found


@pytest.mark.parametrize(
    "code, bits, order, name",
    [
        (62, 64, "<", "x86_64"),
        (3, 32, "<", "x86"),
        (183, 64, "<", "aarch64"),
        (40, 32, "<", "arm"),
        (243, 64, "<", "riscv64"),
        (243, 32, "<", "riscv32"),
        (21, 64, "<", "ppc64le"),
        (21, 64, ">", "ppc64"),
        (22, 64, ">", "s390x"),
        (4711, 64, "<", "ELF machine 4711"),
    ],
)
def test_names_machines_as_uname_does(elf, code, bits, order, name):
    assert _elf.read(elf(machine=code, bits=bits, order=order)).machine == name


def test_reads_the_python_that_runs_this():
    with open(os.path.realpath(sys.executable), "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        found = _elf.read(data)
    assert found.machine == platform.machine()
    assert os.path.exists(found.interpreter)
    assert any(soname.startswith("libc.") for soname in found.needed)


@pytest.mark.parametrize(
    "interpreter, libc",
    [
        ("/lib64/ld-linux-x86-64.so.2", "glibc"),
        ("/nix/store/4n-glibc-2.40-66/lib/ld-linux-x86-64.so.2", "glibc"),
        ("/lib/ld-musl-aarch64.so.1", "musl"),
        (None, None),
    ],
)
def test_tells_the_libc_by_the_loader(elf, interpreter, libc):
    assert _elf.libc(_elf.read(elf(interpreter=interpreter))) == libc


@pytest.mark.parametrize(
    "start, system",
    [
        (b"\x7fELF\x02\x01\x01\x00", "linux"),
        (b"\x7fELF\x02\x01\x01\x09", "freebsd"),
        (b"\xcf\xfa\xed\xfe\x0c\x00\x00\x01", "macos"),
        (b"MZ\x90\x00", "windows"),
        (b"#!/bin/sh\n", None),
        (b"", None),
    ],
)
def test_tells_systems_by_their_programs(start, system):
    assert _elf.system(start) == system


@pytest.mark.parametrize("data", [b"", b"#!/bin/sh\n", b"\xcf\xfa\xed\xfe" + bytes(60)])
def test_what_is_not_elf_is_nothing(data):
    assert _elf.read(data) is None


@pytest.mark.parametrize(
    "versions, prefix, highest",
    [
        (BEAM, "GLIBC", "2.34"),
        (BEAM, "GLIBCXX", "3.4.29"),
        (BEAM, "OPENSSL", None),
        (GLIBC, "GLIBC", "2.36"),
        (OPENSSL_1_1, "OPENSSL", "1.1.1"),
        (OPENSSL_3, "OPENSSL", "3.4.0"),
        ([], "GLIBC", None),
    ],
)
def test_highest_version(versions, prefix, highest):
    assert _elf.highest(versions, prefix) == highest


def test_versions_compare_as_numbers():
    assert _elf.number("2.36") > _elf.number("2.4")


def test_a_truncated_file_is_an_error_at_every_length(elf):
    data = elf(interpreter="/lib64/ld-linux-x86-64.so.2", needed=["libc.so.6"], wants={"libc.so.6": ["GLIBC_2.4"]}, provides=["A_1"])
    for length in range(4, len(data) - 16):  # the last entry is only the end of the table
        with pytest.raises(ReleaseError, match="damaged ELF"):
            _elf.read(data[:length])


def test_a_hostile_file_comes_to_an_end(elf):
    """Without a bound on overlapping records this would take hours."""
    count = 60000
    # As many records as fit, each with as many entries as fit, and all of them overlapping
    records = struct.pack("<HHIII", 1, 0xFFFF, 0, 0, 16) * count
    data = bytearray(elf(wants={"libc.so.6": ["GLIBC_2.4"]}))
    start = data.index(struct.pack("<HHIII", 1, 1, 1, 16, 0))
    offset = len(data)
    data[start : start + 16] = struct.pack("<HHIII", 1, 1, 1, 16, offset - start)
    tag = data.index(struct.pack("<qQ", 0x6FFFFFFF, 1))
    data[tag : tag + 16] = struct.pack("<qQ", 0x6FFFFFFF, count)
    assert _elf.read(bytes(data) + records) is not None
