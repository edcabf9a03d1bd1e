# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import platform
import struct

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._host import _host

TARBALL = {
    "needed_libraries": ["libc.so.6", "libno.so.1"],
    "nifs": {"needed_libraries": ["libnif.so.1"]},
    "library_paths": [],
    "interpreter": "/no/ld-linux.so.2",
}


def cache(libraries):
    """An ld.so.cache, as ldconfig has written it since glibc 2.2."""
    strings, entries = bytearray(), b""
    start = 48 + 24 * len(libraries)
    for soname, path in libraries:
        places = []
        for text in (soname, path):
            places.append(start + len(strings))
            strings += text.encode() + b"\0"
        entries += struct.pack("=iIIIQ", 0x0303, *places, 0, 0)
    return b"glibc-ld.so.cache1.1" + struct.pack("=II20x", len(libraries), len(strings)) + entries + bytes(strings)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A directory that is the only one that the loader knows; there is no cache."""
    monkeypatch.setattr(_host, "CACHE", str(tmp_path / "ld.so.cache"))
    monkeypatch.setattr(_host, "DIRECTORIES", (str(tmp_path / "lib*"),))
    (tmp_path / "lib64").mkdir()
    return tmp_path


LIBRARIES = [("libz.so.1", "/lib/x86_64-linux-gnu/libz.so.1"), ("libz.so.1", "/lib/i386-linux-gnu/libz.so.1"), ("libm.so.6", "/lib/libm.so.6")]
TABLE = {"libz.so.1": ["/lib/x86_64-linux-gnu/libz.so.1", "/lib/i386-linux-gnu/libz.so.1"], "libm.so.6": ["/lib/libm.so.6"]}


@pytest.mark.parametrize(
    "data, table",
    [
        pytest.param(cache(LIBRARIES), TABLE, id="as today"),
        pytest.param(b"ld.so-1.7.0\0" + struct.pack("=I", 1) + bytes(12) + b"\0\0\0\0" + cache(LIBRARIES), TABLE, id="behind the older format"),
        pytest.param(cache([]), {}, id="empty"),
        pytest.param(cache(LIBRARIES)[:90], {}, id="truncated in the table"),
        pytest.param(cache(LIBRARIES)[:-5], {}, id="truncated in the strings"),
        pytest.param(b"", {}, id="none"),
        pytest.param(b"something else", {}, id="another format"),
    ],
)
def test_the_cache_of_the_loader(data, table):
    assert _host.cached_libraries(data) == table


def test_the_loaders_own_directories_serve_without_a_cache(place, elf):
    (place / "lib64" / "libz.so.1").write_bytes(elf(soname="libz.so.1"))
    assert _host.find_libraries(["libz.so.1", "libno.so.1"], [], "x86_64") == {"libz.so.1": str(place / "lib64/libz.so.1"), "libno.so.1": None}


def test_a_library_must_be_there_and_for_this_machine(place, elf):
    (place / "x86.so").write_bytes(elf(machine=3, bits=32))
    (place / "right.so").write_bytes(elf())
    names = ["gone.so", "x86.so", "right.so"]
    (place / "ld.so.cache").write_bytes(cache([("libz.so.1", str(place / name)) for name in names]))
    assert _host.find_libraries(["libz.so.1"], [], "x86_64") == {"libz.so.1": str(place / "right.so")}
    assert _host.find_libraries(["libz.so.1"], [], "x86") == {"libz.so.1": str(place / "x86.so")}
    assert _host.find_libraries(["libz.so.1"], [], "aarch64") == {"libz.so.1": None}


@pytest.mark.parametrize("content", [b"", b"/* GNU ld script */ INPUT(-lz)", b"\x7fELF\x02\x01\x01"])
def test_what_the_loader_would_not_load_is_no_library(place, content):
    (place / "lib64" / "libz.so.1").write_bytes(content)
    assert _host.find_libraries(["libz.so.1"], [], "x86_64") == {"libz.so.1": None}


def test_the_release_may_name_a_directory(place, elf):
    (place / "openssl").mkdir()
    (place / "openssl" / "libcrypto.so.3").write_bytes(elf())
    assert _host.find_libraries(["libcrypto.so.3"], [str(place / "openssl")], "x86_64") == {"libcrypto.so.3": str(place / "openssl/libcrypto.so.3")}


def test_facts_of_this_machine(tmp_path):
    found = _host.facts(str(tmp_path / "not" / "yet"), TARBALL, "/nowhere")
    assert json.loads(json.dumps(found)) == found
    assert (found["machine"], found["python"], found["interpreter"]) == (platform.machine(), platform.python_version(), False)
    assert [found["libc"], found["glibc"]] == os.confstr("CS_GNU_LIBC_VERSION").split()
    assert [found["libraries"][soname] for soname in ("libno.so.1", "libnif.so.1")] == [None, None]
    assert (found["path"], found["erl"], found["erts_version"], found["run_erl"]) == ("/nowhere", None, None, None)
    assert os.path.exists(found["libraries"]["libc.so.6"])
    assert (found["glibcxx"], found["openssl"]) == (None, None)
    assert found["disk"] == str(tmp_path)
    assert found["disk_free"] > 0


@pytest.mark.parametrize("interpreter, there", [(None, True), ("/bin/sh", True), ("/lib/ld-musl-none.so.1", False)])
def test_whether_the_loader_of_the_release_is_there(interpreter, there):
    assert _host.facts("/", {**TARBALL, "interpreter": interpreter}, "/nowhere")["interpreter"] is there


def test_what_the_libraries_offer(place, elf):
    libraries = {
        "libstdc++.so.6": elf(machine=_machine(), provides=["GLIBCXX_3.4.9", "GLIBCXX_3.4.30", "CXXABI_1.3.13"]),
        "libcrypto.so.1.1": elf(machine=_machine(), provides=["OPENSSL_1_1_0", "OPENSSL_1_1_1"]),
    }
    for soname, content in libraries.items():
        (place / "lib64" / soname).write_bytes(content)
    found = _host.facts("/", {**TARBALL, "needed_libraries": list(libraries)}, "/nowhere")
    assert (found["glibcxx"], found["openssl"]) == ("3.4.30", "1.1.1")


# As bin/erl of OTP 25 and of OTP 27 tell it, and one that starts another
@pytest.mark.parametrize(
    "script, version",
    [
        ('dyn_erl_path="${progdir}/../erts-13.1.5/bin/dyn_erl"\nBINDIR="$ROOTDIR/erts-13.1.5/bin"\n', "13.1.5"),
        ('BINDIR="$ROOTDIR/erts-15.2.7.1/bin"\n', "15.2.7.1"),
        ('exec asdf exec "erl" "$@"\n', None),
    ],
)
def test_the_erlang_of_the_host(tmp_path, script, version):
    programs = [tmp_path / "lib" / "erlang" / "bin" / name for name in ("erl", "run_erl")]
    programs[0].parent.mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    for program in programs:
        program.write_text(f"#!/bin/sh\n{script}")
        program.chmod(0o755)
        (tmp_path / "bin" / program.name).symlink_to(program)
    path = f"/nowhere:{tmp_path}/bin"
    assert _host.erlang(path) == {"path": path, "erl": f"{tmp_path}/bin/erl", "erts_version": version, "run_erl": f"{tmp_path}/bin/run_erl"}
    programs[1].chmod(0o644)
    assert _host.erlang(path)["run_erl"] is None


def test_a_file_system_without_a_limit_of_files():
    # /proc is one everywhere
    assert _host.facts("/proc/none/such", TARBALL, "/nowhere")["inodes_free"] is None


def _machine():
    return {"x86_64": 62, "aarch64": 183}[platform.machine()]
