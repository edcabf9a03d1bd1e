# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What becomes of tarballs that are not quite those of `mix release`, or not quite for this host."""

import io
import tarfile

import pytest

from ansible_collections.beamops.elixir.molecule.conftest import at_length


@pytest.fixture(scope="module", autouse=True)
def version(playbook, tarballs):
    assert playbook("deploy", "--limit", "web1", elixir_release_tarball=tarballs["0.2.0"]).rc == 0


@pytest.fixture
def rebuilt(tarballs, tmp_path):
    """A tarball of 0.2.0 whose files were changed by a function of their name and content."""

    def make(change):
        path = tmp_path / "guestbook-0.2.0.tar.gz"
        with tarfile.open(tarballs["0.2.0-again"]) as tar, tarfile.open(path, "w:gz", compresslevel=1) as out:
            for member in tar:
                content = change(member.name, tar.extractfile(member).read()) if member.isfile() else b""
                member.size = len(content)
                out.addfile(member, io.BytesIO(content))
        return str(path)

    return make


def test_a_release_of_relx_is_refused_before_it_is_run(deploy, web1, rebuilt):
    """Staged, its `start` would be run for real."""
    before = web1.beams()
    script = b'#!/bin/sh\nRELEASE_ROOT_DIR="$(cd "$(dirname "$0")/.." && pwd -P)"\ntouch /tmp/was_run\n'
    run = deploy("0.2.0", elixir_release_tarball=rebuilt(lambda name, content: script if name == "bin/guestbook" else content))
    assert run.rc != 0
    assert "is a release made by relx (rebar3), not by `mix release`: nothing of it was run" in run.plain(), run.output
    web1.run("test ! -e /tmp/was_run")
    assert web1.beams() == before and web1.serves("0.2.0")


def test_a_rehearsal_that_halts_is_none(deploy, web1):
    before = web1.beams()
    run = deploy("0.1.0", elixir_release_rehearse="System.halt(0)")
    assert run.rc != 0
    assert "ended with exit code 0 without evaluating the rehearsal to its end" in run.plain(), run.output
    assert web1.beams() == before and web1.serves("0.2.0")


@at_length
def test_a_library_that_nobody_but_a_nif_needs(deploy, web1, rebuilt):
    """Erlang's own have to be there, unless the operator knows better."""
    before = web1.beams()
    missing = (b"libcrypto.so.3\0", b"libcrypto.so.9\0")

    def lost_by(file):
        return rebuilt(lambda name, content: content.replace(*missing) if name.endswith(file) else content)

    warned = deploy("0.2.0", "--check", elixir_release_tarball=lost_by("/otp_test_engine.so"))
    assert warned.rc == 0 and "[WARNING]: " in warned.output
    assert "This host has no libcrypto.so.9 (wanted by lib/crypto-5.1.2/priv/lib/otp_test_engine.so)" in warned.plain(), warned.output
    tarball = lost_by("/crypto.so")
    refused = deploy("0.2.0", "--check", elixir_release_tarball=tarball)
    assert refused.rc != 0 and "elixir_release_ignore_libraries" in refused.plain(), refused.output
    assert deploy("0.2.0", "--check", elixir_release_tarball=tarball, elixir_release_ignore_libraries=["libcrypto.so.9"]).rc == 0
    assert web1.beams() == before
