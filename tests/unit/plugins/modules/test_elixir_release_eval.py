# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._host import _cgroup, _command, _epmd
from ansible_collections.beamops.elixir.plugins.module_utils._root import _current, _layout
from ansible_collections.beamops.elixir.plugins.modules import elixir_release_eval as module, elixir_release_start


@pytest.fixture
def release(staged, layout, node):
    release = staged(env=f"RELEASE_NODE={node}\nPASSWORD=hunter22\n")
    _current.point(layout, release.id)
    return release


@pytest.fixture
def evaluate(run_module, layout, release):
    return lambda **arguments: run_module(module, root=layout.root, **arguments)


def test_an_expression(evaluate):
    answer = evaluate(expression="echo out; echo err >&2")
    assert (answer["changed"], answer["rc"], answer["stdout"], answer["stderr"]) == (True, 0, "out\n", "err\n")


def test_the_environment_is_that_of_the_release_and_nothing_of_the_callers(evaluate, layout, node, monkeypatch):
    monkeypatch.setenv("RELEASE_COOKIE", "of-the-caller")
    answer = evaluate(expression='echo "$RELEASE_NODE $RELEASE_TMP $RELEASE_COOKIE"')
    assert answer["stdout"] == f"{node} {layout.tmp} COOKIEOFTHETARBALL\n"


def test_the_release_may_be_another_than_the_current_one(evaluate, staged):
    other = staged("0.2.0-b")
    assert evaluate(expression='echo "$RELEASE_ROOT"', release="0.2.0-b")["stdout"] == f"{other.path}\n"


def test_a_script(evaluate, release):
    path = _layout.script(release.path, "migrate")
    with open(path, "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\necho migrated\n")
    answer = evaluate(script="migrate")
    assert answer["failed"] and "Permission denied" in answer["msg"]
    os.chmod(path, 0o755)
    assert evaluate(script="migrate")["stdout"] == "migrated\n"


def test_rpc(evaluate, run_module, layout):
    pid = run_module(elixir_release_start, root=layout.root)["pid"]
    assert f'"{pid}"' in evaluate(expression="IO.puts(1)", rpc=True)["stdout"]


def test_secrets_of_what_runs_are_masked(evaluate, run_module, layout, release):
    """Although its env file was changed since."""
    run_module(elixir_release_start, root=layout.root)
    with open(_layout.script(release.path, release.name), "w", encoding="utf-8") as file:
        file.write('#!/bin/sh\necho "$PASSWORD"\n')
    with open(_layout.env_file(release.path), "w", encoding="utf-8") as file:
        file.write("PASSWORD=another-1\n")
    assert evaluate(expression="IO.puts(1)", rpc=True)["stdout"] == "********\n"


def test_an_rpc_where_nothing_runs_boots_nothing(evaluate, layout, release):
    with open(_layout.script(release.path, release.name), "w", encoding="utf-8") as file:
        file.write(f"touch {layout.root}/was-run\n")
    answer = evaluate(expression="IO.puts(1)", rpc=True)
    assert answer["failed"] and answer["msg"].startswith(f"Nothing of {layout.root} runs on this host")
    assert not os.path.exists(f"{layout.root}/was-run")


def test_an_rpc_to_what_only_epmd_knows_is_tried(evaluate, node, monkeypatch):
    """As where /proc does not show other users' processes."""
    monkeypatch.setattr(_epmd, "names", lambda port: {node: 1})
    answer = evaluate(expression="IO.puts(1)", rpc=True)
    assert answer["failed"] and "rpc of" in answer["msg"] and "nodedown" in answer["msg"]


def test_secrets_are_masked(evaluate):
    answer = evaluate(expression='echo "$PASSWORD"; echo "$PASSWORD" >&2; exit 1', _ansible_verbosity=1)
    assert "hunter22" not in str(answer)
    assert answer["stdout"] == "********\n"


def test_a_failure_shows_where_it_began(evaluate, release):
    answer = evaluate(expression="for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do echo line $i; done >&2; exit 9")
    assert (answer["failed"], answer["rc"]) == (True, 9)
    assert f"bin/guestbook eval of {release.id} failed (exit code 9):\nline 1\n" in answer["msg"]
    assert answer["msg"].endswith("line 12\n... 2 more lines: see them with -v")
    assert "stdout" not in answer and "stderr" not in answer, "Ansible would print them all once more"


def test_a_failure_shows_no_stack_trace(evaluate):
    trace = "** (RuntimeError) no\n    (elixir 1.14.0) lib/system.ex:707: System.fetch_env!/1\n    runtime.exs:5: (file)\n"
    answer = evaluate(expression=f"printf '{trace}' >&2; exit 1")
    assert answer["msg"].endswith("** (RuntimeError) no\n    runtime.exs:5: (file)\n... 1 more lines: see them with -v")


def test_a_failure_tells_which_migrations_were_done_before(evaluate):
    answer = evaluate(expression="echo '[info] == Migrated 1 in 0.0s'; echo '** (Postgrex.Error) no' >&2; exit 1")
    assert answer["msg"].endswith("** (Postgrex.Error) no\nDone before that:\n[info] == Migrated 1 in 0.0s")


def test_a_failure_that_is_told_on_stdout_only(evaluate):
    assert evaluate(expression="echo the reason; exit 1")["msg"].endswith("failed (exit code 1):\nthe reason")


def test_the_time_limit(evaluate, release, monkeypatch):
    monkeypatch.setattr(_command, "GRACE_SECONDS", 0.1)
    answer = evaluate(expression="echo waits for a lock; sleep 30", timeout=0.2)
    assert answer["failed"] and f"eval of {release.id} was ended after 0.2 s. Its first lines:\nwaits for a lock" in answer["msg"]


def test_check_mode_runs_nothing(evaluate, place, release, account):
    answer = evaluate(expression=f"touch '{place}/ran'", _ansible_check_mode=True)
    assert answer["skipped"] is True and not answer["changed"] and "rc" not in answer
    assert answer["msg"] == f"(check mode) it would be evaluated in a BEAM of its own with {release.id}, as {account.name}"
    assert not (place / "ran").exists()
    assert "bin/migrate would be run" in evaluate(script="migrate", _ansible_check_mode=True)["msg"]


def test_check_mode_says_what_would_keep_it_from_it(evaluate):
    answer = evaluate(expression="x", rpc=True, _ansible_check_mode=True)
    assert answer["skipped"] and "failed" not in answer and "no node to ask" in answer["msg"]
    assert "There is no release 0.9.0-x" in evaluate(expression="x", release="0.9.0-x", _ansible_check_mode=True)["msg"], "it may be staged by then"


def test_a_failure_is_told_whole_where_that_is_asked_for(evaluate):
    answer = evaluate(expression="echo out; echo err >&2; exit 3", whole=True)
    assert answer["failed"] and (answer["rc"], answer["stdout"], answer["stderr"]) == (3, "out\n", "err\n")


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({}, "one of the following is required: expression, script"),
        ({"expression": "x", "script": "x"}, "mutually exclusive"),
        ({"script": "x", "rpc": True}, "mutually exclusive"),
        ({"script": "nothing"}, "bin/nothing is not there"),
        ({"expression": "x", "release": "0.9.0-x"}, "There is no release 0.9.0-x"),
    ],
)
def test_bad_input(evaluate, arguments, words):
    answer = evaluate(**arguments)
    assert answer["failed"] and words in answer["msg"]


def test_it_is_the_first_that_the_kernel_kills(evaluate, run_module, layout):
    look = "cat /proc/$$/oom_score_adj"
    assert evaluate(expression=look)["stdout"] == "1000\n"
    with open("/proc/self/oom_score_adj", encoding="ascii") as file:
        ours = file.read()
    pid = run_module(elixir_release_start, root=layout.root)["pid"]
    with open(f"/proc/{pid}/oom_score_adj", encoding="ascii") as file:
        assert file.read() == ours, "what serves is no more expendable than before"


@pytest.mark.parametrize("expression", ["kill -KILL $$", "sh -c 'kill -KILL $$'; exit $?"])
def test_its_death_by_the_kernel_is_told_as_that(evaluate, release, expression):
    answer = evaluate(expression=f"echo before; {expression}", _ansible_verbosity=1)
    assert answer["failed"] and answer["stdout"] == "before\n"
    assert answer["msg"].startswith(f"bin/guestbook eval of {release.id} was killed, most likely by the kernel for lack of memory (")
    assert "What serves" not in answer["msg"]


def test_what_served_and_is_gone_afterwards_is_told_at_once(evaluate, run_module, layout, release):
    pid = run_module(elixir_release_start, root=layout.root)["pid"]
    assert evaluate(expression="echo all is well")["died"] == []
    answer = evaluate(expression=f"kill -KILL {pid}; while kill -0 {pid} && ! grep -q Z /proc/{pid}/stat; do sleep 0.01; done; echo all is well")
    assert answer["failed"] and (answer["rc"], answer["died"]) == (0, [pid])
    assert answer["msg"].startswith(f"pid {pid}, guestbook 0.1.0 from {release.path}, served when bin/guestbook eval of {release.id} began, and is gone.")


def test_nothing_is_run_where_memory_is_too_little_beside_what_serves(evaluate, run_module, layout, release, monkeypatch):
    monkeypatch.setattr(_cgroup, "room", lambda: _cgroup.Room(0, "the host has 0 MiB available and 0 MiB of swap"))
    assert evaluate(expression="echo nothing runs beside it")["rc"] == 0
    pid = run_module(elixir_release_start, root=layout.root)["pid"]
    answer = evaluate(expression=f"touch {layout.root}/was-run")
    assert answer["failed"] and f"too little memory to run bin/guestbook eval of {release.id} beside pid {pid}" in answer["msg"]
    assert "the host has 0 MiB available" in answer["msg"] and not os.path.exists(f"{layout.root}/was-run")


def test_an_expression_that_does_not_get_to_its_end_fails_though_it_ends_with_0(run_module, layout, staged):
    release = staged()
    assert "failed" not in run_module(module, root=layout.root, release=release.id, expression="echo all done", rehearsed_word="all done")
    answer = run_module(module, root=layout.root, release=release.id, expression="echo half; exit 0; echo all done", rehearsed_word="all done")
    assert answer["failed"] and answer["rc"] == 0
    assert "ended with exit code 0 without evaluating the rehearsal to its end" in answer["msg"] and "It printed half." in answer["msg"]
