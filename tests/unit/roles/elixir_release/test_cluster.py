# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the playbooks and the role make of a cluster, with a real ansible-playbook."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

import pytest

pytest.importorskip("ansible.plugins.action", reason="a host has no role")

PROJECT = pathlib.Path(__file__).resolve().parents[4]
HOSTS = "[elixir]\nweb1\nweb2\nweb3\nweb4\n[other]\nweb9\n[all:vars]\nansible_connection=local\n"
BEFORE = "elixir_release__before"
SWITCH, RESTART = ("_switch_and_settle", "before", "Switch in batches"), ("restart", "to_start", "Restart the current release, host after host")


def told(*peers, libraries=(), wanted="auto"):
    """What a host says of itself, as elixir_release_prepare and elixir_release_start answer."""
    cluster = {"wanted": wanted, "libraries": list(libraries), "node": "guestbook@web2.x", "peers": list(peers), "whole": True}
    return {"running": [], "asked": [], "cluster": cluster}


@pytest.fixture
def batches(tmp_path):
    """How many batches a play has where web2 has told this in an earlier one. Of both, no task but that runs."""

    def count(playbook, said, *options, teller="web2"):
        name, fact, play = playbook
        noted = {"set_fact": {f"elixir_release__{fact}": said}, "when": f"inventory_hostname == '{teller}'", "tags": ["told"]}
        plays = [{"hosts": "all", "gather_facts": False, "tasks": [noted]}, {"import_playbook": f"{PROJECT}/playbooks/{name}.yml"}]
        (tmp_path / "play.yml").write_text(json.dumps(plays))
        (tmp_path / "hosts").write_text(HOSTS)
        program = str(pathlib.Path(sys.executable).with_name("ansible-playbook"))
        command = [program, "-i", f"{tmp_path}/hosts", f"{tmp_path}/play.yml", "--tags", "told", "-e", "elixir_release_name=guestbook", *options]
        environ = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(PROJECT / ".ansible" / "collections"), "ANSIBLE_NOCOLOR": "1"}
        run = subprocess.run(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        assert run.returncode == 0, run.stdout
        return run.stdout.count(f"PLAY [{play}]")

    return count


def test_a_cluster_is_taken_host_by_host_unless_told_otherwise(batches):
    assert batches(SWITCH, told(libraries=["libcluster"])) == 4
    assert batches(SWITCH, told()) == 3, "a canary, a quarter, the rest"
    assert batches(SWITCH, told("guestbook@web1.x"), "-e", '{"elixir_release_batches": ["50%"]}') == 2
    assert batches(SWITCH, told("guestbook@web1.x"), teller="web9") == 3, "that is none of them"


def test_a_restart_as_well(batches):
    assert batches(RESTART, told("guestbook@web1.x")) == 4
    assert batches(RESTART, told(), "-e", '{"elixir_release_batches": ["50%"]}') == 2


@pytest.fixture
def show(play):
    def run(expression, **variables):
        """The task file is of no importance."""
        task = {"debug": {"msg": "=<{{ (" + expression + ") | to_json }}>="}, "tags": "shown"}
        result = play("start", "--tags", "shown", tasks=[task], **variables)
        assert result.returncode == 0, result.stdout
        return json.loads(result.stdout.partition("=<")[2].partition(">=")[0].replace('\\"', '"'))

    return run


@pytest.mark.parametrize(("given", "means"), [(False, "off"), ("auto", "auto"), (3, "3")])
def test_what_yaml_makes_of_off(show, given, means):
    found, complaints = show("[elixir_release__cluster, elixir_release__complaints]", elixir_release_cluster=given)
    assert found == means and not [one for one in complaints if "elixir_release_cluster" in one]


def test_bad_input(show):
    given = {"elixir_release_cluster": 0, "elixir_release_drain": "X.drain()", "elixir_release_drain_timeout": 0}
    complaints = show("elixir_release__complaints", **given)
    assert "elixir_release_cluster is '0': it can be auto, off, or how many hosts have to be connected." in complaints
    assert "elixir_release_drain_timeout is 0: give the seconds that elixir_release_drain may take." in complaints


@pytest.mark.parametrize(
    ("noted", "drain"),
    [
        ({}, ""),
        ({BEFORE: told()}, ""),
        ({BEFORE: told("guestbook@web1.x")}, "Oban.drain()"),  # one of several, by --limit
        ({BEFORE: told("guestbook@web1.x"), "elixir_release__problem": {"msg": "it died"}}, ""),  # what has failed has nothing to let go of
    ],
)
def test_alone_there_is_nobody_to_drain_to(show, noted, drain):
    assert show("elixir_release__drain", elixir_release_drain="Oban.drain()", **noted) == drain
