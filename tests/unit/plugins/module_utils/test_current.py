# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime
import json
import os

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils import _current, _releases


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


def test_mark(staged):
    release = staged()
    marked = _current.mark(release, "bad", "it died")
    assert marked == release._replace(state="bad", reason="it died") == _releases.read(release.path)
    assert _current.mark(marked, "good", None) == release._replace(state="good") == _releases.read(release.path)


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
