# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._tarball import _archive, _contents

MEMBERS = [
    ("bin/app", {"size": 0, "mode": 0o744}),
    ("lib/app-1/ebin/a.beam", b"code"),
    ("lib/app-1/ebin/a.beam", b"newer code"),
    ("lib/app-1/priv", {"type": b"5", "mode": 0o700}),
    ("lib/app-1/priv/link", {"type": b"2", "linkname": "../ebin/a.beam"}),
    ("lib/app-1/priv/hard", {"type": b"1", "linkname": "lib/app-1/ebin/a.beam"}),
    ("lib/app-1/priv/s\udce9crit", b"a name that is not UTF-8"),
]


@pytest.fixture
def path(tarball):
    return tarball(MEMBERS)


def test_a_tarball_and_the_directory_that_it_becomes_are_made_of_the_same(path, place):
    _archive.unpack(path, str(place / "a"))
    contents = _contents.of_tarball(path)
    assert contents == _contents.of_directory(str(place / "a"))
    assert contents["bin/app"][1:3] == ("file", 0o755)
    assert contents["lib/app-1/priv/hard"].content == contents["lib/app-1/ebin/a.beam"].content
    assert contents["lib/app-1/priv/link"] == ("lib/app-1/priv/link", "link", 0, "../ebin/a.beam")
    assert contents["lib"] == ("lib", "directory", 0o755, "")


@pytest.mark.parametrize(
    "change",
    [
        lambda root: root.joinpath("bin/app").chmod(0o700),
        lambda root: root.joinpath("bin/app").write_bytes(b"x"),
        lambda root: root.joinpath("bin/more").write_bytes(b""),
        lambda root: root.joinpath("bin/app").unlink(),
        lambda root: root.joinpath("lib").chmod(0o700),
        lambda root: os.replace(root / "bin/app", root / "lib/app-1/priv/link"),
    ],
)
def test_any_change_is_seen(path, place, change):
    _archive.unpack(path, str(place / "a"))
    change(place / "a")
    assert _contents.of_directory(str(place / "a")) != _contents.of_tarball(path)


def test_what_is_written_can_be_read(path):
    contents = _contents.of_tarball(path)
    assert _contents.parse(_contents.text(contents)) == contents
