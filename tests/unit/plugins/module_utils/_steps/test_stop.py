# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import subprocess
import time

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _processes, _systemd
from ansible_collections.beamops.elixir.plugins.module_utils._root import _layout, _units
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _bin_app, _start, _stop


@pytest.fixture
def running(layout, staged, account, node):
    """A release that runs."""

    def start(env=""):
        release = staged(env=f"RELEASE_NODE={node}\n{env}")
        return _start.start(layout, release, _bin_app.staged(release.path, release.name, layout, account))

    return start


def is_gone(process):
    return lambda: not _processes.alive(process.pid, process.started)


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def test_it_is_asked_by_its_own_program(running, eventually):
    process = running()
    assert _stop.ask(process) == "stop"
    assert eventually(is_gone(process))


def test_a_cookie_that_was_replaced_on_the_disk_does_not_matter(running, eventually):
    process = running()
    write(_layout.cookie_file(process.root), "COOKIEOFANOTHERBUILD")
    assert _stop.ask(process) == "stop"
    assert eventually(is_gone(process))


def test_a_version_that_was_replaced_on_the_disk_does_not_matter(running, eventually):
    process = running()
    write(os.path.join(process.root, "releases", "start_erl.data"), "13.1.5 0.2.0")
    write(_layout.script(process.root, "guestbook"), f'#!/bin/sh\n[ "$RELEASE_VSN" = 0.1.0 ] && kill {process.pid}\n')
    assert _stop.ask(process) == "stop"
    assert eventually(is_gone(process))


def test_the_callers_environment_does_not_matter(running, eventually, monkeypatch):
    process = running()
    monkeypatch.setenv("RELEASE_COOKIE", "of-the-caller")
    assert _stop.ask(process) == "stop"
    assert eventually(is_gone(process))


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda process: write(os.path.join(process.environ["RELEASE_TMP"], "cookie"), "ANOTHER"), id="the node does not answer"),
        pytest.param(lambda process: os.unlink(_layout.script(process.root, "guestbook")), id="its program is gone"),
        pytest.param(lambda process: os.chmod(_layout.script(process.root, "guestbook"), 0o644), id="its program cannot be run"),
    ],
)
def test_where_that_does_not_reach_it_a_signal_does(running, eventually, spoil):
    process = running()
    spoil(process)
    assert _stop.ask(process) == "term"
    assert eventually(is_gone(process))


def test_an_undistributed_one_is_asked_by_a_signal(running, eventually):
    process = running(env="RELEASE_DISTRIBUTION=none\n")
    assert process.node is None
    assert _stop.ask(process) == "term"
    assert eventually(is_gone(process))


def test_one_whose_environment_could_not_be_read_is_asked_by_a_signal(running, eventually):
    process = running()
    assert _stop.ask(process._replace(environ={}, name="")) == "term"
    assert eventually(is_gone(process))


def test_one_that_is_gone_already_is_no_error(running, eventually):
    process = running()
    os.kill(process.pid, 9)
    assert eventually(is_gone(process))
    assert _stop.ask(process._replace(node=None)) == "term"
    assert _stop.kill(process) == "kill"


def test_a_later_process_of_the_same_number_is_left_alone(running):
    process = running()
    _stop.kill(process._replace(started=process.started - 1))
    time.sleep(0.05)
    assert _processes.alive(process.pid, process.started)


def test_kill_ends_its_heart_first(running, place, eventually):
    process = running()
    os.symlink("/bin/sh", str(place / "heart"))
    # Tells whether the BEAM was there when it was killed: it has to be
    with subprocess.Popen([str(place / "heart"), "-c", "read -r line", "heart", "-pid", str(process.pid)], stdin=subprocess.PIPE) as heart:
        assert eventually(lambda: _processes.hearts(process.pid) == [heart.pid])
        assert _stop.kill(process) == "kill"
        assert heart.wait(1) == -9
        assert eventually(is_gone(process))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may signal every process")
def test_another_users_process(staged):
    release = staged()
    stranger = _processes.Process(1, None, 1.0, 0, release.path, "guestbook", "0.1.0", None, False, {})
    with pytest.raises(ReleaseError, match=rf"pid 1 from {release.path} belongs to another user \(uid 0\): use 'become'"):
        _stop.ask(stranger)


@pytest.fixture
def crashing(place, units):
    """What systemd was told since a release crashes in both slots. It says what is in the file `shown`."""
    (place / "shown").write_text(f"ActiveState=activating\nSubState={_systemd.RESTARTING}\nMainPID=0\n", encoding="utf-8")
    return lambda: [line.split()[-1] for line in (place / "told").read_text(encoding="utf-8").splitlines() if " stop " in line]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root tells systemd")
def test_what_crashes_in_the_other_slot_is_left_to_systemd(crashing, layout):
    blue, green = (_units.unit(layout.root, slot) for slot in ("blue", "green"))
    assert _stop.ask_restarting(layout, _processes.Scan([]), "green") == [green]
    assert crashing() == [green]
    assert _stop.ask_restarting(layout, _processes.Scan([])) == [blue, green]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root tells systemd")
def test_what_has_just_been_started_again_is_told_although_nobody_has_seen_it(crashing, layout, place):
    (place / "shown").write_text("ActiveState=active\nSubState=running\nMainPID=77\n", encoding="utf-8")
    green = _units.unit(layout.root, "green")
    seen = _processes.Process(77, None, 1.0, 0, layout.release("0.1.0-a"), "guestbook", "0.1.0", None, False, {})
    assert _stop.ask_restarting(layout, _processes.Scan([seen]), "green") == []
    assert _stop.ask_restarting(layout, _processes.Scan([seen._replace(pid=76)]), "green") == [green]
    (place / "shown").write_text("ActiveState=deactivating\nSubState=stop-sigterm\nMainPID=77\n", encoding="utf-8")
    assert _stop.ask_restarting(layout, _processes.Scan([]), "green") == [], "it was told"
