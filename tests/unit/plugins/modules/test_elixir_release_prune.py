# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import fcntl
import os
import pathlib
import shutil

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._modules import _prune
from ansible_collections.beamops.elixir.plugins.module_utils._root import _current, _releases
from ansible_collections.beamops.elixir.plugins.modules import elixir_release_prune as module, elixir_release_start


@pytest.fixture
def prune(run_module, layout):
    return lambda **arguments: run_module(module, root=layout.root, **arguments)


@pytest.fixture
def four(layout, staged, node):
    """Four good releases, the last of them current."""
    for number in "1234":
        staged(f"0.{number}.0-a", staged_at=number, good_at=number, state="good", env=f"RELEASE_NODE={node}\n")
    _current.point(layout, "0.4.0-a")


def there(layout):
    return sorted(os.listdir(layout.releases))


def test_keeps_the_newest(prune, layout, four):
    answer = prune(keep=2)
    assert (answer["changed"], answer["removed"], answer["kept"]) == (True, ["0.1.0-a", "0.2.0-a"], ["0.3.0-a", "0.4.0-a"])
    assert answer["diff"] == {"before": "0.1.0-a\n0.2.0-a\n0.3.0-a\n0.4.0-a\n", "after": "0.3.0-a\n0.4.0-a\n"}
    assert there(layout) == ["0.3.0-a", "0.4.0-a"]
    answer = prune(keep=2)
    assert (answer["changed"], answer["removed"], answer["kept"]) == (False, [], ["0.3.0-a", "0.4.0-a"])


def test_check_mode_removes_nothing(prune, layout, four):
    os.makedirs(layout.unfinished("0.5.0-a"))
    before = there(layout)
    answer = prune(keep=2, _ansible_check_mode=True)
    assert (answer["changed"], answer["removed"], answer["unfinished"]) == (True, ["0.1.0-a", "0.2.0-a"], [".0.5.0-a.unfinished"])
    assert there(layout) == before


def test_what_runs_stays(prune, run_module, layout, four):
    run_module(elixir_release_start, root=layout.root, release="0.1.0-a")
    assert prune(keep=1)["removed"] == ["0.2.0-a"]
    assert there(layout) == ["0.1.0-a", "0.3.0-a", "0.4.0-a"]


def test_what_has_come_into_use_since_it_was_looked_at_stays(run_module, layout, four):
    first, second = (_releases.find(layout, release_id) for release_id in ("0.1.0-a", "0.2.0-a"))
    run_module(elixir_release_start, root=layout.root, release=first.id)
    _current.point(layout, second.id)
    assert _prune.remove(layout, first) is False and _prune.remove(layout, second) is False
    assert len(there(layout)) == 4


def test_what_was_broken_off_goes(prune, layout, four):
    """Of a release that is to be removed as well, too."""
    for release_id in ("0.1.0-a", "0.5.0-a"):
        pathlib.Path(layout.unfinished(release_id), "lib").mkdir(parents=True)
    answer = prune(keep=3)
    assert (answer["changed"], answer["removed"], answer["unfinished"]) == (True, ["0.1.0-a"], [".0.1.0-a.unfinished", ".0.5.0-a.unfinished"])
    assert there(layout) == ["0.2.0-a", "0.3.0-a", "0.4.0-a"]


def test_a_removal_that_is_broken_off_leaves_no_release(prune, layout, four, monkeypatch):
    def broken(path):
        raise PermissionError(1, "Operation not permitted", f"{path}/lib/immutable")

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", broken)
        answer = prune(keep=3)
    assert answer["left"] == [
        f"{layout.release('0.1.0-a')} could not be removed, and is not needed any more: {layout.unfinished('0.1.0-a')}/lib/immutable: "
        "Operation not permitted; look at its owner and at 'lsattr -d', and remove it by hand."
    ]
    assert (answer["removed"], answer["kept"]) == ([], ["0.2.0-a", "0.3.0-a", "0.4.0-a"])
    assert [release.id for release in _releases.staged(layout)] == ["0.2.0-a", "0.3.0-a", "0.4.0-a"]
    answer = prune(keep=3)
    assert (answer["changed"], answer["removed"], answer["unfinished"]) == (True, [], [".0.1.0-a.unfinished"])


def test_one_that_cannot_be_removed_keeps_nobody_from_removing_the_others(prune, layout, four, monkeypatch):
    rename, stuck, left = os.rename, layout.release("0.1.0-a"), layout.unfinished("0.5.0-a")
    os.makedirs(left)

    def immutable(source, target):
        if source in (stuck, left):
            raise PermissionError(1, "Operation not permitted", source)
        rename(source, target)

    monkeypatch.setattr(os, "rename", immutable)
    answer = prune(keep=1)
    assert (answer["removed"], answer["kept"], answer["unfinished"]) == (["0.2.0-a"], ["0.1.0-a", "0.3.0-a", "0.4.0-a"], [])
    assert len(answer["left"]) == 2
    for path in (stuck, left):
        assert any(f"{path} could not be removed" in warning and "Operation not permitted" in warning for warning in answer["left"])
    assert (prune(keep=1)["changed"], there(layout)) == (False, [".0.5.0-a.unfinished", "0.1.0-a", "0.3.0-a", "0.4.0-a"])


@pytest.mark.parametrize("record", ["", "{", "[]", "{}", '{"name": "guestbook", "version": 1}', "\udcff"])
def test_a_damaged_record_keeps_nobody_from_anything(prune, layout, four, record):
    path = pathlib.Path(layout.release("0.1.0-a"))
    (path / ".deploy.json").write_text(record, encoding="utf-8", errors="surrogateescape")
    answer = prune(keep=2)
    assert (answer["removed"], answer["kept"]) == (["0.2.0-a"], ["0.3.0-a", "0.4.0-a"])
    (warning,) = answer["left"]
    assert warning.startswith(f"{path} was left alone: {path}/.deploy.json cannot be read (")
    assert warning.endswith(f"remove {path} and stage the release again.")
    assert path.exists()


def test_what_was_not_staged_here_is_left_alone(prune, layout, four):
    for name in ("0.0.9", "backup", ".git"):
        os.makedirs(layout.release(name))
    assert prune(keep=3)["removed"] == ["0.1.0-a"]
    assert there(layout) == [".git", "0.0.9", "0.2.0-a", "0.3.0-a", "0.4.0-a", "backup"]


def test_what_a_run_that_was_killed_still_unpacks_is_waited_for(prune, layout, four, monkeypatch):
    unfinished = pathlib.Path(layout.unfinished("0.5.0-a"))
    unfinished.mkdir()
    monkeypatch.setattr(_releases, "FLOCK_WITHIN", 0.1)
    descriptor = os.open(layout.releases, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)  # as a staging does
    answer = prune(keep=2)
    assert answer["failed"] and f"{layout.releases} is locked (flock) by another process" in answer["msg"]
    assert unfinished.exists() and len(_releases.staged(layout)) == 4
    os.close(descriptor)
    assert prune(keep=2)["unfinished"] == [unfinished.name]


def test_five_are_kept_unless_told_otherwise(prune, layout, four, staged):
    for number in "56":
        staged(f"0.{number}.0-a", staged_at=number, good_at=number, state="good")
    assert prune()["removed"] == ["0.1.0-a"]


def test_a_virgin_host(prune, layout):
    answer = prune()
    assert (answer["changed"], answer["removed"], answer["kept"]) == (False, [], [])
    assert not os.path.exists(layout.root)


@pytest.mark.parametrize("keep", [0, -1])
def test_at_least_one_is_kept(prune, layout, four, keep):
    answer = prune(keep=keep)
    assert answer["failed"] and f"keep is {keep}: give the number of good releases" in answer["msg"]
    assert len(there(layout)) == 4
