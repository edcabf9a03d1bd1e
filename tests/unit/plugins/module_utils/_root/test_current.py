# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime
import json
import os

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._root import _current, _releases


def ledger(layout):
    with open(layout.ledger, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def test_point(layout, staged):
    staged("0.1.0-a")
    staged("0.2.0-b")
    assert _current.pointed(layout) is None
    _current.point(layout, "0.1.0-a")
    assert _current.pointed(layout) == "0.1.0-a" == _releases.current(layout).id
    _current.point(layout, "0.2.0-b")
    assert _current.pointed(layout) == "0.2.0-b" == _releases.current(layout).id
    assert os.readlink(layout.current) == "releases/0.2.0-b", "relative, so that the root can be moved"


def test_there_is_always_a_current(layout, staged, monkeypatch):
    """Between the moment before and the moment after there is none without it."""
    staged("0.1.0-a")
    staged("0.2.0-b")
    _current.point(layout, "0.1.0-a")
    seen = []
    rename = os.rename
    monkeypatch.setattr(os, "rename", lambda *paths: (seen.append(_current.pointed(layout)), rename(*paths), seen.append(_current.pointed(layout))))
    _current.point(layout, "0.2.0-b")
    assert seen == ["0.1.0-a", "0.2.0-b"]


def test_a_switch_that_was_broken_off_is_no_hindrance(layout, staged):
    staged("0.1.0-a")
    os.symlink("releases/half", f"{layout.current}.new")
    _current.point(layout, "0.1.0-a")
    assert _current.pointed(layout) == "0.1.0-a"
    assert sorted(os.listdir(layout.root)) == [".env", "current", "releases", "tmp"]


def test_the_env_file_is_found_from_the_root(layout, staged):
    staged("0.1.0-a", env="A=1\n")
    staged("0.2.0-b", env="A=2\n")
    for release_id, content in (("0.1.0-a", "A=1\n"), ("0.2.0-b", "A=2\n")):
        _current.point(layout, release_id)
        with open(layout.env_link, encoding="utf-8") as file:
            assert file.read() == content


def test_an_env_file_that_was_there_before_is_left_alone(layout, staged):
    staged("0.1.0-a", env="A=1\n")
    with open(layout.env_link, "w", encoding="utf-8") as file:
        file.write("of the bash script")
    _current.point(layout, "0.1.0-a")
    assert not os.path.islink(layout.env_link)


@pytest.mark.parametrize("target, expected", [("releases/gone", "gone"), (None, None)])
def test_pointed_tells_of_what_is_gone_as_well(layout, staged, target, expected):
    staged()
    if target:
        os.symlink(target, layout.current)
    assert _current.pointed(layout) == expected


def test_mark(layout, staged):
    release = staged()
    marked = _current.mark(layout, release, "bad", "it died")
    assert marked == release._replace(state="bad", reason="it died", turn=1) == _releases.read(release.path)
    good = _current.mark(layout, marked, "good", None, proof={"port": 4000})
    assert good == release._replace(state="good", good_at=good.good_at, turn=2, proof={"port": 4000}) == _releases.read(release.path)
    assert datetime.datetime.fromisoformat(good.good_at).utcoffset() == datetime.timedelta(0)


def test_only_a_deploy_makes_a_release_the_newest(layout, staged):
    first, second = staged("0.1.0-a"), staged("0.2.0-b")
    for release in (first, second):
        _current.mark(layout, release, "good", None)
    first, second = (_releases.read(release.path) for release in (first, second))
    assert _current.mark(layout, first, "good", None, "rollback") == first
    assert _current.mark(layout, second, "bad", "it died").good_at == second.good_at, "it was good then"
    again = _current.mark(layout, first, "good", None, "deploy")
    assert again.turn > second.turn and again.proof == first.proof


def test_a_rollback_does_not_say_that_a_deploy_marked_it_good(layout, staged):
    marked = _current.mark(layout, staged(), "good", None, "rollback")
    assert (marked.good_at, marked.turn) == (None, None)


def test_what_a_rollback_leaves_is_left_until_it_is_good_again(layout, staged):
    first, second = (_current.mark(layout, staged(release_id), "good", None) for release_id in ("0.1.0-a", "0.2.0-b"))
    _current.leave(layout, first, second.id)
    assert [release.left for release in _releases.staged(layout)] == [None, True]
    for event in ("rollback", "deploy"):
        assert _current.mark(layout, second._replace(left=True), "good", None, event).left is None


def test_unpoint(layout, staged):
    _current.unpoint(layout)
    _current.point(layout, staged().id)
    _current.unpoint(layout)
    assert _current.pointed(layout) is None and not os.path.lexists(layout.current) and not os.path.lexists(layout.env_link)


def test_unpoint_leaves_the_env_file_of_somebody_else(layout, staged):
    staged()
    with open(layout.env_link, "w", encoding="utf-8") as file:
        file.write("of the bash script")
    _current.point(layout, "0.1.0-1a2b3c4d")
    _current.unpoint(layout)
    assert os.path.exists(layout.env_link) and not os.path.lexists(layout.current)


def test_note(layout, staged):
    first, second = staged("0.1.0-a"), staged("0.2.0-b", version="0.2.0", state="bad", reason="it\ndied")
    _current.note(layout, "deploy", first, None, "kai@laptop")
    _current.note(layout, "failure", second, "0.1.0-a", None)
    lines = ledger(layout)
    times = [datetime.datetime.fromisoformat(line.pop("at")) for line in lines]
    assert all(time.utcoffset() == datetime.timedelta(0) for time in times)
    assert lines == [
        {"event": "deploy", "release": "0.1.0-a", "version": "0.1.0", "sha256": first.sha256, "previous": None, "by": "kai@laptop", "reason": None},
        {"event": "failure", "release": "0.2.0-b", "version": "0.2.0", "sha256": second.sha256, "previous": "0.1.0-a", "by": None, "reason": "it\ndied"},
    ]


def test_note_of_a_good_release_says_why_as_well(layout, staged):
    _current.note(layout, "rollback", staged(state="good"), "0.2.0-b", "kai@laptop", "customers could not log in")
    assert ledger(layout)[0]["reason"] == "customers could not log in"


def test_a_ledger_that_cannot_be_written(layout, staged):
    release = staged()
    os.mkdir(layout.ledger)
    with pytest.raises(ReleaseError, match=f"{layout.ledger} cannot be written .*this deploy of {release.id} is in no history: look at its owner"):
        _current.note(layout, "deploy", release, None, None)


def test_entries_are_what_can_be_read_of_the_ledger(layout, staged):
    assert _current.entries(layout) == []
    release = staged()
    _current.note(layout, "deploy", release, None, None)
    with open(layout.ledger, "ab") as file:
        file.write(b'{"event": "dep\n[]\nnull\n\xff\n\n')
    _current.note(layout, "failure", release, None, None)
    assert [entry["event"] for entry in _current.entries(layout)] == ["deploy", "failure"]


def test_a_ledger_that_cannot_be_read_has_no_entries(layout):
    os.makedirs(layout.ledger)
    assert _current.entries(layout) == []
    assert not _current.is_noted(layout, "deploy", "0.1.0-a")


@pytest.mark.parametrize(
    "history, event, release, noted",
    [
        ([], "deploy", "a", False),
        (["deploy a"], "deploy", "a", True),
        (["deploy a"], "deploy", "b", False),
        (["deploy a", "deploy b"], "deploy", "a", False),
        (["deploy a", "deploy b", "rollback a"], "deploy", "a", True),
        (["deploy a", "deploy b", "rollback a"], "rollback", "a", True),
        (["deploy a", "deploy b", "rollback a"], "deploy", "b", False),
        (["deploy a", "failure b"], "deploy", "a", True),
        (["deploy a", "failure b"], "failure", "b", True),
        (["failure b", "deploy a"], "failure", "b", True),
        (["failure b", "deploy b"], "failure", "b", False),
        (["deploy a"], "failure", "b", False),
    ],
)
def test_what_is_noted_already(layout, staged, history, event, release, noted):
    releases = {release_id: staged(release_id) for release_id in "ab"}
    for happened, release_id in map(str.split, history):
        _current.note(layout, happened, releases[release_id], None, None)
    assert _current.is_noted(layout, event, release) is noted


def test_what_fails_once_more_is_noted(layout, staged):
    old, new = staged("a"), staged("b")
    _current.note(layout, "failure", new, "a", None)
    assert _current.is_noted(layout, "failure", "b", "a")
    _current.note(layout, "rollback", old, "b", None)
    assert not _current.is_noted(layout, "failure", "b", "a")


def test_every_rollback_is_noted(layout, staged):
    old, new = staged("a"), staged("b")
    _current.note(layout, "deploy", old, None, None)
    assert not _current.is_noted(layout, "rollback", "a", "b")
    _current.note(layout, "rollback", old, "b", None)
    assert _current.is_noted(layout, "rollback", "a", "b")
    assert not _current.is_noted(layout, "rollback", "a", "c")
    _current.note(layout, "failure", new, "a", None)
    assert not _current.is_noted(layout, "rollback", "a", "b")
