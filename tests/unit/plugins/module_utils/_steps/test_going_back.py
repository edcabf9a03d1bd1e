# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _processes
from ansible_collections.beamops.elixir.plugins.module_utils._root import _current, _releases
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _going_back, _start


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    monkeypatch.setattr(_going_back, "LOOK_EVERY", 0.01)
    monkeypatch.setattr(_going_back, "STOP_SECONDS", 0.5)


def running(layout):
    return [process.root for process in _processes.scan().of_root(layout.root)]


def test_going_back(release, run, find, layout):
    old, new = release("0.1.0-a", env="OLD=1\n", state="good"), release("0.2.0-b")
    run(old)
    way_back = find(new)
    os.kill(_processes.scan().of_release(old.path)[0].pid, signal.SIGKILL)
    _current.point(layout, new.id)
    left = run(new)
    _going_back.go_back(layout, way_back, None)
    assert running(layout) == [old.path]
    assert _current.pointed(layout) == old.id
    assert not _processes.alive(left.pid, left.started)
    assert _processes.scan().of_release(old.path)[0].environ["OLD"] == "1"
    assert [found.state for found in _releases.staged(layout)] == ["good", "staged"]


def test_what_proved_the_old_release_is_asked_of_it(release, find, layout, evaluates, monkeypatch):
    asked = evaluates("true", "true")
    old = release("0.1.0-a", state="good", proof={"expression": "Old.ready?()"})
    _current.point(layout, old.id)
    _going_back.go_back(layout, find(), None)
    assert asked() == ["Old.ready?()"]
    evaluates("false")
    monkeypatch.setattr(_going_back, "READY_SECONDS", 0.1)
    os.kill(_processes.scan().of_root(layout.root)[0].pid, signal.SIGKILL)
    with pytest.raises(ReleaseError, match="is not true: false"):
        _going_back.go_back(layout, find(), None)


def test_where_nothing_runs_any_more(release, find, layout):
    old = release("0.1.0-a", state="good")
    _current.point(layout, old.id)
    _going_back.go_back(layout, find(), None)
    assert running(layout) == [old.path]


def test_where_the_old_release_never_stopped_it_is_left_running(release, run, find, layout):
    old = release("0.1.0-a")
    process = run(old)
    _going_back.go_back(layout, find(), None)
    assert [found.pid for found in _processes.scan().of_root(layout.root)] == [process.pid]
    assert _current.pointed(layout) == old.id


def test_what_was_asked_to_stop_and_still_runs_is_started_again_when_it_is_gone(release, run, find, layout):
    old = release("0.1.0-a", env="STATUS=stopping\n")
    process = run(old)
    way_back = find()
    with open(os.path.join(old.path, ".env"), "a", encoding="utf-8") as file:
        file.write("STATUS=started\n")
    ender = threading.Timer(0.2, os.kill, (process.pid, signal.SIGKILL))
    ender.start()
    _going_back.go_back(layout, way_back, None)
    ender.join()
    (again,) = _processes.scan().of_root(layout.root)
    assert (again.root, again.pid == process.pid) == (old.path, False)


def test_what_does_not_heed_the_signal_is_killed(release, run, find, layout, monkeypatch):
    monkeypatch.setattr(_going_back, "STOP_SECONDS", 0.05)
    old, new = release("0.1.0-a", state="good"), release("0.2.0-b")
    _current.point(layout, old.id)
    way_back = find(new)
    hangs = run(new)
    os.kill(hangs.pid, signal.SIGSTOP)
    _going_back.go_back(layout, way_back, None)
    assert running(layout) == [old.path]


@pytest.fixture
def while_it_boots(monkeypatch):
    """Have something happen, once, while a release that was gone back to is waited for."""

    def arrange(old, happen):
        sleep = time.sleep
        left = [happen]

        def pause(seconds):
            sleep(seconds)
            if left and _processes.scan().of_release(old.path):
                left.pop()()

        monkeypatch.setattr(time, "sleep", pause)

    return arrange


def end_and_let_the_next_one_come_up(old):
    with open(os.path.join(old.path, ".env"), "a", encoding="utf-8") as file:
        file.write("STATUS=started\n")
    os.kill(_processes.scan().of_release(old.path)[0].pid, signal.SIGKILL)


def test_what_a_run_starts_that_was_given_up_goes_too(release, run, find, layout, while_it_boots):
    old, new = release("0.1.0-a", env="STATUS=starting\n", state="good"), release("0.2.0-b")
    _current.point(layout, old.id)
    way_back = find(new)

    def late():
        run(new)
        _current.point(layout, new.id)
        end_and_let_the_next_one_come_up(old)  # as one of two of the same name ends

    while_it_boots(old, late)
    _going_back.go_back(layout, way_back, None)
    assert running(layout) == [old.path]
    assert _current.pointed(layout) == old.id


def test_one_that_was_ended_while_it_started_is_started_again(release, find, layout, while_it_boots):
    """By another of the same name, which itself is gone by then."""
    old = release("0.1.0-a", env="STATUS=starting\n", state="good")
    _current.point(layout, old.id)
    while_it_boots(old, lambda: end_and_let_the_next_one_come_up(old))
    _going_back.go_back(layout, find(), None)
    assert running(layout) == [old.path]


def test_a_stranger_is_started_again_as_it_ran(release, stranger, run, find, layout):
    new = release("0.2.0-b")
    way_back = find(new)
    os.kill(stranger.pid, signal.SIGKILL)
    run(new)
    _current.point(layout, new.id)
    _going_back.go_back(layout, way_back, None)
    (again,) = _processes.scan().of_release(stranger.root)
    assert again.environ["SECRET"] == "s3cr3t"
    assert running(layout) == []
    # There was none before, and the next deploy is to find it so
    assert _current.pointed(layout) is None


def test_a_stranger_in_place_of_a_current_one(release, stranger, find, layout):
    new, before = release("0.2.0-b"), release("0.1.0-a")
    way_back = find(new)
    _current.point(layout, new.id)
    _going_back.go_back(layout, way_back, before.id)
    assert _current.pointed(layout) == before.id


@pytest.mark.skipif(os.geteuid() != 0, reason="only root tells systemd")
def test_beside_a_strangers_own_unit_that_never_stopped_nothing_else_starts_with_the_host(release, stranger, find, layout, units):
    way_back = find(release("0.2.0-b"))._replace(unit="site.service")
    (units / "site.service").touch()
    _going_back.go_back(layout, way_back, None)
    assert [process.pid for process in _processes.scan().of_release(stranger.root)] == [stranger.pid]
    assert [unit.name for unit in units.iterdir()] == ["site.service"]


def test_a_way_back_that_does_not_start(release, find, layout, monkeypatch):
    monkeypatch.setattr(_start, "APPEARS_WITHIN", 0.1)
    old = release("0.1.0-a", env="FAULT=crash\n", state="good")
    _current.point(layout, old.id)
    with pytest.raises(ReleaseError, match="it died at once(.|\n)*Runtime terminating during boot"):
        _going_back.go_back(layout, find(), None)


def test_a_way_back_that_does_not_become_ready(release, find, layout, monkeypatch):
    monkeypatch.setattr(_going_back, "READY_SECONDS", 0.1)
    old = release("0.1.0-a", env="STATUS=starting\n", state="good")
    _current.point(layout, old.id)
    with pytest.raises(ReleaseError, match="the node is still starting"):
        _going_back.go_back(layout, find(), None)


@pytest.mark.parametrize("ports, looked_at", [(None, True), ([1], True), ([2], False)])
def test_its_port_is_looked_at_unless_it_ran_without_listening_there(release, find, layout, monkeypatch, ports, looked_at):
    monkeypatch.setattr(_going_back, "READY_SECONDS", 0.1)
    old = release("0.1.0-a", env="PORT=1\n", state="good")
    _current.point(layout, old.id)
    way_back = find()._replace(ports=ports)
    if looked_at:
        with pytest.raises(ReleaseError, match="does not listen on port 1"):
            _going_back.go_back(layout, way_back, None)
    else:
        _going_back.go_back(layout, way_back, None)


def test_what_proved_it_once_is_what_it_is_judged_by(release, find, layout, monkeypatch):
    monkeypatch.setattr(_going_back, "READY_SECONDS", 0.1)
    old = release("0.1.0-a", env="PORT=1\n", state="good", proof={"port": None, "url": None})
    _current.point(layout, old.id)
    _going_back.go_back(layout, find(), None)
    _releases.write(old._replace(proof={"port": 2}))
    with pytest.raises(ReleaseError, match="does not listen on port 2"):
        _going_back.go_back(layout, find(), None)
