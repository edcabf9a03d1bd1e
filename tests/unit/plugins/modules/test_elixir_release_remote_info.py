# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import pathlib
import subprocess

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._host import _command
from ansible_collections.beamops.elixir.plugins.module_utils._root import _current, _layout
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _bin_app, _console, _start
from ansible_collections.beamops.elixir.plugins.modules import elixir_release_remote_info as module

SLOT = _layout.Slot("green", 4001)


@pytest.fixture
def remote(run_module, layout):
    return lambda: run_module(module, root=layout.root)


@pytest.fixture
def started(staged, layout, node):
    """A release whose rpc answers what it is asked for here, and whose remote says so."""

    def start(release_id="0.1.0-a", env="", slot=None):
        release = staged(release_id, env=f"RELEASE_NODE={node}\nPASSWORD=hunter22\nexport RELEASE_TMP={layout.tmp}\n{env}")._replace(slot=slot)
        script = pathlib.Path(_layout.script(release.path, release.name))
        rpc = 'rpc) reach_the_node; [ "$2" = "IO.puts(System.pid())" ] && cat "$RELEASE_TMP/pid" ;;'
        console = 'remote) reach_the_node; echo "console of $RELEASE_NODE" ;;'
        script.write_text(script.read_text().replace("rpc)", f"{rpc}\n  {console}\n  other)"), encoding="utf-8")
        (script.parent.parent / "releases" / release.version).mkdir(exist_ok=True)
        (script.parent.parent / "releases" / release.version / "iex").write_text("#!/bin/sh\n", encoding="utf-8")
        _current.point(layout, release.id, slot and slot.name)
        application = _bin_app.staged(release.path, release.name, layout, _command.account(None), slot)
        _start.prepare(layout, release, application)
        return _start.start(layout, release, application)

    return start


def test_the_command_is_the_documented_one_and_opens(remote, started, layout, node):
    process = started()
    answer = remote()
    (console,) = answer["consoles"]
    assert (console["pid"], console["version"], console["node"], console["refused"]) == (process.pid, "0.1.0", node, None)
    assert console["user"] is None, "that of the module itself"
    assert console["command"] == ["sh", "-c", f"cd / && set -a && . {layout.root}/.env && exec {layout.root}/current/bin/guestbook remote"]
    assert subprocess.check_output(console["command"], env={"PATH": os.environ["PATH"]}, text=True) == f"console of {node}\n"


def test_in_a_slot(remote, started, layout, node):
    process = started(slot=SLOT)
    (console,) = remote()["consoles"]
    assert (console["pid"], console["refused"]) == (process.pid, None)
    assert f". {layout.root}/.env &&" in console["command"][-1], "which leads to the slot that is current"
    assert subprocess.check_output(console["command"], text=True) == f"console of {node}-green\n"


def test_what_is_not_current_has_a_way_of_its_own(remote, started, staged, layout):
    process = started()
    _current.point(layout, staged("0.2.0-b").id)
    (console,) = remote()["consoles"]
    path = process.root
    assert console["command"][-1] == f"cd / && set -a && . {path}/.env && exec {path}/bin/guestbook remote"
    assert console["refused"] is None


def test_where_somebody_has_put_an_env_file_of_his_own(remote, started, layout):
    process = started()
    os.unlink(layout.env_link)
    pathlib.Path(layout.env_link).write_text("RELEASE_NODE=other\n", encoding="utf-8")
    (console,) = remote()["consoles"]
    assert f". {process.root}/.env &&" in console["command"][-1] and console["refused"] is None


def test_an_env_file_that_was_changed_would_not_open_it(remote, started):
    process = started()
    with open(f"{process.root}/.env", "a", encoding="utf-8") as file:
        file.write("RELEASE_COOKIE='another hunter22'\n")
    (console,) = remote()["consoles"]
    assert f"pid {process.pid} does not answer an rpc" in console["refused"] and "nodedown" in console["refused"]
    assert "hunter22" not in str(console)


def test_another_node_that_answers_is_none(remote, started, layout):
    started()
    pathlib.Path(layout.tmp, "pid").write_text("1", encoding="utf-8")
    assert "is answered by pid 1, and not by pid" in remote()["consoles"][0]["refused"]


def test_one_that_hangs(remote, started, layout, monkeypatch):
    process = started()
    script = pathlib.Path(_layout.script(process.root, "guestbook"))
    script.write_text(script.read_text().replace("rpc)", "rpc) sleep 30;;\n  other2)"), encoding="utf-8")
    way = _console.ways(layout)[0]
    monkeypatch.setattr(_command, "GRACE_SECONDS", 0.1)
    assert "did not answer an rpc within 0.2 s" in _console.refused(way, timeout=0.2)


def test_a_release_without_iex(remote, started):
    process = started()
    os.unlink(f"{process.root}/releases/{process.version}/iex")
    assert "iex is not there" in remote()["consoles"][0]["refused"]


def test_nothing_runs(remote, layout):
    answer = remote()
    assert answer["failed"] and f"Nothing of {layout.root} runs" in answer["msg"]
