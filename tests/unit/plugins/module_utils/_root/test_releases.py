# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import stat

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._root import _layout, _releases


def point_current_at(layout, target):
    os.symlink(target, layout.current)


def test_what_was_written_is_read(staged):
    release = staged(state="bad", reason="it died", node=None)
    assert _releases.read(release.path) == release
    assert release.program == f"{release.path}/bin/guestbook"


def test_the_record_is_not_readable_by_all_and_says_nothing_twice(staged):
    record = _layout.record(staged().path)
    assert stat.S_IMODE(os.stat(record).st_mode) == 0o640
    with open(record, encoding="utf-8") as file:
        assert set(json.load(file)) == set(_releases.Release._fields) - {"id", "path", "slot"}


def test_the_record_of_an_earlier_version_of_this_collection(staged):
    release = staged(state="good")
    record = _layout.record(release.path)
    with open(record, encoding="utf-8") as file:
        fields = json.load(file)
    for field in ("good_at", "turn", "left", "proof"):
        del fields[field]
    with open(record, "w", encoding="utf-8") as file:
        json.dump(fields, file)
    assert _releases.read(release.path) == release


@pytest.mark.parametrize("content", ["", "{", "[]", "null"])
def test_a_record_that_cannot_be_read(staged, content):
    release = staged()
    with open(_layout.record(release.path), "w", encoding="utf-8") as file:
        file.write(content)
    with pytest.raises(ReleaseError, match=rf"{release.path}/.deploy.json cannot be read .*: remove {release.path} and stage the release again"):
        _releases.read(release.path)


def test_a_directory_that_was_not_staged(place):
    with pytest.raises(ReleaseError, match=f"{place} is not a release that was staged here"):
        _releases.read(str(place))


def test_staged_releases_oldest_first(layout, staged):
    second, third = staged("0.2.0-b", staged_at="2026-11-23T02:00:00+00:00"), staged("0.1.0-c", staged_at="2026-11-23T03:00:00+00:00")
    first = staged("0.3.0-a", staged_at="2026-11-23T01:00:00+00:00")
    assert _releases.staged(layout) == [first, second, third]


def test_what_is_not_staged_is_not_listed(layout, staged):
    """What the bash script unpacked into the root, what is unfinished, and what else lies there."""
    release = staged()
    for name in ("0.1.0", ".0.2.0-9f8e7d6c.unfinished"):
        os.makedirs(layout.release(name))
    os.rename(_layout.record(staged("x").path), os.path.join(layout.release(".0.2.0-9f8e7d6c.unfinished"), ".deploy.json"))
    for name in ("COOKIE", "start_erl.data"):
        with open(layout.release(name), "w", encoding="utf-8"):
            pass
    assert _releases.staged(layout) == [release]
    assert _releases.is_staged(layout, release.id)
    assert not _releases.is_staged(layout, "0.1.0")


def test_nothing_is_staged_on_a_virgin_host(layout):
    assert _releases.staged(layout) == [] == _releases.unfinished(layout)


def test_what_was_broken_off(layout, staged):
    staged()
    for name in (".0.2.0-b.unfinished", ".0.1.0-a.unfinished", ".unfinished", "x.unfinished", ".git"):
        os.makedirs(layout.release(name))
    os.symlink("/etc", layout.release(".link.unfinished"))
    assert _releases.unfinished(layout) == [".0.1.0-a.unfinished", ".0.2.0-b.unfinished"]


def test_find(layout, staged):
    staged("0.1.0-a")
    assert _releases.find(layout, "0.1.0-a").id == "0.1.0-a"


@pytest.mark.parametrize("wanted, words", [("0.3.0-c", "There is no release 0.3.0-c in .*/releases; there are: 0.1.0-a, 0.2.0-b"), ("", "There is no release")])
def test_find_says_what_there_is(layout, staged, wanted, words):
    staged("0.1.0-a", staged_at="1")
    staged("0.2.0-b", staged_at="2")
    with pytest.raises(ReleaseError, match=words):
        _releases.find(layout, wanted)


def test_find_where_there_is_none(layout):
    with pytest.raises(ReleaseError, match="there are: none"):
        _releases.find(layout, "0.1.0-a")


@pytest.mark.parametrize("wanted", ["../x", "/etc", ".0.1.0-a.unfinished", "..", "a/b"])
def test_find_takes_no_path(layout, wanted):
    with pytest.raises(ReleaseError, match="is not the id of a release: give the name of a directory in"):
        _releases.find(layout, wanted)


@pytest.mark.parametrize("target, expected", [(None, None), ("releases/0.1.0-a", "0.1.0-a"), ("releases/gone", None), ("releases", None)])
def test_current(layout, staged, target, expected):
    staged("0.1.0-a")
    if target:
        point_current_at(layout, target)
    release = _releases.current(layout)
    assert (release and release.id) == expected


def test_a_directory_in_the_place_of_current_is_not_current(layout, staged):
    os.rename(staged().path, layout.current)
    assert _releases.current(layout) is None


def test_chosen(layout, staged):
    staged("0.1.0-a")
    staged("0.2.0-b")
    with pytest.raises(ReleaseError, match=f"{layout.current} points to no release: deploy one first"):
        _releases.chosen(layout, None)
    point_current_at(layout, "releases/0.2.0-b")
    assert _releases.chosen(layout, None).id == "0.2.0-b"
    assert _releases.chosen(layout, "0.1.0-a").id == "0.1.0-a"


@pytest.mark.parametrize(
    "there, noted, free",
    [
        ([], [], "0.1.0-a"),
        (["0.1.0-a"], [], "0.1.0-a.2"),
        (["0.1.0-a", "0.1.0-a.2"], [], "0.1.0-a.3"),
        (["0.1.0-a.2"], [], "0.1.0-a"),
        (["0.1.0-a", "0.1.0-a.3"], [], "0.1.0-a.2"),
        ([], ["0.1.0-a"], "0.1.0-a.2"),
        (["0.1.0-a.2"], ["0.1.0-a"], "0.1.0-a.3"),
    ],
)
def test_free_id(layout, there, noted, free):
    for name in there:
        os.makedirs(layout.release(name))
    assert _releases.free_id(layout, "0.1.0-a", noted) == free


def test_a_dangling_link_takes_an_id_too(layout):
    os.makedirs(layout.releases)
    os.symlink("nowhere", layout.release("0.1.0-a"))
    assert _releases.free_id(layout, "0.1.0-a", []) == "0.1.0-a.2"


def test_replace_leaves_nothing_beside_the_file(place):
    path = place / ".env"
    path.write_text("old")
    umask = os.umask(0o077)
    try:
        _releases.replace(str(path), "grüße\r\n", 0o640)
    finally:
        os.umask(umask)
    assert path.read_bytes() == "grüße\r\n".encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(place) == [".env"]


def test_a_replace_that_fails_leaves_the_old_and_nothing_beside_it(place):
    (place / "directory").mkdir()
    with pytest.raises(OSError):
        _releases.replace(str(place / "directory"), "new", 0o640)
    assert os.listdir(place) == ["directory"]


def test_a_damaged_record_is_told_and_the_others_are_listed(layout, staged):
    damaged, whole = staged("0.1.0-a"), staged("0.2.0-b")
    with open(f"{damaged.path}/.deploy.json", "w", encoding="utf-8") as file:
        file.write('{"name": "guestbook"}')
    assert [release.id for release in _releases.staged(layout)] == [whole.id]
    ((path, why),) = _releases.damaged(layout)
    assert path == damaged.path
    assert why == (
        f"{damaged.path}/.deploy.json cannot be read (it lacks version, sha256, state, staged_at): remove {damaged.path} and stage the release again."
    )
    with pytest.raises(ReleaseError, match="it lacks version"):
        _releases.find(layout, damaged.id)
