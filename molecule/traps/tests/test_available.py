# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nobody is taken out while too few of the others serve, whoever runs the play and whatever else is wrong with the fleet."""

import pathlib

import pytest

from ansible_collections.beamops.elixir.molecule.conftest import at_length

ROOT = "/opt/guestbook"
TASKS = pathlib.Path(__file__).resolve().parents[1] / "tasks"
GUARD = {"elixir_release_min_available": 2, "elixir_release_stable_for": 0}


@pytest.fixture
def all_serve(deploy, hosts):
    """All three serve 0.1.0."""
    run = deploy("0.1.0", limit="all", elixir_release_stable_for=0, elixir_release_force=True, elixir_release_batches=["100%"])
    assert run.rc == 0, run.output
    return hosts


def look(host):
    return host.current(), host.beams(), host.ledger()[-1]["event"], host.os.run(f"sudo test -e {ROOT}/deploy.lock").rc


def seen(hosts):
    return {name: look(host) for name, host in hosts.items()}


def kill(host):
    """As somebody does who is in a hurry, or the kernel."""
    host.run("pkill -9 -x beam.smp; while pgrep -x beam.smp; do sleep 0.1; done")


def test_where_one_is_down_a_deploy_stops_before_the_first_is_touched(all_serve, deploy, playbook):
    kill(all_serve["web3"])
    before = seen(all_serve)
    for options in (["--check"], []):
        run = deploy("0.2.0", *options, limit="all", **GUARD)
        assert run.rc != 0, run.output
        assert "Of the other hosts only web2 serves, and elixir_release_min_available asks for 2: nothing of this batch (web1) was stopped." in run.plain()
        assert f"web3: no process of {ROOT}/releases/0.1.0-" in run.plain()
        assert "What the host showed" not in run.plain(), "the host that is well has nothing to show"
        assert seen(all_serve) == before
    # What the message says
    mended = playbook("restart", "--limit", "web3", **{**GUARD, "elixir_release_min_available": 0})
    assert mended.rc == 0, mended.output
    assert all_serve["web3"].serves("0.1.0")


@at_length
def test_where_all_serve_it_goes_through(all_serve, deploy, playbook):
    before = seen(all_serve)
    run = deploy("0.2.0", "--check", limit="all", **GUARD)
    assert run.rc == 0 and seen(all_serve) == before, run.output
    run = deploy("0.2.0", limit="all", **GUARD)
    assert run.rc == 0, run.output
    assert all(host.serves("0.2.0") for host in all_serve.values())
    run = playbook("rollback", elixir_release_rollback_migrations="warn", **GUARD)
    assert run.rc == 0, run.output
    assert all(host.serves("0.1.0") for host in all_serve.values())


@at_length
def test_one_that_dies_in_the_middle(all_serve, deploy):
    """What has switched is well, and to go back it would have to be stopped."""
    run = deploy("0.2.0", limit="all", elixir_release_after_switch_tasks=str(TASKS / "kill_web3.yml"), **GUARD)
    assert run.rc != 0 and "Of the other hosts only web1 serves" in run.plain() and "nothing of this batch (web2) was stopped" in run.plain(), run.output
    assert "What has switched stays so, since to go back is to be taken out as well: web1." in run.plain()
    assert [host.beams() and host.site.version()["version"] for host in all_serve.values()] == ["0.2.0", "0.1.0", []]
    assert [entry[3] for entry in seen(all_serve).values()] == [1, 1, 1], "the locks are given back"
    assert all_serve["web1"].ledger()[-1]["event"] == "deploy"
    kill(all_serve["web2"])
    # Nobody is taken out where nothing runs, and web1 has it already
    run = deploy("0.2.0", limit="all", **GUARD)
    assert run.rc == 0, run.output
    assert all(host.serves("0.2.0") for host in all_serve.values())


@at_length
def test_where_one_that_has_switched_is_down_the_release_may_be_to_blame(all_serve, deploy):
    run = deploy("0.2.0", limit="all", elixir_release_after_switch_tasks=str(TASKS / "kill_own.yml"), **GUARD)
    assert run.rc != 0 and "Of the other hosts only web3 serves" in run.plain(), run.output
    assert all(host.serves("0.1.0") for host in all_serve.values()), "elixir_release_on_failure is 'fleet'"


@at_length
def test_a_restart_and_a_host_that_cannot_be_reached(all_serve, playbook, fleet):
    more = fleet / "gone.yml"
    more.write_text("elixir: {hosts: {web9: {ansible_host: 127.0.0.1, ansible_port: 1}}}")
    before = seen(all_serve)
    run = playbook("restart", "-i", str(more), **{**GUARD, "elixir_release_min_available": 3, "elixir_release_batches": [1]})
    assert run.rc != 0 and "only web2, web3 serve" in run.plain() and "web9: " in run.plain(), run.output
    assert seen(all_serve) == before
    run = playbook("restart", **GUARD)
    assert run.rc == 0, run.output
    assert all(host.beams() != before[name][1] and host.serves("0.1.0") for name, host in all_serve.items())


@at_length
def test_after_a_reboot_of_all_of_them(all_serve, playbook):
    for host in all_serve.values():
        kill(host)
    run = playbook("restart", **GUARD)
    assert run.rc == 0, run.output
    assert all(host.serves("0.1.0") for host in all_serve.values())


def test_more_than_there_are_is_refused_before_anything_is_looked_at(deploy, playbook):
    for run in (deploy("0.2.0", limit="all", elixir_release_min_available=3), playbook("restart", elixir_release_min_available=3)):
        assert run.rc != 0 and "of the 3 hosts of this run only 2 are left while the largest batch is out" in run.plain(), run.output
        assert "TASK [beamops.elixir.elixir_release : Look" not in run.output
    assert "only 0 are left" in deploy("0.2.0", limit="web1", elixir_release_min_available=1).plain()
    run = playbook("traps/play.yml", elixir_release_min_available=1)
    assert run.rc != 0 and "(elixir_release_batches: [3])" in run.plain(), run.output
