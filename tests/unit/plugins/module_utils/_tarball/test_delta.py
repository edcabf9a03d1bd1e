# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._tarball import _archive, _contents, _delta

OLD = {"bin/app": b"#!/bin/sh\n", "lib/app-1/ebin/a.beam": os.urandom(5000), "lib/app-1/ebin/b.beam": os.urandom(5000), "releases/COOKIE": b"one"}
NEW = {"bin/app": b"#!/bin/sh\n", "lib/app-2/ebin/a.beam": OLD["lib/app-1/ebin/a.beam"], "lib/app-2/ebin/b.beam": b"a line", "releases/COOKIE": b"two"}


@pytest.fixture
def old(tarball, place):
    """The directory of the old release, and what it is made of."""
    _archive.unpack(tarball(OLD, "old.tar.gz"), str(place / "old"))
    return {str(place / "old"): _contents.of_directory(str(place / "old"))}


@pytest.fixture
def new(tarball):
    return tarball(NEW, "new.tar.gz")


def delta(path, there):
    return _delta.make(path, _contents.of_tarball(path), _delta.heard(_delta.told(there.values())))


def sent(data):
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
        return archive.getnames()


def test_only_what_is_not_there_is_sent_and_what_is_put_together_is_what_was_built(old, new, place):
    data = delta(new, old)
    assert len(sent(data)) == 3 and len(data) < 2000  # the contents, b.beam and COOKIE
    _delta.assemble(data, old, str(place / "new"))
    _archive.unpack(new, str(place / "whole"))
    assert _contents.of_directory(str(place / "new")) == _contents.of_directory(str(place / "whole"))
    subprocess.run(["diff", "-r", str(place / "new"), str(place / "whole")], check=True)


def test_files_are_shared_by_content_whatever_their_path(old, new, place):
    _delta.assemble(delta(new, old), old, str(place / "new"))
    assert os.path.samefile(str(place / "old/lib/app-1/ebin/a.beam"), str(place / "new/lib/app-2/ebin/a.beam"))


def test_what_an_operator_may_edit_in_place_is_shared_with_no_other_release(old, new, place):
    _delta.assemble(delta(new, old), old, str(place / "new"))
    (place / "new/bin/app").open("a").write("edited")
    assert (place / "old/bin/app").read_bytes() == OLD["bin/app"]
    assert [path for path in ("releases/0.1.0/env.sh", "releases/start_erl.data", "bin/app", ".env") if _delta.SHARED.fullmatch(path)] == []
    assert all(_delta.SHARED.fullmatch(path) for path in ("releases/0.1.0/consolidated/Elixir.A.beam", "erts-14.2/bin/beam.smp", "lib/a-1/priv/x.so"))


def test_what_was_sent_keeps_its_time(old, tarball, place):
    path = tarball({**NEW, "lib/app-2/ebin/b.beam": {"size": 0, "mtime": 1700000000}}, "timed.tar.gz")
    _delta.assemble(delta(path, old), old, str(place / "new"))
    assert os.stat(str(place / "new/lib/app-2/ebin/b.beam")).st_mtime == 1700000000


def test_a_replaced_file_of_one_release_is_none_of_the_other(old, new, place):
    _delta.assemble(delta(new, old), old, str(place / "new"))
    (place / "other").write_bytes(b"changed")
    os.replace(place / "other", place / "new/lib/app-2/ebin/a.beam")
    assert (place / "old/lib/app-1/ebin/a.beam").read_bytes() == OLD["lib/app-1/ebin/a.beam"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_who_runs_a_release_can_write_to_no_file_of_it(old, new, place):
    _delta.assemble(delta(new, old), old, str(place / "new"))
    program = """
import os, sys
os.setgid(65534), os.setuid(65534)
paths = [os.path.join(directory, name) for root in sys.argv[1:] for directory, below, files in os.walk(root) for name in [".", *files]]
print(sum(os.access(path, os.W_OK) for path in paths), len(paths))
"""
    command = [sys.executable, "-c", program, str(place / "old"), str(place / "new")]
    writable, looked_at = subprocess.run(command, check=True, stdout=subprocess.PIPE, universal_newlines=True).stdout.split()
    assert writable == "0" and int(looked_at) > 8


def test_a_mode_of_its_own_makes_a_file_of_its_own(old, tarball, place):
    path = tarball([("lib/app-2/ebin/a.beam", OLD["lib/app-1/ebin/a.beam"])], "modes.tar.gz")
    os.chmod(str(place / "old/lib/app-1/ebin/a.beam"), 0o600)
    _delta.assemble(delta(path, old), old, str(place / "new"))
    modes = [os.stat(str(place / path)).st_mode & 0o777 for path in ("new/lib/app-2/ebin/a.beam", "old/lib/app-1/ebin/a.beam")]
    assert modes == [0o644, 0o600]


@pytest.mark.parametrize("damage", ["changed", "missing", "delta", "empty"])
def test_what_cannot_be_put_together_leaves_nothing(old, new, place, damage):
    data = delta(new, old)
    if damage == "changed":
        (place / "old/lib/app-1/ebin/a.beam").write_bytes(b"by an operator")
    elif damage == "missing":
        (place / "old/bin/app").unlink()
    with pytest.raises(_delta.Unusable):
        _delta.assemble({"delta": data[: len(data) // 2], "empty": b""}.get(damage, data), old, str(place / "new"))
    assert not (place / "new").exists() and (place / "old").exists()


@pytest.mark.parametrize("path", ["../evil", "/evil", "a/../../evil", ""])
def test_a_path_that_leads_out_is_no_path(place, path):
    contents = {path: _contents.Entry(path, _contents.LINK, 0, "x")}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        _delta._add(archive, _delta.CONTENTS, _contents.text(contents).encode())
    with pytest.raises(_delta.Unusable):
        _delta.assemble(buffer.getvalue(), {}, str(place / "new"))
    assert [found.name for found in place.iterdir()] == []


def test_where_links_are_not_possible_files_are_copied(old, new, place, monkeypatch):
    def refuse(*_arguments, **_options):
        raise OSError("too many links")

    monkeypatch.setattr(os, "link", refuse)
    _delta.assemble(delta(new, old), old, str(place / "new"))
    assert (place / "new/lib/app-2/ebin/a.beam").read_bytes() == OLD["lib/app-1/ebin/a.beam"]
    assert not os.path.samefile(str(place / "old/lib/app-1/ebin/a.beam"), str(place / "new/lib/app-2/ebin/a.beam"))


def test_with_nothing_there_all_is_sent(new, place):
    _delta.assemble(delta(new, {}), {}, str(place / "new"))
    assert _contents.of_directory(str(place / "new")) == _contents.of_tarball(new)
