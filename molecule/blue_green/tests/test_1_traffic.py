# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One release takes the place of another, and nobody notices."""

import pytest

from ansible_collections.beamops.elixir.molecule.conftest import at_length

ROOT = "/opt/guestbook"


def left(host):
    """What is on a host of a release that is not live: processes, ports, names in epmd, units, links."""
    return {
        "beams": len(host.beams()),
        "ports": sorted(host.run("ss -Hltn 'sport = :4000 or sport = :4001' | wc -l").split()),
        "names": host.run("/usr/local/libexec/elixir-release/epmd -names 2>/dev/null || " + f"{ROOT}/current/erts-*/bin/epmd -names").count("name guestbook"),
        "links": len(host.run(f"find {ROOT}/slots -type l").split()),
        "units": len(host.run("ls /etc/systemd/system/multi-user.target.wants | grep guestbook || true").split()),
        "timers": host.run(f"ls -A {ROOT}/.deadman {ROOT}/.warm 2>/dev/null | grep -v : || true").split(),
        "tmp": set(host.run(f"ls {ROOT}/tmp").split()) - {"blue", "green"},
    }


@pytest.fixture(scope="module")
def first(hosts):
    return {name: left(host) for name, host in hosts.items()}


def test_the_first_deploy(hosts, webs, slot, first):
    for name, host in hosts.items():
        assert webs[name].version() == "0.1.0" and slot(host) == "blue"
        assert (first[name]["beams"], first[name]["links"]) == (1, 1)
    assert (first["web1"]["units"], first["web3"]["units"]) == (1, 0)


def test_an_update_of_all_hosts(hosts, webs, slot, visitors, playbook, tarballs, first):
    managers = "{{ 'daemon' if inventory_hostname == 'web3' else 'systemd' }}"
    with visitors() as seen:
        run = playbook("deploy", elixir_release_tarball=tarballs["0.2.0"], elixir_release_strategy="blue_green", elixir_release_service_manager=managers)
    assert run.rc == 0, run.output
    assert "RETRYING" not in run.output
    print(f"answered {seen.answered}, lost {seen.lost}")
    for name, host in hosts.items():
        assert webs[name].version() == "0.2.0" and slot(host) == "green"
        assert seen.lost[name] == [] and seen.answered[name] > 200
        assert seen.versions[name][0] == "0.1.0" and seen.versions[name][-1] == "0.2.0"


def test_check_mode_says_so_and_changes_nothing(deploy, web1, slot):
    before = web1.beams(), slot(web1), web1.run(f"find {ROOT} /etc/nginx /etc/systemd/system | sort | md5sum")
    run = deploy("0.1.0", "--check", "--diff")
    assert run.rc == 0, run.output
    assert (web1.beams(), slot(web1), web1.run(f"find {ROOT} /etc/nginx /etc/systemd/system | sort | md5sum")) == before


def test_the_same_again_changes_nothing(deploy, web1):
    before = web1.beams()
    run = deploy("0.2.0")
    assert run.rc == 0 and "changed=0" in run.output, run.output
    assert web1.beams() == before


@pytest.mark.parametrize("name", ["web1", "web3"])
def test_a_rollback(play, hosts, webs, slot, visitors, name):
    with visitors(name) as seen:
        run = play("rollback", limit=name, elixir_release_rollback_migrations="warn")
    assert run.rc == 0, run.output
    assert webs[name].version() == "0.1.0" and slot(hosts[name]) == "blue"
    assert seen.lost[name] == []


@pytest.mark.parametrize("name", ["web1", "web3"])
def test_a_restart(play, hosts, webs, slot, visitors, name):
    before = hosts[name].beams()
    with visitors(name) as seen:
        run = play("restart", limit=name)
    assert run.rc == 0, run.output
    assert webs[name].version() == "0.1.0" and slot(hosts[name]) == "green"
    assert hosts[name].beams() != before and len(hosts[name].beams()) == 1
    assert seen.lost[name] == []


@pytest.mark.parametrize("name", ["web1", "web3"])
@pytest.mark.parametrize(
    ("fault", "why"),
    [
        pytest.param("UNHEALTHY", "answers 500", marks=at_length),
        ("CRASH_AT_BOOT", "has died"),
        pytest.param("CLAIM_VERSION", "does not match|nothing in the body matches", marks=at_length),
    ],
)
def test_a_failed_update_is_seen_by_nobody(deploy, env_file, hosts, webs, slot, visitors, name, fault, why):
    before = hosts[name].beams(), slot(hosts[name])
    variables = {f"GUESTBOOK_FAULT_{fault}": "9.9.9" if fault == "CLAIM_VERSION" else "1"}
    with visitors(name) as seen:
        run = deploy(
            "0.2.0", limit=name, elixir_release_env_file=env_file(**variables), elixir_release_start_timeout=20, elixir_release_health_regex='"version":"0.2.0"'
        )
    assert run.rc != 0
    assert any(word in run.plain() for word in why.split("|")), run.output
    assert (hosts[name].beams(), slot(hosts[name])) == before
    assert seen.lost[name] == [] and seen.versions[name] == ["0.1.0"]


def test_nothing_is_left_behind(hosts, first):
    assert {name: left(host) for name, host in hosts.items()} == first


def test_an_operator_reaches_the_live_node(hosts):
    for host in hosts.values():
        answer = host.os.check_output(f"sudo runuser -u guestbook -- sh -c 'cd /; . {ROOT}/.env; {ROOT}/current/bin/guestbook rpc \"IO.puts(node())\"'")
        assert answer.startswith(("guestbook-blue@", "guestbook-green@"))


def test_status_tells_of_it(play):
    run = play("status")
    assert run.rc == 0 and "0.1.0" in run.output


def test_kept_warm_a_rollback_is_one_rename(deploy, play, web1, webs, slot, visitors):
    run = deploy("0.2.0", elixir_release_keep_warm=600)
    assert run.rc == 0, run.output
    assert len(web1.beams()) == 2
    both = web1.beams()
    with visitors("web1") as seen:
        run = play("rollback", elixir_release_rollback_migrations="warn")
    assert run.rc == 0, run.output
    assert webs["web1"].version() == "0.1.0" and seen.lost["web1"] == []
    assert len(web1.beams()) == 1 and web1.beams()[0] in both, "it was not started anew"


def test_what_is_kept_warm_goes_by_itself(deploy, web1, webs, eventually):
    run = deploy("0.2.0", elixir_release_keep_warm=5)
    assert run.rc == 0, run.output
    assert eventually(lambda: len(web1.beams()) == 1, 30)
    assert webs["web1"].version() == "0.2.0"


def test_back_to_in_place_and_to_slots_again(deploy, web1, webs, slot, visitors):
    run = deploy("0.1.0", elixir_release_strategy="in_place")
    assert run.rc == 0, run.output
    assert webs["web1"].version() == "0.1.0" and slot(web1) == "blue" and len(web1.beams()) == 1
    with visitors("web1") as seen:
        run = deploy("0.2.0")
    assert run.rc == 0, run.output
    assert webs["web1"].version() == "0.2.0" and slot(web1) == "green" and len(web1.beams()) == 1
    assert seen.lost["web1"] == []
    assert not web1.os.file("/etc/systemd/system/guestbook.service").exists
