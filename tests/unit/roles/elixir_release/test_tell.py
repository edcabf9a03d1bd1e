# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the playbooks answer that only look: a table that is one, a document for a program, and an exit code."""

from __future__ import annotations

import json
import subprocess

import pytest

pytest.importorskip("ansible.plugins.action", reason="a host has no role")

QUIET = {"ANSIBLE_STDOUT_CALLBACK": "beamops.elixir.quiet"}


@pytest.fixture
def ask(play, tmp_path):
    """With nothing on standard output but the answer."""

    def run(question, *options, **variables):
        root = {"elixir_release_root": str(tmp_path / "root"), **variables}
        return play(question, *options, environ=QUIET, stderr=subprocess.PIPE, **root)

    return run


def test_the_table_stands_as_it_is_among_what_ansible_says(play, tmp_path):
    run = play("status", elixir_release_root=str(tmp_path / "root"))
    assert run.returncode == 2
    lines = run.stdout.splitlines()
    head = next(index for index, line in enumerate(lines) if line.startswith("HOST                 RUNNING"))
    assert lines[head + 1].split()[:2] == ["localhost", "-"]
    assert lines[head + 2] == "localhost: Nothing runs, and there is no current release."


@pytest.mark.parametrize("options", [[], ["--check"]], ids=["run", "check"])
def test_a_document_can_be_read_by_a_program(ask, options):
    run = ask("status", *options, elixir_release_output="json")
    told = json.loads(run.stdout)
    assert run.returncode == 2
    assert told["hosts"]["localhost"]["running"] == []
    assert told["wrong"] == {"localhost": "Nothing runs, and there is no current release."}
    assert run.stderr.splitlines() == ["localhost: Nothing runs, and there is no current release."]


def test_where_nothing_is_wrong_the_exit_code_is_0(ask):
    run = ask("history", elixir_release_output="json")
    assert (run.returncode, json.loads(run.stdout), run.stderr) == (0, {"history": [], "wrong": {}}, "")
    run = ask("history")
    assert run.stdout.splitlines()[1:] == ["Nothing was deployed yet."]


def test_a_host_that_is_lost_is_told_with_the_others(ask):
    run = ask("status", elixir_release_output="json", ansible_connection="ssh", ansible_port=1, ansible_host="127.0.0.1")
    assert run.returncode == 2
    assert json.loads(run.stdout)["hosts"]["localhost"]["error"].startswith("It cannot be reached: ")
    assert len(run.stderr.splitlines()) == 1, "and told once"


def test_a_module_that_fails_is_told_with_the_others(ask):
    run = ask("history", elixir_release_root="relative")
    assert run.returncode == 2
    assert "localhost: root is 'relative': give the absolute path" in run.stdout


def test_what_goes_wrong_before_that_is_told_on_standard_error(ask):
    run = ask("status", elixir_release_output="xml")
    assert run.returncode == 2 and run.stdout == ""
    assert "value of elixir_release_output must be one of: table, json" in run.stderr


def test_nothing_that_a_terminal_obeys_is_printed(play):
    say = {"beamops.elixir.elixir_release_say": {"lines": ["a\x1b]0;title\x07b", "{{ 1 + 1 }}"]}, "tags": "said"}
    run = play("status", "--tags", "said", tasks=[say], environ=QUIET)
    assert run.stdout == "a\\x1b]0;title\\x07b\n2\n"


@pytest.mark.parametrize(
    ("question", "variables", "expected"),
    [
        ("eval", {}, ["a"]),
        ("eval", {"elixir_release_once": False}, ["a", "b"]),
        ("rpc", {}, ["a", "b"]),
    ],
)
def test_an_eval_is_done_once_and_an_rpc_everywhere(ask, tmp_path, question, variables, expected):
    """As is told by the hosts that were asked, where there is nothing to evaluate it with."""
    inventory = tmp_path / "hosts"
    inventory.write_text("a ansible_connection=local\nb ansible_connection=local\n")
    run = ask(question, "-i", str(inventory), "--limit", "a,b", elixir_release_output="json", elixir_release_expression="x", **variables)
    assert sorted(json.loads(run.stdout)["wrong"]) == expected, run.stderr
