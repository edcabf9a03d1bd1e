# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import os

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._tarball import _tarball

REL = """{release,{"guestbook","0.2.0"},{erts,"13.1.5"},[{elixir,"1.14.0",permanent},{guestbook,"0.2.0",permanent}]}."""

# releases/VSN/NAME.rel as Mix of bullseye and of trixie writes it, shortened; and one on a line, with included applications
RELS = [
    (
        '%% coding: utf-8\n{release,{"guestbook","0.2.0"},\n         {erts,"11.1.8"},\n         [{kernel,"7.2",permanent},\n          '
        '{stdlib,"3.14",permanent},\n          {elixir,"1.10.3",permanent},\n          {iex,"1.10.3",none}]}.\n',
        "11.1.8",
        {"kernel": "7.2", "stdlib": "3.14", "elixir": "1.10.3", "iex": "1.10.3"},
    ),
    (
        '%% coding: utf-8\n{release,{"guestbook","0.2.0"},\n         {erts,"15.2.7"},\n         [{kernel,"10.2.7.1",permanent},\n          '
        '{elixir,"1.18.3",permanent},\n          {ssl,"11.2.12.1",permanent}]}.\n',
        "15.2.7",
        {"kernel": "10.2.7.1", "elixir": "1.18.3", "ssl": "11.2.12.1"},
    ),
    (
        '{release,{"guestbook","0.2.0"},{erts,"13.1.5"},[{kernel,"8.5.3"},{\'my_App\',"1.0",permanent,[x]},{x,"2.0",none}]}.',
        "13.1.5",
        {"kernel": "8.5.3", "my_App": "1.0", "x": "2.0"},
    ),
]


def test_describes_a_release(tarball, release_files):
    path = tarball(release_files)
    with open(path, "rb") as file:
        sha256 = hashlib.sha256(file.read()).hexdigest()
    assert _tarball.describe(path) == {
        "path": path,
        "name": "guestbook",
        "version": "0.2.0",
        "release_id": f"0.2.0-{sha256[:8]}",
        "sha256": sha256,
        "size": os.path.getsize(path),
        "unpacked_size": sum(len(content) for content in release_files.values()),
        "files": len(release_files),
        "include_erts": True,
        "run_erl": True,
        "erts_version": "13.1.5",
        "elixir_version": "1.14.0",
        "applications": {"kernel": "8.5.3", "stdlib": "4.2", "elixir": "1.14.0", "guestbook": "0.2.0", "iex": "1.14.0"},
        "system": "linux",
        "machine": "x86_64",
        "libc": "glibc",
        "interpreter": "/lib64/ld-linux-x86-64.so.2",
        "glibc": "2.34",
        "glibcxx": "3.4.29",
        "openssl": "3.0.0",
        "needed_libraries": ["libc.so.6", "libcrypto.so.3", "libtinfo.so.6"],
        "library_paths": [],
        "required_by": {
            "libc.so.6": "erts-13.1.5/bin/beam.smp",
            "libtinfo.so.6": "erts-13.1.5/bin/beam.smp",
            "libcrypto.so.3": "lib/crypto-5.1.2/priv/lib/crypto.so",
            "GLIBC_2.34": "erts-13.1.5/bin/beam.smp",
            "GLIBCXX_3.4.29": "erts-13.1.5/bin/beam.smp",
            "OPENSSL_3.0.0": "lib/crypto-5.1.2/priv/lib/crypto.so",
        },
        "nifs": {"glibc": None, "glibcxx": None, "openssl": None, "needed_libraries": [], "required_by": {}},
        "env_keys": ["PORT"],
        "scripts": [],
    }


def test_of_a_member_that_comes_again_the_last_counts(tarball, release_files):
    again = [("bin/migrate", b"old"), ("bin/migrate", b"newer"), ("releases/0.2.0/runtime.exs", b'System.fetch_env!("LAST")')]
    found = _tarball.describe(tarball([*release_files.items(), *again]))
    sizes = {**release_files, **dict(again)}
    assert (found["files"], found["unpacked_size"]) == (len(sizes), sum(map(len, sizes.values())))
    assert (found["scripts"], found["env_keys"]) == (["migrate"], ["LAST"])


def test_a_tarball_made_by_hand_with_dots_and_directories(tarball, release_files):
    directories = [("./", {"type": b"5"}), ("./bin/", {"type": b"5"})]
    members = [(f"./{name}", content) for name, content in release_files.items()]
    found = _tarball.describe(tarball([*directories, *members]))
    assert (found["name"], found["machine"], found["files"]) == ("guestbook", "x86_64", len(release_files))


@pytest.mark.parametrize("rel, erts, applications", RELS)
def test_what_the_rel_file_tells(tarball, release_files, rel, erts, applications):
    found = _tarball.describe(tarball({**release_files, "releases/0.2.0/guestbook.rel": rel.encode()}))
    assert (found["erts_version"], found["applications"], found["elixir_version"]) == (erts, applications, applications.get("elixir"))


def test_scripts_are_the_other_programs(tarball, release_files):
    scripts = {"bin/server": b"", "bin/server.bat": b"", "bin/migrate": b"", "bin/lib/helper": b""}
    assert _tarball.describe(tarball({**release_files, **scripts}))["scripts"] == ["migrate", "server"]


def test_environment_of_before_elixir_1_11(tarball, release_files):
    del release_files["releases/0.2.0/runtime.exs"]
    files = {**release_files, "releases/0.2.0/releases.exs": b'System.fetch_env!("OLD")', "releases/0.1.0/runtime.exs": b'System.fetch_env!("OTHER")'}
    assert _tarball.describe(tarball(files))["env_keys"] == ["OLD"]


def test_a_release_without_erts(tarball, release_files):
    release_files = {name: content for name, content in release_files.items() if not name.startswith("erts-")}
    found = _tarball.describe(tarball(release_files))
    assert (found["include_erts"], found["erts_version"]) == (False, "13.1.5")
    nothing = ("system", "machine", "libc", "interpreter", "glibc", "glibcxx", "openssl")
    assert {found[key] for key in nothing} == {None}
    assert (found["run_erl"], found["needed_libraries"], found["required_by"]) == (False, [], {})


@pytest.mark.parametrize("start, system", [(b"\xcf\xfa\xed\xfe", "macos"), (b"MZ", "windows")])
def test_a_release_of_another_system(tarball, release_files, start, system):
    found = _tarball.describe(tarball({**release_files, "erts-13.1.5/bin/beam.smp": start + bytes(60)}))
    assert (found["system"], found["machine"], found["include_erts"]) == (system, None, True)


def test_a_release_for_musl(tarball, release_files, elf):
    release_files["erts-13.1.5/bin/beam.smp"] = elf(machine=183, interpreter="/lib/ld-musl-aarch64.so.1", needed=["libc.musl-aarch64.so.1"])
    found = _tarball.describe(tarball(release_files))
    assert (found["machine"], found["libc"], found["glibc"]) == ("aarch64", "musl", None)


def test_the_highest_version_of_all_files_and_who_wants_it(tarball, release_files, elf):
    nif = elf(wants={"libc.so.6": ["GLIBC_2.4", "GLIBC_2.38"], "libcrypto.so.3": ["OPENSSL_3.0.0"]}, needed=["libc.so.6"])
    found = _tarball.describe(tarball({**release_files, "lib/bcrypt_elixir-3.0.1/priv/bcrypt_nif.so": nif}))
    assert (found["glibc"], found["glibcxx"], found["openssl"]) == ("2.34", "3.4.29", "3.0.0")
    nifs = {"glibc": "2.38", "glibcxx": None, "openssl": None, "needed_libraries": []}
    assert found["nifs"] == {**nifs, "required_by": {"GLIBC_2.38": "lib/bcrypt_elixir-3.0.1/priv/bcrypt_nif.so"}}
    found = _tarball.describe(tarball({**release_files, "lib/crypto-5.1.2/priv/lib/crypto.so": nif, "erts-13.1.5/bin/x": b"#!/bin/sh"}))
    assert (found["glibc"], found["required_by"]["GLIBC_2.38"]) == ("2.38", "lib/crypto-5.1.2/priv/lib/crypto.so")


@pytest.mark.parametrize(
    "name, library, essential, nifs",
    [
        pytest.param("lib/vips-1.0/priv/vips.so", {"needed": ["libvips.so.42", "libc.so.6"]}, [], ["libvips.so.42"], id="of the application"),
        pytest.param("lib/odbc-2.14/priv/lib/odbc.so", {"needed": ["libodbc.so.2"]}, [], ["libodbc.so.2"], id="of OTP, for who uses it"),
        pytest.param("lib/crypto-5.1.2/priv/lib/otp_test_engine.so", {"needed": ["libx.so.1"]}, [], ["libx.so.1"], id="of crypto, for who uses it"),
        pytest.param("lib/crypto-5.1.2/priv/lib/crypto.so", {"needed": ["libx.so.1"]}, ["libx.so.1"], [], id="of crypto"),
        pytest.param("erts-13.1.5/bin/epmd", {"needed": ["libx.so.1"]}, ["libx.so.1"], [], id="of Erlang"),
        pytest.param("lib/vips-1.0/priv/arm64/vips.so", {"needed": ["libvips.so.42"], "machine": 183}, [], [], id="for another machine"),
        pytest.param("lib/vips-1.0/priv/vips.txt", {"needed": ["libvips.so.42"]}, [], [], id="no library"),
    ],
)
def test_who_needs_a_library(tarball, release_files, elf, name, library, essential, nifs):
    before = _tarball.describe(tarball(release_files))["needed_libraries"]
    after = _tarball.describe(tarball({**release_files, name: elf(**library)}))
    assert sorted(set(after["needed_libraries"]) - set(before)) == essential
    assert after["nifs"]["needed_libraries"] == nifs
    assert after["nifs"]["required_by"] == dict.fromkeys(nifs, name)


def test_libraries_that_come_along_are_not_needed(tarball, release_files, elf):
    files = {
        **release_files,
        "lib/vips-1.0/priv/vips.so": elf(needed=["libvips.so.42", "libglib.so.2"], runpath="/opt/glib/lib:$ORIGIN"),
        "lib/vips-1.0/priv/libvips.so.42": elf(soname="libvips.so.42"),
    }
    found = _tarball.describe(tarball(files))
    assert found["nifs"]["needed_libraries"] == ["libglib.so.2"]
    assert found["library_paths"] == ["/opt/glib/lib"]


def test_a_damaged_library(tarball, release_files):
    path = tarball({**release_files, "lib/bcrypt-1.0/priv/bcrypt.so": release_files["erts-13.1.5/bin/beam.smp"][:100]})
    with pytest.raises(ReleaseError, match=f"The tarball {path} holds lib/bcrypt-1.0/priv/bcrypt.so, a damaged ELF file: .*: build the release again"):
        _tarball.describe(path)


@pytest.mark.parametrize(
    "files, message",
    [
        pytest.param({"README.md": b"", "lib/app.ex": b""}, "it has no releases/start_erl.data; found at its top: README.md, lib/. Add `steps:", id="sources"),
        pytest.param({name: b"" for name in "abcdefg"}, "found at its top: a, b, c, d, e and 2 more. Add", id="anything"),
        pytest.param({}, "found at its top: nothing", id="nothing"),
        pytest.param({"releases/start_erl.data": b"13.1.5"}, "it says '13.1.5' in releases/start_erl.data", id="no version"),
        pytest.param({"releases/start_erl.data": b"13.1.5 ../../etc"}, "it says '13.1.5 ../../etc'", id="a version that is a path"),
        pytest.param({"releases/start_erl.data": b"13.1.5 0.2.0"}, "it has no releases/0.2.0/NAME.rel with a program bin/NAME", id="no .rel"),
    ],
)
def test_what_is_no_release(tarball, files, message):
    path = tarball(files)
    with pytest.raises(ReleaseError) as caught:
        _tarball.describe(path)
    assert str(caught.value).startswith(f"The tarball {path} is not a release made by `mix release`: it ") and message in str(caught.value)


OTHER = REL.replace('"guestbook","0.2.0"', '"other","0.2.0"').encode()


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"releases/0.2.0/other.rel": OTHER}, id="of a tool, without a program"),
        pytest.param({"releases/0.2.0/other.rel": OTHER, "bin/other": b"#!/bin/sh\n"}, id="of a tool, with a program of its own"),
        pytest.param({"releases/0.2.0/a.rel": REL.encode()}, id="of the same release, by another file name"),
        pytest.param({"releases/0.2.0/other.rel": b"{release,{", "bin/other": b""}, id="one that is none"),
        pytest.param({"releases/0.1.0/guestbook.rel": REL.replace("0.2.0", "0.1.0").encode(), "releases/0.1.0/elixir": b""}, id="of an older version"),
        pytest.param({"releases/0.9.0/other.rel": OTHER, "bin/other": b"#!/bin/sh\n"}, id="of another version, with a program"),
    ],
)
def test_of_several_rel_files_that_of_the_program_and_the_version_to_boot(tarball, release_files, more):
    found = _tarball.describe(tarball({**more, **release_files}))
    assert (found["name"], found["version"], found["applications"]["guestbook"]) == ("guestbook", "0.2.0", "0.2.0")


def test_two_releases_in_one_tarball(tarball, release_files):
    path = tarball({**release_files, "releases/0.2.0/other.rel": OTHER, "bin/other": release_files["bin/guestbook"]})
    with pytest.raises(ReleaseError, match=f"The tarball {path} holds two releases of version 0.2.0: guestbook and other, each with its own program in bin/"):
        _tarball.describe(path)


@pytest.mark.parametrize("lost", ["bin/guestbook", "releases/0.2.0/guestbook.rel", "releases/start_erl.data"])
def test_what_a_release_cannot_do_without(tarball, release_files, lost):
    del release_files[lost]
    with pytest.raises(ReleaseError, match="is not a release made by `mix release`: it has no "):
        _tarball.describe(tarball(release_files))


def test_a_release_that_mix_did_not_make(tarball, release_files):
    del release_files["releases/0.2.0/elixir"]
    path = tarball({**release_files, "bin/guestbook": b'RELEASE_ROOT_DIR="$(cd "$SCRIPT_DIR/.." && pwd -P)"'})
    with pytest.raises(ReleaseError, match=f"^The tarball {path} is a release made by relx"):
        _tarball.describe(path)


def test_a_release_in_a_directory_of_the_tarball(tarball, release_files):
    path = tarball({f"guestbook/{name}": content for name, content in release_files.items()})
    with pytest.raises(ReleaseError, match=r"Make it from inside of the directory guestbook/ \(`tar -C guestbook/ -czf NAME-VERSION.tar.gz .`\)"):
        _tarball.describe(path)


def test_an_unsafe_tarball(tarball, release_files):
    with pytest.raises(ReleaseError, match="is not safe to unpack: its member '../evil' has a name with '..' in it"):
        _tarball.describe(tarball({**release_files, "../evil": b""}))
