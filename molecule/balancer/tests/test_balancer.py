# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""examples/balancer, as a user has it: three hosts behind HAProxy, an update in place, host by host, and what the visitors notice.

The tests build on each other: each update begins with what the one before it deployed.
"""

import pytest

from ansible_collections.beamops.elixir.molecule.conftest import PROJECT, at_length

EXAMPLES = PROJECT / "examples" / "balancer"
HOOKS = {
    "haproxy": {"before_switch": "before_switch", "after_switch": "after_switch", "after_failure": "after_switch"},
    "health_page": {"before_switch": "before_switch", "after_switch": "after_switch", "after_failure": "after_failure"},
}
KINDS = [pytest.param("haproxy", marks=at_length), "health_page"]
UP = {"web1": "UP", "web2": "UP", "web3": "UP"}


def hooks(kind):
    return {f"elixir_release_{moment}_tasks": str(EXAMPLES / kind / f"{name}.yml") for moment, name in HOOKS.get(kind, {}).items()}


@pytest.fixture
def play(playbook, visitors, balancer, eventually):
    """A playbook on all hosts, one after the other, while visitors come."""

    def run(name, kind, **variables):
        assert eventually(lambda: balancer.servers() == UP, 30)
        with visitors() as seen:
            result = playbook(name, **{"elixir_release_batches": [1], "elixir_release_stable_for": 0, **hooks(kind), **variables})
        return result, seen

    return run


@pytest.fixture
def update(play, tarballs):
    return lambda build, kind, **variables: play("deploy", kind, elixir_release_tarball=tarballs[build], **variables)


def lost(seen):
    return sum(seen.lost.values(), [])


def test_without_them_requests_are_lost(update, hosts):
    run, seen = update("0.2.0", None)
    assert run.rc == 0, run.output
    assert all(host.serves("0.2.0") for host in hosts.values())
    assert lost(seen), "else the visitors would not notice what the others are about"


@pytest.mark.parametrize(("kind", "version"), [("haproxy", "0.1.0"), ("health_page", "0.2.0")])
def test_with_them_nothing_is(update, hosts, balancer, eventually, kind, version):
    run, seen = update(version, kind, elixir_release_min_available=2)
    assert run.rc == 0, run.output
    assert all(host.serves(version) for host in hosts.values())
    assert lost(seen) == [] and min(seen.answered.values()) > 200
    assert len(seen.processes) == 6, "each host has served before and after"
    assert eventually(lambda: balancer.servers() == UP)


@pytest.mark.parametrize("kind", KINDS)
def test_a_host_that_goes_back_is_given_back(update, hosts, balancer, eventually, env_file, kind):
    unhealthy = env_file(GUESTBOOK_FAULT_UNHEALTHY="1")
    run, seen = update("0.2.0-again", kind, elixir_release_env_file=unhealthy, elixir_release_start_timeout=6, elixir_release_force=True)
    assert run.rc != 0 and "It went back to 0.2.0-" in run.plain(), run.output
    assert all(host.serves("0.2.0") for host in hosts.values())
    assert lost(seen) == []
    assert eventually(lambda: balancer.servers() == UP)


@pytest.mark.parametrize("kind", KINDS)
def test_hosts_that_go_back_with_another_are_taken_out_one_by_one(update, hosts, balancer, eventually, env_file, fleet, kind):
    """web3 fails when the others have switched."""
    unhealthy = env_file(GUESTBOOK_FAULT_UNHEALTHY="1")
    env = f"{{{{ '{unhealthy}' if inventory_hostname == 'web3' else '{fleet / 'env.production'}' }}}}"
    run, seen = update(
        "0.2.0-again", kind, elixir_release_env_file=env, elixir_release_start_timeout=6, elixir_release_force=True, elixir_release_min_available=2
    )
    assert run.rc != 0 and "It went back to 0.2.0-" in run.plain(), run.output
    assert lost(seen) == []
    assert len(seen.processes) == 3 + 2 + 3, "of the old release, of the new one, and of the old one again"
    assert all(host.serves("0.2.0") for host in hosts.values())
    assert eventually(lambda: balancer.servers() == UP)


@pytest.mark.parametrize("kind", KINDS)
def test_restart(play, hosts, kind):
    run, seen = play("restart", kind, elixir_release_min_available=2)
    assert run.rc == 0, run.output
    assert lost(seen) == [] and len(seen.processes) == 6


def test_a_balancer_that_cannot_be_reached_is_no_reason_to_stop_anything(playbook, tarballs, hosts, fleet):
    """Where it is one that nobody has told, requests would be lost."""
    before = {name: host.beams() for name, host in hosts.items()}
    broken = fleet / "broken.yml"
    broken.write_text("balancer: {hosts: {lb1: {ansible_port: 1}}}\n")
    run = playbook("deploy", "-i", str(broken), elixir_release_tarball=tarballs["0.1.0"], elixir_release_force=True, **hooks("haproxy"))
    assert run.rc != 0 and "lb1 could not be reached, so this host was not drained" in run.plain(), run.output
    assert {name: host.beams() for name, host in hosts.items()} == before
