# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._steps import _preflight

MIB = 1 << 20

# A release built on Debian bookworm, and such a host: as _tarball.describe() and _host.facts() answered there
TARBALL = {
    "size": 6 * MIB,
    "unpacked_size": 14 * MIB,
    "files": 512,
    "include_erts": True,
    "run_erl": True,
    "erts_version": "13.1.5",
    "system": "linux",
    "machine": "x86_64",
    "libc": "glibc",
    "interpreter": "/lib64/ld-linux-x86-64.so.2",
    "glibc": "2.34",
    "glibcxx": "3.4.29",
    "openssl": "3.0.0",
    "needed_libraries": ["libc.so.6", "libcrypto.so.3", "libsctp_nif.so.1", "libtinfo.so.6"],
    "required_by": {
        "libc.so.6": "erts-13.1.5/bin/beam.smp",
        "libcrypto.so.3": "lib/crypto-5.1.2/priv/lib/crypto.so",
        "libsctp_nif.so.1": "lib/sctp-1.0/priv/nif.so",
        "libtinfo.so.6": "erts-13.1.5/bin/beam.smp",
        "GLIBC_2.34": "erts-13.1.5/bin/beam.smp",
        "GLIBCXX_3.4.29": "erts-13.1.5/bin/beam.smp",
        "OPENSSL_3.0.0": "lib/crypto-5.1.2/priv/lib/crypto.so",
    },
    "nifs": {
        "glibc": "2.35",
        "glibcxx": None,
        "openssl": None,
        "needed_libraries": ["libvips.so.42", "libz.so.1"],
        "required_by": {"GLIBC_2.35": "lib/vix-0.31.1/priv/vix.so", "libvips.so.42": "lib/vix-0.31.1/priv/vix.so", "libz.so.1": "lib/zip-1.0/priv/nif.so"},
    },
}
NO_NIFS = {"glibc": None, "glibcxx": None, "openssl": None, "needed_libraries": [], "required_by": {}}
PATH = "/usr/local/bin:/usr/bin:/bin"
HOST = {
    "machine": "x86_64",
    "libc": "glibc",
    "glibc": "2.36",
    "python": "3.11.2",
    "interpreter": True,
    "libraries": {soname: f"/lib/x86_64-linux-gnu/{soname}" for soname in [*TARBALL["needed_libraries"], *TARBALL["nifs"]["needed_libraries"]]},
    "glibcxx": "3.4.30",
    "openssl": "3.0.9",
    "path": PATH,
    "erl": None,
    "erts_version": None,
    "run_erl": None,
    "disk": "/opt",
    "disk_free": 100 * MIB,
    "inodes_free": 10000,
}
WITHOUT_ERTS = {
    **TARBALL,
    "include_erts": False,
    "run_erl": False,
    "needed_libraries": [],
    "required_by": {},
    "nifs": NO_NIFS,
    **dict.fromkeys(("system", "machine", "libc", "interpreter", "glibc", "glibcxx", "openssl")),
}
# With an Erlang of its own, as a package of Debian installs it
ERLANG = {"erl": "/usr/bin/erl", "erts_version": "13.1.5", "run_erl": "/usr/bin/run_erl"}
NONE_ALONG = "The release brings no Erlang along (include_erts: false in mix.exs), and this host has"


def without(*sonames):
    return {"libraries": {**HOST["libraries"], **dict.fromkeys(sonames)}}


@pytest.mark.parametrize(
    "tarball, host",
    [
        pytest.param({}, {}, id="the usual case"),
        pytest.param({}, {"glibc": "2.34", "glibcxx": "3.4.29", "openssl": "3.0.0"}, id="exactly as old as may be"),
        pytest.param({}, {"glibc": "2.100"}, id="versions are numbers"),
        pytest.param({"glibc": None, "glibcxx": None, "openssl": None}, {"glibc": "2.4"}, id="nothing wanted of the libraries"),
        pytest.param({"libc": None, "interpreter": None, "glibc": None}, {"libc": "musl", "glibc": None}, id="linked statically"),
        pytest.param({}, {"libc": None, "glibc": None}, id="a libc that cannot be told"),
        pytest.param({}, {"inodes_free": None}, id="a file system without a limit of files"),
        pytest.param(WITHOUT_ERTS, {"machine": "aarch64", "libc": "musl", "glibc": None, **ERLANG}, id="without ERTS"),
        pytest.param(WITHOUT_ERTS, {**ERLANG, "erts_version": None}, id="an Erlang that does not tell its version"),
        pytest.param({}, without("libvips.so.42", "libz.so.1"), id="what only other native code needs"),
        pytest.param({}, {"glibc": "2.34"}, id="symbols that only other native code needs"),
    ],
)
def test_nothing_speaks_against_it(tarball, host):
    assert _preflight.problems({**TARBALL, **tarball}, {**HOST, **host}) == []


@pytest.mark.parametrize(
    "tarball, host, problems",
    [
        pytest.param(
            {},
            {"machine": "aarch64", "glibc": "2.28", **without("libtinfo.so.6")},
            ["The release was built for x86_64, this host is aarch64: build the release on a machine like this host."],
            id="machine",
        ),
        pytest.param(
            {},
            {"libc": "musl", "glibc": None, "interpreter": False, **without("libc.so.6")},
            ["The release was built for glibc, this host has musl as its C library: build the release on a machine like this host."],
            id="libc",
        ),
        pytest.param(
            {"interpreter": "/nix/store/x/ld-linux-x86-64.so.2"},
            {"interpreter": False},
            [
                "The release asks for the loader /nix/store/x/ld-linux-x86-64.so.2, which this host does not have: "
                "build the release on a machine like this host."
            ],
            id="loader",
        ),
        pytest.param(
            {"system": "macos", "machine": None, "libc": None, "needed_libraries": []},
            {},
            ["The release was built on macOS: build it on Linux, on a machine like this host."],
            id="system",
        ),
        pytest.param(
            {},
            {"glibc": "2.31", "glibcxx": "3.4.28", "openssl": "1.1.1"},
            [
                "The release was built for glibc 2.34, this host has 2.31 (wanted by erts-13.1.5/bin/beam.smp): build the release on a machine like this host.",
                "The release was built for libstdc++ symbols 3.4.29, this host has 3.4.28 (wanted by erts-13.1.5/bin/beam.smp): "
                "build the release on a machine like this host.",
                "The release was built for OpenSSL 3.0.0, this host has 1.1.1 (wanted by lib/crypto-5.1.2/priv/lib/crypto.so): "
                "build the release on a machine like this host.",
            ],
            id="old libraries",
        ),
        pytest.param(
            {},
            {"openssl": None, **without("libcrypto.so.3", "libsctp_nif.so.1")},
            [
                "This host has no libcrypto.so.3 (wanted by lib/crypto-5.1.2/priv/lib/crypto.so): install libssl3 (its name in Debian and Ubuntu), "
                "build the release on a machine like this host, or add libcrypto.so.3 to 'ignore_libraries' (elixir_release_ignore_libraries of the role) "
                "if it is there all the same.",
                "This host has no libsctp_nif.so.1 (wanted by lib/sctp-1.0/priv/nif.so): install it, build the release on a machine like this host, "
                "or add libsctp_nif.so.1 to 'ignore_libraries' (elixir_release_ignore_libraries of the role) if it is there all the same.",
            ],
            id="missing libraries",
        ),
        pytest.param(
            {"run_erl": False},
            {},
            ["The release has no erts-13.1.5/bin/run_erl, by which `bin/NAME daemon` starts it: build it with an Erlang that has one."],
            id="no run_erl in the release",
        ),
        pytest.param(
            WITHOUT_ERTS,
            {},
            [f"{NONE_ALONG} no erl in {PATH}: install Erlang with ERTS 13.1.5 there, or build the release with `include_erts: true`."],
            id="no Erlang at all",
        ),
        pytest.param(
            WITHOUT_ERTS,
            {**ERLANG, "erts_version": "15.2.7", "run_erl": None},
            [
                f"{NONE_ALONG} ERTS 15.2.7 (/usr/bin/erl): install Erlang with ERTS 13.1.5, or build the release with `include_erts: true`.",
                f"{NONE_ALONG} no run_erl in {PATH}, by which `bin/NAME daemon` starts it: install it or link it there beside /usr/bin/erl, "
                "or build the release with `include_erts: true`.",
            ],
            id="another Erlang, without run_erl",
        ),
        # (6 + 14) * 1.1 for the bytes, and 512 blocks of 4 KiB
        pytest.param({}, {"disk_free": 24 * MIB - 1}, ["/opt has 23 MiB free, the release needs 24 MiB: make room there."], id="disk"),
        pytest.param({}, {"inodes_free": 600}, ["/opt has 600 inodes free, the release needs 614 (see `df -i`): remove files there."], id="inodes"),
        pytest.param({}, {"inodes_free": 0}, ["/opt has 0 inodes free, the release needs 614 (see `df -i`): remove files there."], id="no inodes"),
        pytest.param(WITHOUT_ERTS, {"disk_free": 0, **ERLANG}, ["/opt has 0 MiB free, the release needs 24 MiB: make room there."], id="disk, without ERTS"),
    ],
)
def test_says_what_speaks_against_it(tarball, host, problems):
    assert _preflight.problems({**TARBALL, **tarball}, {**HOST, **host}) == problems


def test_enough_disk():
    assert _preflight.problems(TARBALL, {**HOST, "disk_free": 24 * MIB}) == []


def test_a_library_that_the_user_knows_to_be_there():
    host = {**HOST, **without("libcrypto.so.3", "libsctp_nif.so.1", "libvips.so.42")}
    (problem,) = _preflight.problems(TARBALL, host, ignored=["libcrypto.so.3", "libvips.so.42"])
    assert "no libsctp_nif.so.1" in problem
    assert _preflight.notes(TARBALL, host, ignored=["libvips.so.42"]) == []


@pytest.mark.parametrize(
    "tarball, host, notes",
    [
        pytest.param({}, {}, [], id="all there"),
        pytest.param(
            {},
            {"glibc": "2.34", **without("libz.so.1", "libcrypto.so.3")},
            [
                "The release was built for glibc 2.35, this host has 2.34 (wanted by lib/vix-0.31.1/priv/vix.so): build the release on a machine like this "
                "host. It is for the rehearsal to tell whether the application can do without.",
                "This host has no libz.so.1 (wanted by lib/zip-1.0/priv/nif.so): install zlib1g (its name in Debian and Ubuntu), "
                "build the release on a machine like this host, or add libz.so.1 to 'ignore_libraries' (elixir_release_ignore_libraries of the role) "
                "if it is there all the same. It is for the rehearsal to tell whether the application can do without.",
            ],
            id="not all",
        ),
        pytest.param({}, {"machine": "aarch64", **without("libz.so.1")}, [], id="another platform, which is a problem"),
        pytest.param(WITHOUT_ERTS, {}, [], id="without ERTS"),
    ],
)
def test_notes(tarball, host, notes):
    assert _preflight.notes({**TARBALL, **tarball}, {**HOST, **host}) == notes
