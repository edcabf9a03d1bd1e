# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import pathlib
import time

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._host import _processes
from ansible_collections.beamops.elixir.plugins.module_utils._root import _releases
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _drift

CURRENT = _releases.Release(
    "0.2.0-b", "/opt/guestbook/releases/0.2.0-b", "guestbook", "0.2.0", "", "good", None, "2026-11-23T01:02:03+00:00", "kai@laptop", "guestbook"
)


def process(root, pid=42, version="0.2.0", **environ):
    return _processes.Process(pid, 7, 60.0, os.geteuid(), root, "guestbook", version, "guestbook", False, environ)


def runs(root=CURRENT.path, env_changed=(), **fields):
    return _drift.Running(process(root, **fields), list(env_changed))


BEFORE = runs("/opt/guestbook/releases/0.1.0-a", pid=41, version="0.1.0")
OF_A_SCRIPT = runs("/opt/guestbook", pid=40, version="0.1.0")


def test_there_is_none_where_the_current_release_runs_and_nothing_else():
    assert _drift.sentences(CURRENT.id, CURRENT, [runs()]) == []


@pytest.mark.parametrize(
    "pointed, current, running, expected",
    [
        pytest.param(None, None, [], ["Nothing runs, and there is no current release."], id="a virgin host"),
        pytest.param("0.2.0-b", CURRENT, [], ["Nothing runs, and current is 0.2.0-b."], id="nothing runs"),
        pytest.param("0.2.0-b", CURRENT, [BEFORE], ["0.1.0-a (pid 41) runs, and current is 0.2.0-b."], id="another one runs"),
        pytest.param(None, None, [BEFORE], ["0.1.0-a (pid 41) runs, and there is no current release."], id="one runs without a current one"),
        pytest.param(
            "0.2.0-b", CURRENT, [OF_A_SCRIPT], ["0.1.0 from /opt/guestbook (pid 40) runs, and current is 0.2.0-b."], id="one of a script in the root runs"
        ),
        pytest.param(
            "0.2.0-b",
            CURRENT,
            [BEFORE, runs()],
            ["2 releases run at once: 0.1.0-a (pid 41), 0.2.0-b (pid 42).", "0.1.0-a (pid 41) runs, and current is 0.2.0-b."],
            id="two run",
        ),
        pytest.param("0.2.0-b", CURRENT, [runs(), runs(pid=43)], ["2 releases run at once: 0.2.0-b (pid 42), 0.2.0-b (pid 43)."], id="it runs twice"),
        pytest.param("0.2.0-b", None, [runs()], ["current points to 0.2.0-b, which is not there."], id="its directory is gone"),
        pytest.param(
            "0.2.0-b",
            CURRENT._replace(state="bad", reason="it died."),
            [runs()],
            ["The current release 0.2.0-b is marked bad: it died."],
            id="it is bad",
        ),
        pytest.param(
            "0.2.0-b",
            CURRENT,
            [runs(env_changed=["A", "B"])],
            ["The env file of 0.2.0-b (pid 42) was changed after it was started, in A, B: restart it."],
            id="its env file was changed",
        ),
        pytest.param(
            "0.2.0-b",
            CURRENT,
            [runs()._replace(refused_writes=["/a", "/b", "/b"], tmp="/opt/guestbook/tmp")],
            [
                "0.2.0-b (pid 42) was denied /b (and 1 more path), 3 times since its start as its log says: it may not write there. "
                "/opt/guestbook/tmp is writable and survives; for uploads and the like there is elixir_release_shared_dirs."
            ],
            id="it may not write where it wants to",
        ),
    ],
)
def test_what_is_not_as_it_should_be(pointed, current, running, expected):
    assert _drift.sentences(pointed, current, running) == expected


@pytest.mark.parametrize(
    "env, environ, changed",
    [
        pytest.param("A=1\nB='x y'\n", {"A": "1", "B": "x y", "MORE": "1"}, [], id="as it was started"),
        pytest.param("A=2\nB=1\n", {"A": "1", "B": "1"}, ["A"], id="another value"),
        pytest.param("B=1\nA=1\n", {"HOME": "/"}, ["A", "B"], id="new ones"),
        pytest.param("", {"A": "1"}, [], id="that one was removed is known to nobody"),
        pytest.param("A=1\n", {}, [], id="another user's environment cannot be seen"),
        pytest.param("A='1\n", {"A": "2"}, [], id="an env file that cannot be loaded"),
        pytest.param("PATH=/opt/bin:/bin\n", {"PATH": "/opt/guestbook/erts-13.1.5/bin:/opt/guestbook/bin:/opt/bin:/bin"}, [], id="erl adds to PATH"),
        pytest.param("PATH=/opt/bin:/bin\n", {"PATH": "/opt/guestbook/bin:/bin"}, ["PATH"], id="another PATH"),
        pytest.param("RELEASE_PROG=x\nPROGNAME=x\nA=1\n", {"RELEASE_PROG": "guestbook", "PROGNAME": "erl", "A": "1"}, [], id="what bin/NAME sets"),
        pytest.param("A=2\nRELEASE_DISTRIBUTION=sname\n", {"A": "1", "RELEASE_DISTRIBUTION": "name"}, ["A"], id="what env.sh sets"),
        pytest.param("A=gr\udcfcn\n", {"A": "gr\udcfcn"}, [], id="what is not UTF-8"),
    ],
)
def test_variables_that_were_changed_since_the_start(staged, env, environ, changed):
    release = staged()
    path = pathlib.Path(release.path)
    (path / ".env").write_bytes(env.encode("utf-8", "surrogateescape"))
    env_sh = path / "releases" / release.version / "env.sh"
    env_sh.parent.mkdir()
    env_sh.write_text("#!/bin/sh\n# export A=1\nif true; then export RELEASE_DISTRIBUTION=name; fi\n", encoding="utf-8")
    assert _drift.env_changed(process(release.path, **environ), release) == changed


def test_an_env_file_that_is_gone(staged):
    release = staged()
    os.unlink(f"{release.path}/.env")
    assert _drift.env_changed(process(release.path, A="1"), release) == []


def test_only_of_what_was_staged_here_the_env_file_is_looked_at(staged):
    release = staged(env="A=1\n")
    assert _drift.running(process(release.path, A="2"), [release]).env_changed == ["A"]
    assert _drift.running(process(release.path, A="2"), []).env_changed == []


@pytest.mark.parametrize("age, told", [(0, True), (120, False)], ids=["since it was started", "of an earlier start"])
def test_what_it_was_denied_since_it_was_started(layout, staged, age, told):
    release = staged()
    path = pathlib.Path(layout.tmp, "log", "erlang.log.1")
    path.parent.mkdir()
    denied = f"{release.path}/lib/tzdata-1.1.1/priv/tmp"
    path.write_text(f"===== LOGGING STARTED\n[error] could not write to file {denied!r}: permission denied\n", encoding="utf-8")
    os.utime(path, (time.time(), time.time() - age))
    found = _drift.running(process(release.path), [release])
    assert found.refused_writes == ([denied] if told else []) and found.tmp == layout.tmp
    assert _drift.running(process(release.path), []).refused_writes == ()


def test_what_is_kept_warm_is_no_drift_and_is_told():
    live, old = runs()._replace(slot="blue"), BEFORE._replace(slot="green")
    assert _drift.sentences(CURRENT.id, CURRENT, [old, live]) == ["0.1.0-a (pid 41) runs in the slot green too, and is not the current one."]
    warm = old._replace(kept_warm=True)
    assert _drift.sentences(CURRENT.id, CURRENT, [warm, live]) == []
    assert _drift.remarks([warm, live]) == ["0.1.0-a (pid 41) is kept warm in the slot green, for a rollback by one rename."]
    assert _drift.remarks([old, live]) == []


def test_who_is_kept_warm_a_plan_says(layout):
    assert _drift.kept_warm(layout) == []
    for name, text in (("a", '{"pid": 42}'), ("b", "{"), ("c", '{"seconds": 1}')):
        directory = pathlib.Path(layout.root, ".warm", name)
        directory.mkdir(parents=True)
        (directory / "plan.json").write_text(text, encoding="utf-8")
    assert _drift.kept_warm(layout) == [42]
