# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import glob
import json
import os
import pathlib
import signal
import stat
import time

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _processes, _systemd
from ansible_collections.beamops.elixir.plugins.module_utils._root import _current, _env_file, _releases
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _bin_app, _deadman, _start, _timer_launch

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root starts it by systemd")


@pytest.fixture(autouse=True)
def no_systemd(monkeypatch, place):
    monkeypatch.setattr(_systemd, "RUNTIME", str(place / "no-systemd"))


@pytest.fixture
def old(staged, layout, node):
    release = staged("0.1.0-a", env=f"RELEASE_NODE={node}\n", state="good", node=node)
    _current.point(layout, release.id)
    return release


@pytest.fixture
def new(staged, old, node):
    return staged("0.2.0-b", env=f"RELEASE_NODE={node}\n", node=node, staged_at="2")


@pytest.fixture
def run(layout, account):
    return lambda release: _start.start(layout, release, _bin_app.staged(release.path, release.name, layout, account))


@pytest.fixture
def arm(layout, account, new):
    def arm(seconds=60, by="kai@laptop"):
        plan = _deadman.plan(layout, account, new.id, seconds, by)
        _deadman.arm(layout, plan)
        return plan

    return arm


@pytest.fixture
def timers(layout):
    """The processes, and so the directories, of the timers that are there."""
    return lambda: sorted(glob.glob(os.path.join(layout.root, ".deadman", "*")))


def until(condition):
    """A timer is a Python that starts, looks every second, and starts a release."""
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def pid_of(timer):
    for directory in glob.glob("/proc/[0-9]*"):
        try:
            arguments = pathlib.Path(directory, "cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue
        if timer in arguments:
            return int(os.path.basename(directory))
    return None


def ledger(layout):
    if not os.path.exists(layout.ledger):
        return []
    with open(layout.ledger, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def test_without_a_word_the_host_goes_back(arm, run, old, new, layout, timers):
    first = run(old)
    assert arm(0.3).target.id == old.id
    os.kill(first.pid, signal.SIGKILL)
    left = run(new)
    _current.point(layout, new.id)
    assert until(lambda: ledger(layout))
    (line,) = ledger(layout)
    assert (line["event"], line["release"], line["previous"], line["by"], line["reason"]) == (
        "rollback",
        old.id,
        new.id,
        "dead-man timer of kai@laptop",
        "no word from the run for 0.3 s",
    )
    assert _current.pointed(layout) == old.id
    (again,) = _processes.scan().of_root(layout.root)
    assert again.root == old.path and not _processes.alive(left.pid, left.started)
    (timer,) = timers()
    assert until(lambda: not pid_of(timer))
    # What it started stays when it ends
    assert _processes.alive(again.pid, again.started)


def test_where_it_fired_it_cannot_be_called_off_any_more(arm, layout, old, timers):
    arm(0.05)
    assert until(lambda: ledger(layout))
    for _again in range(2):
        with pytest.raises(ReleaseError, match=rf"This host went back to {old.id} by itself at 20.*, since it had no word from the run for 0.05 s. See why"):
            _deadman.disarm(layout)
    arm(60)
    assert len(timers()) == 1
    assert _deadman.disarm(layout).target.id == old.id


def test_called_off_in_time(arm, layout, old, timers):
    arm(60)
    (timer,) = timers()
    assert pid_of(timer)
    assert _deadman.armed(layout).target.id == old.id
    called_off = _deadman.disarm(layout)
    assert (called_off.target.id, called_off.seconds) == (old.id, 60)
    assert timers() == [] and _deadman.armed(layout) is None
    assert until(lambda: not pid_of(timer))
    assert _deadman.disarm(layout) is None
    assert ledger(layout) == []


def test_arming_again_replaces_it(arm, layout, timers):
    arm(5)
    (first,) = timers()
    arm(60)
    (second,) = timers()
    assert first != second and pid_of(second)
    # It would also be gone once it has fired: then the ledger has a line
    assert until(lambda: not pid_of(first))
    assert ledger(layout) == []


def test_arming_again_for_a_release_that_runs_by_now_keeps_the_way_back(arm, run, old, new, layout):
    arm(60)
    run(new)
    _current.point(layout, new.id)
    again = arm(30, "kim@desk")
    assert (again.target.id, again.seconds, again.by) == (old.id, 30, "kim@desk")


def test_nothing_to_go_back_to_leaves_nothing_behind(arm, layout, old, timers):
    arm(60)
    _deadman.disarm(layout)
    _releases.write(old._replace(state="bad"))
    assert arm(60) is None
    assert timers() == []


def test_the_plan_is_for_nobody_elses_eyes(arm, timers):
    umask = os.umask(0)
    try:
        arm()
    finally:
        os.umask(umask)
    (timer,) = timers()
    assert [stat.S_IMODE(os.stat(path).st_mode) for path in (os.path.dirname(timer), timer, os.path.join(timer, "plan.json"))] == [0o700, 0o700, 0o600]


def test_a_way_back_that_fails_is_told(arm, layout, old, staged):
    with open(os.path.join(old.path, ".env"), "w", encoding="utf-8") as file:
        file.write("A='\n")
    arm(0.05)
    assert until(lambda: ledger(layout))
    (line,) = ledger(layout)
    assert (line["event"], line["release"]) == ("failure", old.id)
    assert line["reason"].startswith("no word from the run for 0.05 s, and going back failed: ") and ".env, line 1 (A)" in line["reason"]
    with pytest.raises(ReleaseError, match=f"This host tried to go back to {old.id} by itself at .*, and failed: .*line 1"):
        _deadman.disarm(layout)


def test_no_secret_of_the_way_back_is_told(arm, layout, old, timers):
    env = pathlib.Path(old.path, ".env")
    script = pathlib.Path(old.path, "bin", "guestbook")
    env.write_text("PASSWORD=hunter22\n", encoding="utf-8")
    script.write_text("#!/bin/sh\necho no access with $PASSWORD >&2\necho and more >&2\nexit 1\n", encoding="utf-8")
    arm(0.05)
    assert until(lambda: ledger(layout))
    (line,) = ledger(layout)
    assert line["reason"].endswith("daemon failed (exit code 1): no access with ********")
    with pytest.raises(ReleaseError, match=r"no access with \*{8}") as error:
        _deadman.disarm(layout)
    assert "hunter22" not in str(error.value)
    log = pathlib.Path(timers()[0], "timer.log")
    assert "********\nand more" in log.read_text(encoding="utf-8") and stat.S_IMODE(log.stat().st_mode) == 0o600


def test_while_it_goes_back_nobody_arms_or_calls_off(arm, layout, timers):
    arm(60)
    (timer,) = timers()
    os.rename(os.path.join(timer, "plan.json"), os.path.join(timer, "fired.json"))
    with pytest.raises(ReleaseError, match="This host is going back to 0.1.0-a by itself .* Wait until it has"):
        arm(60)
    assert timers() == [timer]
    with pytest.raises(ReleaseError, match="This host is going back to 0.1.0-a by itself"):
        _deadman.disarm(layout)


def test_a_timer_that_was_ended_while_it_went_back(arm, layout, timers):
    arm(60)
    (timer,) = timers()
    os.rename(os.path.join(timer, "plan.json"), os.path.join(timer, "fired.json"))
    os.kill(pid_of(timer), signal.SIGKILL)
    # Killed, it loses its command line a moment before its lock
    assert until(lambda: _deadman.outcome(layout)[0] == "failed")
    with pytest.raises(ReleaseError, match="This host tried to go back to 0.1.0-a by itself .*the timer itself was ended while it did"):
        _deadman.disarm(layout)
    arm(60)
    assert timer not in timers() and len(timers()) == 1


def test_one_that_died_before_its_time_is_replaced(arm, layout, timers):
    """As after a reboot."""
    arm(60)
    (timer,) = timers()
    os.kill(pid_of(timer), signal.SIGKILL)
    assert until(lambda: _deadman.armed(layout) is None)
    assert _deadman.disarm(layout).seconds == 60
    assert timers() == []


@pytest.mark.parametrize("content", ["", "[]", "{"])
def test_a_damaged_plan_is_none(arm, layout, timers, content):
    arm(60)
    (timer,) = timers()
    pathlib.Path(timer, "plan.json").write_text(content, encoding="utf-8")
    assert _deadman.armed(layout) is None
    arm(60)
    assert timer not in timers() and len(timers()) == 1


def test_what_is_left_of_an_arming_that_was_broken_off_is_cleared(arm, layout, timers):
    os.makedirs(os.path.join(layout.root, ".deadman", "half"))
    arm(60)
    assert len(timers()) == 1


def test_one_that_does_not_start_is_an_error_and_the_earlier_one_stays(arm, layout, timers, monkeypatch):
    arm(60)
    before = timers()
    monkeypatch.setattr(_timer_launch, "APPEARS_WITHIN", 0.5)
    monkeypatch.setattr(_timer_launch, "MAIN", "import sys\nsys.exit(1)\n")
    with pytest.raises(ReleaseError, match=r"was started in the background, but does not run \(it said nothing\).*can run a program from "):
        arm(60)
    assert timers() == before and pid_of(before[0])


def test_a_directory_of_somebody_elses_is_not_used(arm, layout, place):
    os.symlink(str(place), os.path.join(layout.root, ".deadman"))
    with pytest.raises(ReleaseError, match=r"\.deadman is not a directory of the user that this runs as"):
        arm(60)


@pytest.fixture
def systemd(place, monkeypatch):
    """A host with systemd, whose systemd-run notes what it is told, and does no more than starting it."""
    (place / "systemd").mkdir()
    monkeypatch.setattr(_systemd, "RUNTIME", str(place / "systemd"))
    monkeypatch.setattr(_env_file, "PATH", f"{place}:{_env_file.PATH}")

    def make(script):
        (place / "systemd-run").write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >{place}/told\n{script}\n', encoding="utf-8")
        (place / "systemd-run").chmod(0o755)

    return make


@as_root
def test_where_systemd_runs_it_is_a_unit_that_leaves_what_it_started(arm, systemd, place, layout):
    systemd('while [ "${1#--}" != "$1" ]; do shift; done; "$@" </dev/null >/dev/null 2>&1 &')
    arm(60)
    told = (place / "told").read_text(encoding="utf-8").splitlines()
    assert "--collect" in told and "--property=KillMode=process" in told
    assert any(option.startswith("--unit=elixir-release-deadman-") for option in told)
    assert _deadman.disarm(layout)


@as_root
@pytest.mark.parametrize("script", ["exit 1", None])
def test_where_systemd_does_not_take_it_it_runs_in_the_background(arm, systemd, place, layout, script):
    if script:
        systemd(script)
    arm(60)
    assert (place / "told").exists() is bool(script)
    assert _deadman.disarm(layout)
