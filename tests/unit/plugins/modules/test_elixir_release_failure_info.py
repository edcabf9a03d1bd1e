# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._root import _current
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _bin_app, _start
from ansible_collections.beamops.elixir.plugins.modules import elixir_release_failure_info as module


@pytest.fixture
def failure(run_module, layout):
    return lambda **arguments: run_module(module, root=layout.root, **arguments)


@pytest.fixture
def log(layout):
    def write(text, tmp=None):
        path = pathlib.Path(tmp or layout.tmp, "log", "erlang.log.1")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"\n===== LOGGING STARTED\n{text}\n", encoding="utf-8")

    return write


def test_summary_and_report(failure, staged, log):
    release = staged(env="PORT=1\n")
    log("it failed")
    answer = failure(release=release.id)
    assert "failed" not in answer and answer["changed"] is False
    assert answer["summary"][:2] == ["log: it failed", "port: 1 is held by nobody"]
    assert "it failed" in answer["report"]
    assert failure(release=release.id, _ansible_check_mode=True)["summary"][0] == "log: it failed"


def test_by_default_it_is_the_current_release_and_a_port_may_be_named(failure, staged, layout):
    _current.point(layout, staged(env="PORT=1\n").id)
    assert "port: 1 is held by nobody" in failure()["summary"]
    assert "port: 2 is held by nobody" in failure(port=2)["summary"]


def test_its_own_directory_for_logs(failure, staged, log, place):
    release = staged(env=f"RELEASE_TMP={place}/own\nERL_CRASH_DUMP={place}/dump\n")
    log("elsewhere", tmp=str(place / "own"))
    (place / "dump").write_text("Slogan: no memory\n", encoding="utf-8")
    summary = failure(release=release.id)["summary"]
    assert summary[0] == "log: elsewhere" and summary[1].startswith(f"crash dump: no memory ({place}/dump")


def test_no_secret_of_any_release_is_shown(failure, staged, log, layout, account, node):
    old = staged("0.1.0-a", env=f"RELEASE_NODE={node}\nPASSWORD=hunter22\n")
    new = staged("0.2.0-b", env="DATABASE_URL=postgres://guestbook:pass%20word@db1/guestbook\nTOKEN=t0k3n-42\n")
    _start.start(layout, old, _bin_app.staged(old.path, old.name, layout, account))
    # As it was changed behind the back of what runs
    pathlib.Path(old.path, ".env").write_text("PASSWORD=changed-22\n", encoding="utf-8")
    log("hunter22 changed-22 t0k3n-42 'pass word' COOKIEOFTHETARBALL")
    answer = failure(release=new.id)
    assert answer["summary"][0] == "log: ******** ******** ******** '********' ********"
    for secret in ("hunter22", "changed-22", "t0k3n-42", "pass word", "COOKIEOFTHETARBALL"):
        assert secret not in str(answer)


@pytest.mark.parametrize("arguments", [{}, {"release": "0.9.0-x"}, {"release": "../x"}, {"user": "no-such-user"}])
def test_it_tells_what_it_can(failure, staged, arguments):
    staged()
    answer = failure(**arguments)
    assert "failed" not in answer and any(line.startswith("disk: ") for line in answer["summary"])


def test_a_host_without_anything(failure, layout):
    answer = failure()
    assert "failed" not in answer
    assert f"process: nothing of {layout.root} runs" in answer["summary"]


@pytest.mark.parametrize("spoil", [".env", ".deploy.json"])
def test_a_release_that_cannot_be_loaded(failure, staged, log, spoil):
    release = staged()
    log("it failed")
    pathlib.Path(release.path, spoil).write_text("A='\n", encoding="utf-8")
    assert failure(release=release.id)["summary"][0] == "log: it failed"


def test_bad_input(failure):
    assert failure(port="four")["failed"]
