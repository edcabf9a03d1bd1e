# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest
from ansible.errors import AnsibleActionFail

from ansible_collections.beamops.elixir.plugins.plugin_utils import _run as action

PROJECT = pathlib.Path(__file__).resolve().parents[4]
FORK = multiprocessing.get_context("fork")


@pytest.fixture
def process():
    """A process of another run."""
    with subprocess.Popen(["sleep", "60"]) as sleeping:
        yield sleeping
        sleeping.kill()


def run_of(program, *arguments):
    """A run of Ansible, on this machine."""
    command = [str(pathlib.Path(sys.executable).with_name(program)), *arguments, "-e", f"ansible_python_interpreter={sys.executable}"]
    environ = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(PROJECT / ".ansible" / "collections"), "ANSIBLE_NOCOLOR": "1"}
    return subprocess.run(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)


@pytest.fixture
def ansible(layout):
    """Runs the module as a task does, in a run of its own that is over with it."""

    def run(*arguments):
        task = ("-m", "beamops.elixir.elixir_release_lock", "-a", f"root={layout.root} what=deploy")
        result = run_of("ansible", "-i", "localhost,", "localhost", "-c", "local", *arguments, *task)
        result.check_returncode()
        return json.loads(result.stdout[result.stdout.index("{") :])

    return run


@pytest.fixture
def play(layout, tmp_path):
    """Runs a play of two hosts under a strategy, with the lock of the first host as a gate."""
    task = {"beamops.elixir.elixir_release_lock": {"root": layout.root}, "run_once": True}
    path = tmp_path / "play.yml"

    def run(strategy):
        path.write_text(json.dumps([{"hosts": "all", "connection": "local", "gather_facts": False, "strategy": strategy, "tasks": [task]}]))
        return run_of("ansible-playbook", "-i", "one,two", str(path))

    return run


def holder(pid, **fields):
    return {"place": action.place(), "pid": pid, "started": action.stat(pid)[1], **fields}


def test_this_run_is_the_process_that_has_the_tasks_done():
    def tell(pipe):
        pipe.send(action.this_run())

    here, there = FORK.Pipe()
    worker = FORK.Process(target=tell, args=(there,))
    worker.start()
    run = here.recv()
    worker.join()
    assert run == {"owner": action.owner(), **holder(os.getpid())}
    assert action.this_run() == run


def test_a_task_whose_run_was_killed_takes_no_lock():
    def task(pipe, run):
        while os.getppid() == run:
            time.sleep(0.005)
        with pytest.raises(AnsibleActionFail) as error:
            action.this_run()
        pipe.send(str(error.value))

    def run(pipe):
        FORK.Process(target=task, args=(pipe, os.getpid())).start()
        os.kill(os.getpid(), signal.SIGKILL)

    here, there = FORK.Pipe()
    killed = FORK.Process(target=run, args=(there,))
    killed.start()
    assert here.poll(10) and f"The process {killed.pid} that this task belongs to is no more" in here.recv()
    killed.join()


def test_the_owner_is_the_person(monkeypatch):
    monkeypatch.setenv("SUDO_USER", "kai")
    assert action.owner() == f"kai@{os.uname().nodename}"
    monkeypatch.delenv("SUDO_USER")
    assert action.owner().endswith(f"@{os.uname().nodename}") and not action.owner().startswith("@")


def test_the_place_is_this_boot_of_this_machine(monkeypatch):
    assert action.place().startswith(os.uname().nodename) and "pid:[" in action.place()
    monkeypatch.setattr(action, "PROC", "/nowhere")
    assert action.place() == os.uname().nodename


def test_who_runs_is_not_gone(process):
    assert not action.is_gone(holder(process.pid))


def test_who_was_killed_is_gone(process):
    killed = holder(process.pid)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert action.is_gone(killed)  # a zombie
    process.wait()
    assert action.is_gone(killed)


def test_a_later_process_of_the_same_number_is_not_the_run(process):
    assert action.is_gone(holder(process.pid, started=1))


def test_of_another_place_nothing_is_known(process):
    assert not action.is_gone(holder(process.pid, started=1, place="elsewhere"))


def test_without_proc_only_a_number_that_is_free_is_gone(process, monkeypatch):
    monkeypatch.setattr(action, "PROC", "/nowhere")
    run = {"place": action.place(), "pid": process.pid, "started": None}
    assert not action.is_gone(run)
    process.kill()
    process.wait()
    assert action.is_gone(run)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be another user then")
def test_another_users_process_is_not_gone(process, monkeypatch):
    run = holder(process.pid)
    with as_nobody():
        assert not action.is_gone(run)
        assert action.is_gone({**run, "started": 1})
        monkeypatch.setattr(action, "PROC", "/nowhere")  # where it is mounted with hidepid nothing is seen of it either
        assert not action.is_gone({**run, "place": action.place()})


def test_a_run_takes_over_from_one_of_this_controller_that_is_no_more(ansible):
    first, look, second = ansible(), ansible("--check"), ansible()
    assert (first["changed"], first["held"], first["owner"], first["taken_over"]) == (True, True, action.owner(), None)
    assert look["held"] is True and look["taken_over"] == second["taken_over"]
    assert (second["changed"], second["held"]) == (True, True)
    assert second["taken_over"].startswith(f"{action.owner()}, process ") and second["msg"].endswith(", for deploy, whose run is no more.")
    assert "holder" not in {**first, **look, **second}


def test_a_run_leaves_the_lock_to_one_that_lives(ansible, layout):
    ansible()
    lock = pathlib.Path(layout.lock)
    lock.write_text(json.dumps({**json.loads(lock.read_text(encoding="utf-8")), **action.this_run()}), encoding="utf-8")
    refused = ansible()
    assert (refused["changed"], refused["held"]) == (False, False)
    assert f"is held by {action.owner()}, process {os.getpid()}, since" in refused["msg"]
    assert "holder" not in refused


@contextlib.contextmanager
def as_nobody():
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("strategy", ["free", "ansible.builtin.host_pinned"])
def test_a_strategy_without_a_gate(play, layout, strategy):
    run = play(strategy)
    assert run.returncode != 0 and f"Under the strategy {strategy}, run_once means nothing" in run.stdout
    assert run.stdout.count("fatal: ") == 2 and not os.path.exists(layout.root)


@pytest.mark.parametrize("strategy", ["linear", "ansible.builtin.debug"])
def test_a_strategy_with_one(play, layout, strategy):
    run = play(strategy)
    assert run.returncode == 0 and os.path.exists(layout.lock), run.stdout
