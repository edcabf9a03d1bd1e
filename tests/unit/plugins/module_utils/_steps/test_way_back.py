# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
import time

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _processes
from ansible_collections.beamops.elixir.plugins.module_utils._root import _current, _releases
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _bin_app, _start, _way_back
from ansible_collections.beamops.elixir.plugins.module_utils._tarball import _rel


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    monkeypatch.setattr(_way_back, "LOOK_EVERY", 0.01)
    monkeypatch.setattr(_way_back, "STOP_SECONDS", 0.5)


@pytest.fixture
def release(staged, node):
    """Releases of one node name, as those of one application are."""

    def make(release_id, env="", **fields):
        return staged(release_id, env=f"RELEASE_NODE={node}\n{env}", **{"node": node, **fields})

    return make


@pytest.fixture
def run(layout, account):
    return lambda release: _start.start(_bin_app.staged(release.path, release.name, layout, account))


@pytest.fixture
def stranger(place, node, release, account):
    """A release that runs from elsewhere, as the bash script started it."""
    path = str(place / "app")
    shutil.move(release("0.0.9-x", state="good").path, path)
    os.unlink(os.path.join(path, ".deploy.json"))
    environ = {"PATH": os.environ["PATH"], "RELEASE_NODE": node, "SECRET": "s3cr3t", "RELEASE_TMP": os.path.join(path, "tmp")}
    return _start.start(_bin_app.Application(path, "guestbook", _rel.Content(), environ, account, "/"))


@pytest.fixture
def find(layout, account):
    return lambda release=None: _way_back.find(layout, account, release, _processes.scan())


def running(layout):
    return [process.root for process in _processes.scan().of_root(layout.root)]


def test_it_is_what_runs(release, run, find, layout):
    old, new, current = release("0.1.0-a", state="bad"), release("0.2.0-b"), release("0.1.1-c", state="good")
    _current.point(layout, current.id)
    run(old)
    found = find(new)
    assert (found.id, found.path, found.label, found.environ, found.ports) == (old.id, old.path, old.id, None, [])


def test_of_two_that_run_it_is_the_current_one(release, run, find, layout):
    first, second, new = release("0.1.0-a"), release("0.1.1-b"), release("0.2.0-c")
    _current.point(layout, second.id)
    run(first)
    run(second)
    assert find(new).id == second.id


@pytest.mark.parametrize("state, found", [("good", "0.1.0-a"), ("staged", None), ("bad", None)])
def test_where_nothing_runs_it_is_the_current_one_if_that_is_good(release, find, layout, state, found):
    old, new = release("0.1.0-a", state=state), release("0.2.0-b")
    _current.point(layout, old.id)
    assert (find(new).id if found else find(new)) == found


def test_the_new_release_itself_is_nothing_to_go_back_to(release, run, find, layout):
    old, new = release("0.1.0-a", state="good", good_at="1"), release("0.2.0-b")
    _current.point(layout, new.id)
    run(new)
    assert find(new).id == old.id


def test_on_the_first_deploy_it_is_a_stranger_of_the_same_name_and_node(release, stranger, find):
    found = find(release("0.2.0-b"))
    assert (found.id, found.label, found.path, found.node) == (None, stranger.root, stranger.root, stranger.node)
    assert found.environ["SECRET"] == "s3cr3t" and "RELEASE_COMMAND" not in found.environ
    # Whatever of it is in the plan survives the file
    assert _way_back.WayBack(**json.loads(json.dumps(found._asdict()))) == found


def test_a_stranger_of_another_node_is_left_alone(release, stranger, find):
    assert find(release("0.2.0-b", node="another")) is None
    assert find() is None


def test_a_process_that_cannot_be_read_could_not_be_started_again(stranger):
    with pytest.raises(ReleaseError, match=f"pid {stranger.pid} from {stranger.root} cannot be read.*become"):
        _way_back.of_process(stranger._replace(name="", environ={}))


def test_nothing_to_go_back_to(release, find):
    assert find(release("0.2.0-b")) is None


def test_going_back(release, run, find, layout):
    old, new = release("0.1.0-a", env="OLD=1\n", state="good"), release("0.2.0-b")
    run(old)
    way_back = find(new)
    os.kill(_processes.scan().of_release(old.path)[0].pid, signal.SIGKILL)
    _current.point(layout, new.id)
    left = run(new)
    _way_back.go_back(layout, way_back, None)
    assert running(layout) == [old.path]
    assert _current.pointed(layout) == old.id
    assert not _processes.alive(left.pid, left.started)
    assert _processes.scan().of_release(old.path)[0].environ["OLD"] == "1"
    assert [found.state for found in _releases.staged(layout)] == ["good", "staged"]


def test_where_nothing_runs_any_more(release, find, layout):
    old = release("0.1.0-a", state="good")
    _current.point(layout, old.id)
    _way_back.go_back(layout, find(), None)
    assert running(layout) == [old.path]


def test_where_the_old_release_never_stopped_it_is_left_running(release, run, find, layout):
    old = release("0.1.0-a")
    process = run(old)
    _way_back.go_back(layout, find(), None)
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
    _way_back.go_back(layout, way_back, None)
    ender.join()
    (again,) = _processes.scan().of_root(layout.root)
    assert (again.root, again.pid == process.pid) == (old.path, False)


def test_what_does_not_heed_the_signal_is_killed(release, run, find, layout, monkeypatch):
    monkeypatch.setattr(_way_back, "STOP_SECONDS", 0.05)
    old, new = release("0.1.0-a", state="good"), release("0.2.0-b")
    _current.point(layout, old.id)
    way_back = find(new)
    hangs = run(new)
    os.kill(hangs.pid, signal.SIGSTOP)
    _way_back.go_back(layout, way_back, None)
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
    _way_back.go_back(layout, way_back, None)
    assert running(layout) == [old.path]
    assert _current.pointed(layout) == old.id


def test_one_that_was_ended_while_it_started_is_started_again(release, find, layout, while_it_boots):
    """By another of the same name, which itself is gone by then."""
    old = release("0.1.0-a", env="STATUS=starting\n", state="good")
    _current.point(layout, old.id)
    while_it_boots(old, lambda: end_and_let_the_next_one_come_up(old))
    _way_back.go_back(layout, find(), None)
    assert running(layout) == [old.path]


def test_a_stranger_is_started_again_as_it_ran(release, stranger, run, find, layout):
    new = release("0.2.0-b")
    way_back = find(new)
    os.kill(stranger.pid, signal.SIGKILL)
    run(new)
    _current.point(layout, new.id)
    _way_back.go_back(layout, way_back, None)
    (again,) = _processes.scan().of_release(stranger.root)
    assert again.environ["SECRET"] == "s3cr3t"
    assert running(layout) == []
    # There was none before, and the next deploy is to find it so
    assert _current.pointed(layout) is None


def test_a_stranger_in_place_of_a_current_one(release, stranger, find, layout):
    new, before = release("0.2.0-b"), release("0.1.0-a")
    way_back = find(new)
    _current.point(layout, new.id)
    _way_back.go_back(layout, way_back, before.id)
    assert _current.pointed(layout) == before.id


def test_a_way_back_that_does_not_start(release, find, layout, monkeypatch):
    monkeypatch.setattr(_start, "APPEARS_WITHIN", 0.1)
    old = release("0.1.0-a", env="FAULT=crash\n", state="good")
    _current.point(layout, old.id)
    with pytest.raises(ReleaseError, match="it died at once(.|\n)*Runtime terminating during boot"):
        _way_back.go_back(layout, find(), None)


def test_a_way_back_that_does_not_become_ready(release, find, layout, monkeypatch):
    monkeypatch.setattr(_way_back, "READY_SECONDS", 0.1)
    old = release("0.1.0-a", env="STATUS=starting\n", state="good")
    _current.point(layout, old.id)
    with pytest.raises(ReleaseError, match="the node is still starting"):
        _way_back.go_back(layout, find(), None)


@pytest.mark.parametrize("ports, looked_at", [(None, True), ([1], True), ([2], False)])
def test_its_port_is_looked_at_unless_it_ran_without_listening_there(release, find, layout, monkeypatch, ports, looked_at):
    monkeypatch.setattr(_way_back, "READY_SECONDS", 0.1)
    old = release("0.1.0-a", env="PORT=1\n", state="good")
    _current.point(layout, old.id)
    way_back = find()._replace(ports=ports)
    if looked_at:
        with pytest.raises(ReleaseError, match="does not listen on port 1"):
            _way_back.go_back(layout, way_back, None)
    else:
        _way_back.go_back(layout, way_back, None)


def test_what_proved_it_once_is_what_it_is_judged_by(release, find, layout, monkeypatch):
    monkeypatch.setattr(_way_back, "READY_SECONDS", 0.1)
    old = release("0.1.0-a", env="PORT=1\n", state="good", proof={"port": None, "url": None})
    _current.point(layout, old.id)
    _way_back.go_back(layout, find(), None)
    _releases.write(old._replace(proof={"port": 2}))
    with pytest.raises(ReleaseError, match="does not listen on port 2"):
        _way_back.go_back(layout, find(), None)
