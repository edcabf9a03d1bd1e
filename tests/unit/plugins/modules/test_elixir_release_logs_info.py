# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import pathlib
import time

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._host import _command
from ansible_collections.beamops.elixir.plugins.module_utils._root import _current
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _bin_app, _start
from ansible_collections.beamops.elixir.plugins.modules import elixir_release_logs_info as module


@pytest.fixture
def logs(run_module, layout):
    return lambda **arguments: run_module(module, root=layout.root, **arguments)


@pytest.fixture
def write(layout):
    def to(text, number=1, tmp=None, ago=0):
        path = pathlib.Path(tmp or layout.tmp, "log", f"erlang.log.{number}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        os.utime(path, (time.time() - ago,) * 2)
        return str(path)

    return to


@pytest.fixture
def started(staged, layout, node):
    def start(env="", **fields):
        release = staged(env=f"RELEASE_NODE={node}\n{env}", **fields)
        return _start.start(layout, release, _bin_app.staged(release.path, release.name, layout, _command.account(None)))

    return start


def test_the_last_lines_of_all_files(logs, write):
    write("one\ntwo\n", 5, ago=20)
    path = write("\n===== ALIVE\nthree\n\nfour\n", 1)
    (log,) = logs(lines=3)["logs"]
    assert (log["lines"], log["more"], log["where"]) == (["two", "three", "four"], True, path)
    assert (log["pid"], log["version"]) == (None, None)
    (log,) = logs(lines=4)["logs"]
    assert (len(log["lines"]), log["more"]) == (4, False)
    assert logs(lines=4, _ansible_check_mode=True)["logs"] == [log]


def test_of_what_runs(logs, started, layout):
    process = started()
    (log,) = logs()["logs"]
    assert (log["pid"], log["version"]) == (process.pid, "0.1.0")
    assert log["where"] == f"{layout.tmp}/log/erlang.log.1"
    assert log["follow"] == ["tail", "-q", "-n", "0", "-F", *(f"{layout.tmp}/log/erlang.log.{number}" for number in range(1, 6))]


def test_where_it_says_that_it_writes(logs, started, place):
    own = str(place / "own")
    started(env=f"RELEASE_TMP={own}\nRUN_ERL_LOG_GENERATIONS=2\n")
    (log,) = logs()["logs"]
    assert log["where"] == f"{own}/log/erlang.log.1"
    assert log["follow"][-2:] == [f"{own}/log/erlang.log.1", f"{own}/log/erlang.log.2"]


def test_of_what_ran_in_a_slot_or_beside_another(logs, write, staged, layout):
    release = staged()
    _current.point(layout, release.id)
    write("long ago\n", ago=60)
    path = write("in green\n", tmp=layout.slot_tmp("green"), ago=30)
    assert logs()["logs"][0]["where"] == path
    path = write("beside it\n", tmp=f"{layout.tmp}/{release.id}")
    assert logs()["logs"][0]["lines"] == ["beside it"] and logs()["logs"][0]["where"] == path


def test_since(logs, write):
    stamp = time.strftime("%H:%M:%S", time.gmtime(time.time() - 300))
    now = time.strftime("%H:%M:%S", time.gmtime())
    write(f"{stamp}.001 [info] old\n{now}.001 [info] new\n")
    assert logs(since="1 min ago")["logs"][0]["lines"] == [f"{now}.001 [info] new"]
    write("nobody says when\n", ago=120)
    assert logs(since="1 min ago")["logs"][0]["lines"] == []
    assert logs(since="3 min ago")["logs"][0]["lines"] == ["nobody says when"]


def test_no_secret_of_any_release_is_shown(logs, write, staged):
    staged("0.1.0-a", env="PASSWORD=hunter22\n")
    staged("0.2.0-b", env="TOKEN=t0k3n-42\n")
    write("hunter22 and t0k3n-42 and COOKIEOFTHETARBALL\n")
    assert logs()["logs"][0]["lines"] == ["******** and ******** and ********"]


def test_what_a_terminal_would_obey_is_escaped(logs, write):
    write("a\x1b[31mred\x1b[0m \x1b]0;title\x07\n")
    assert logs()["logs"][0]["lines"] == ["ared \\x1b]0;title\\x07"]


def test_a_host_without_anything(logs):
    assert logs()["logs"][0]["lines"] == []


@pytest.mark.parametrize("arguments", [{"since": "yesterday"}, {"root": "guestbook"}, {"lines": "x"}])
def test_bad_input(run_module, layout, arguments):
    assert run_module(module, **{"root": layout.root, **arguments})["failed"]
