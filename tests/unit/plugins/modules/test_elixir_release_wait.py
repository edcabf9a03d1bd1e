# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import signal

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._host import _processes
from ansible_collections.beamops.elixir.plugins.module_utils._root import _current
from ansible_collections.beamops.elixir.plugins.modules import elixir_release_start, elixir_release_wait as module


@pytest.fixture
def wait(run_module, layout):
    return lambda state, **arguments: run_module(module, root=layout.root, state=state, **arguments)


@pytest.fixture
def release(staged, node):
    return staged(env=f"RELEASE_NODE={node}\nPASSWORD=hunter22\n")


@pytest.fixture
def pid(run_module, layout, release):
    return run_module(elixir_release_start, root=layout.root, release=release.id)["pid"]


def verdict(answer):
    assert answer["changed"] is False and "failed" not in answer
    return answer["ready"], answer["fatal"]


def test_ready(wait, release, pid):
    answer = wait("ready", release=release.id, pid=pid)
    assert verdict(answer) == (True, False)
    assert answer["msg"] == f"0.1.0 is started, as pid {pid}."


def test_not_ready_is_no_failure(wait, release, pid):
    answer = wait("ready", release=release.id, stable_for=3600)
    assert verdict(answer) == (False, False)
    assert answer["msg"].endswith("and is to be for 3600 s.")


def test_never_ready(wait, release, pid):
    answer = wait("ready", release=release.id, pid=pid + 1)
    assert verdict(answer) == (False, True)
    assert f"pid {pid + 1} has died" in answer["msg"]


def test_stopped(wait, layout, node):
    assert verdict(wait("stopped", node=node)) == (True, False)


def test_not_stopped(wait, pid, node):
    answer = wait("stopped", node=node)
    assert verdict(answer) == (False, False)
    assert f"(pid {pid})" in answer["msg"]


def test_which_look_saw_what(wait, release, pid):
    answer = wait("ready", release=release.id, serves=True, watch=0.01, within=60)
    assert verdict(answer) == (False, False)
    assert (answer["look"], answer["seen"], answer["listened_at"]) == ("port", "none", None)
    assert verdict(wait("ready", release=release.id, serves=True, port=0)) == (True, False)


def test_not_stopped_in_time(wait, pid, node):
    assert verdict(wait("stopped", node=node, within=0.01, asked_at=0)) == (False, True)


@pytest.mark.parametrize("state", ["stopped", "ready"])
def test_check_mode_has_nothing_to_wait_for(wait, state):
    assert wait(state, release="0.9.0-planned", _ansible_check_mode=True)["skipped"] is True


def test_what_an_application_tells_in_its_log_is_shown_without_secrets(wait, layout, release):
    os.makedirs(os.path.join(layout.tmp, "log"))
    with open(os.path.join(layout.tmp, "log", "erlang.log.1"), "w", encoding="utf-8") as file:
        file.write("\n===== LOGGING STARTED\nno access with hunter22\n")
    answer = wait("ready", release=release.id, pid=4194304)
    assert answer["fatal"] and "no access with ********" in answer["msg"]


def test_a_header_that_is_a_secret_is_not_shown(wait, release, pid):
    headers = {"Authorization": "Bearer s3cr3t-x", "X-Api-Key": "s3cr3t-y", "Host": "example.com"}
    answer = wait("ready", release=release.id, url="http://127.0.0.1:1/s3cr3t-x", headers=headers)
    assert verdict(answer) == (False, False)
    assert "Bearer s3cr3t-x" not in str(answer) and "s3cr3t-y" not in str(answer)


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"state": "gone"}, "value of state must be one of: stopped, ready"),
        ({"state": "ready"}, "current points to no release"),
        ({"state": "ready", "release": "0.9.0-x"}, "There is no release 0.9.0-x"),
        ({"state": "ready", "release": "0.1.0-1a2b3c4d", "search_regex": "("}, "search_regex '(' is not a regular expression"),
    ],
)
def test_bad_input(wait, release, arguments, words):
    answer = wait(**arguments)
    assert answer["failed"] and words in answer["msg"]


@pytest.fixture
def stuck(pid, eventually):
    os.kill(pid, signal.SIGSTOP)
    assert eventually(lambda: _processes._stat(f"/proc/{pid}").state == "T")
    return pid


def test_what_does_not_stop_in_time_is_killed(wait, layout, stuck):
    began = _processes.uptime()
    spared = wait("stopped", asked_at=began, watch=0.1, within=60, kill=True)
    assert verdict(spared) == (False, False) and spared["killed"] is None
    answer = wait("stopped", asked_at=began - 100, watch=5, within=60, kill=True, by="kai@laptop")
    assert (answer["ready"], answer["changed"]) == (True, True)
    assert answer["killed"] == f"0.1.0 (pid {stuck}) was killed. What it was doing is lost, as in a crash."
    (line,) = _current.entries(layout)
    assert (line["event"], line["by"], line["reason"]) == ("kill", "kai@laptop", f"pid {stuck} did not stop")
    again = wait("stopped", asked_at=began - 100, watch=5, within=60, kill=True)
    assert verdict(again) == (True, False) and again["killed"] is None


def test_what_runs_beside_it_is_spared_by_a_kill(wait, release, stuck):
    answer = wait("stopped", release=release.id, overlap=True, asked_at=0, watch=0.1, within=1, kill=True)
    assert verdict(answer) == (True, False) and answer["killed"] is None and _processes.alive(stuck)


def test_without_kill_it_stays(wait, stuck):
    answer = wait("stopped", asked_at=0, watch=0.1, within=1)
    assert verdict(answer) == (False, True) and answer["killed"] is None and _processes.alive(stuck)


PEERS = {"node": "guestbook@web1.x", "names": ["guestbook@web2.x"]}


def test_the_name_of_a_node_is_no_secret_whatever_variable_has_it(wait, staged, layout, run_module, node, evaluates):
    release = staged("0.1.0-a", env=f"RELEASE_NODE={node}\nPEER=guestbook@web2.x\nOWN=guestbook@web1.x\n")
    run_module(elixir_release_start, root=layout.root, release=release.id)
    evaluates("guestbook@web1.x")
    assert "guestbook@web1.x is not connected with guestbook@web2.x" in wait("ready", release=release.id, peers=PEERS)["msg"]
    assert wait("ready", release=release.id, peers={"node": "guestbook@web1.x"})["node"] == "guestbook@web1.x"


def test_it_has_to_be_connected_with_whom_it_was(wait, release, pid, evaluates):
    evaluates("guestbook@web1.x\nguestbook@web2.x started guestbook@web3.x")
    answer = wait("ready", release=release.id, peers=PEERS)
    assert verdict(answer) == (False, False) and (answer["look"], answer["seen"]) == ("cluster", "web2.x")
    evaluates("guestbook@web1.x\nguestbook@web2.x started guestbook@web1.x")
    answer = wait("ready", release=release.id, peers=PEERS)
    assert verdict(answer) == (True, False) and answer["node"].startswith("guestbook@web1.x"), "the others know it by that"
    assert wait("ready", release=release.id)["node"] is None, "nobody wants to know"


def test_an_expression_is_the_last_look(wait, release, pid, evaluates):
    asked = evaluates("false")
    answer = wait("ready", release=release.id, expression="MyApp.ready?()", stable_for=3600)
    assert verdict(answer) == (False, False) and asked() == [], "others come first"
    answer = wait("ready", release=release.id, expression="MyApp.ready?()", watch=0.01, within=60)
    assert verdict(answer) == (False, False) and (answer["look"], answer["seen"]) == ("expression", "false")
    assert answer["msg"] == "MyApp.ready?() is not true: false." and set(asked()) == {"MyApp.ready?()"}
    evaluates("true", "true")
    assert verdict(wait("ready", release=release.id, expression="MyApp.ready?()")) == (True, False)


def test_what_proved_it_is_asked_of_it_and_nothing_newer(wait, staged, layout, run_module, node, evaluates):
    asked = evaluates("true", "true")
    for release_id, proof in (("0.1.0-a", {"expression": "Old.ready?()"}), ("0.1.0-b", {"port": None}), ("0.1.0-c", None)):
        release = staged(release_id, env=f"RELEASE_NODE={node}\n", proof=proof)
        run_module(elixir_release_start, root=layout.root, release=release.id, stop=True, watch=5)
        assert verdict(wait("ready", release=release.id, as_proven=True, expression="New.ready?()")) == (True, False)
    assert asked() == ["Old.ready?()", "New.ready?()"], "what was proven without an expression has none"
