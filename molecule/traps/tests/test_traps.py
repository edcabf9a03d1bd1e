# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The traps of the bash script and of bin/NAME itself, each laid out on real hosts and walked into.

The tests build on each other only in that something runs when one begins.
"""

import pathlib
import shutil
import threading
import time

import pytest

from ansible_collections.beamops.elixir.molecule.conftest import at_length

ROOT = "/opt/guestbook"
TASKS = pathlib.Path(__file__).resolve().parents[1] / "tasks"


def test_another_cookie_and_version_on_the_disk_than_those_that_run(deploy, hosts):
    """bin/NAME stop would say nodedown, and a script would conclude that nothing runs."""
    for host in hosts.values():
        host.run(f"echo -n ANOTHERCOOKIE > {ROOT}/current/releases/COOKIE; echo -n '13.1.5 0.9.9' > {ROOT}/current/releases/start_erl.data")
        assert host.os.run(f"sudo {ROOT}/current/bin/guestbook pid").rc != 0
    before = {name: host.beams() for name, host in hosts.items()}
    run = deploy("0.2.0", limit="all")
    assert run.rc == 0, run.output
    for name, host in hosts.items():
        assert host.serves("0.2.0") and host.beams() != before[name]


def test_a_restart_is_another_process_and_a_stop_leaves_none(playbook, hosts):
    """bin/NAME restart keeps the process."""
    before = {name: host.beams() for name, host in hosts.items()}
    assert playbook("restart", elixir_release_stable_for=0).rc == 0
    for name, host in hosts.items():
        assert host.serves("0.2.0") and host.beams() != before[name]
    assert playbook("stop", "--limit", "web3").rc == 0
    assert hosts["web3"].beams() == []
    assert "web3: Nothing runs" in playbook("status").output
    assert playbook("restart", "--limit", "web3").rc == 0
    assert hosts["web3"].serves("0.2.0")


@at_length
def test_a_shutdown_that_takes_12_seconds(deploy, env_file, web1):
    assert deploy("0.1.0", elixir_release_env_file=env_file(GUESTBOOK_FAULT_SLOW_STOP_MS="12000")).rc == 0
    old = web1.beams()
    began = time.monotonic()
    run = deploy("0.2.0")
    assert run.rc == 0, run.output
    assert time.monotonic() - began > 12
    assert web1.serves("0.2.0") and not set(old) & set(web1.beams())


def test_a_slow_boot_that_answers_rpc_long_before_it_serves(deploy, env_file, web1):
    """A health check by rpc says healthy here, and a daemon's exit code has said so before."""
    result = []
    thread = threading.Thread(target=lambda: result.append(deploy("0.1.0", elixir_release_env_file=env_file(GUESTBOOK_FAULT_SLOW_BOOT_MS="9000"))))
    old = web1.beams()
    thread.start()
    fooled = False
    while thread.is_alive() and not fooled:
        new = [pid for pid in web1.beams() if pid not in old]
        fooled = bool(new) and web1.os.run(f"sudo {ROOT}/current/bin/guestbook rpc ':ok'").rc == 0
    with pytest.raises(OSError):
        web1.site.get("/version")
    assert fooled and thread.is_alive()
    thread.join()
    assert result[0].rc == 0, result[0].output
    assert web1.site.get("/health")[0] == 200
    assert web1.serves("0.1.0")


def test_the_same_version_built_again(deploy, web1):
    assert deploy("0.2.0").rc == 0
    first = web1.current()
    files = f"cd {ROOT}/releases/{first} && find . -type f -exec sha256sum {{}} + | sort"
    before = web1.run(files)
    assert web1.site.version()["salt"] == ""
    run = deploy("0.2.0-again")
    assert run.rc == 0, run.output
    assert web1.serves("0.2.0") and web1.site.version()["salt"] == "again"
    assert web1.current() != first
    assert web1.run(files) == before


def _code(release):
    """VERSION-SHA8 of VERSION-SHA8.N"""
    version, _dash, rest = release.rpartition("-")
    return f"{version}-{rest[:8]}"


def test_the_same_tarball_with_another_env_file_keeps_the_old_one(deploy, env_file, web1):
    assert deploy("0.2.0").rc == 0
    first = web1.current()
    run = deploy("0.2.0", elixir_release_env_file=env_file(PHX_HOST="other.example.com"))
    assert run.rc == 0, run.output
    second = web1.current()
    # The number behind the sum is the next that this host has never given; the tests before this one have taken some.
    assert second != first and _code(second) == _code(first)
    assert "other.example.com" in web1.run(f"cat {ROOT}/.env")
    assert "other.example.com" not in web1.run(f"cat {ROOT}/releases/{first}/.env")


@at_length
def test_without_distribution(deploy, env_file, web1):
    """No pid, no rpc and no stop, and nothing keeps two of them from running side by side."""
    first = deploy("0.1.0", elixir_release_env_file=env_file(RELEASE_DISTRIBUTION="none"))
    assert first.rc == 0, first.output
    assert web1.os.run(f"sudo RELEASE_DISTRIBUTION=none {ROOT}/current/bin/guestbook stop").rc != 0
    assert web1.serves("0.1.0")
    second = deploy("0.2.0", elixir_release_env_file=env_file(RELEASE_DISTRIBUTION="none"))
    assert second.rc == 0, second.output
    assert web1.serves("0.2.0")
    assert deploy("0.2.0").rc == 0


def test_the_node_name_is_taken_by_somebody_else(deploy, playbook, web1):
    """The new node would die at boot, and daemon would say 0."""
    assert playbook("stop", "--limit", "web1").rc == 0
    web1.run(f"cp -a {ROOT}/current/ /srv/other; . /srv/other/.env; export PORT=4999 RELEASE_COOKIE=x; /srv/other/bin/guestbook daemon")
    try:
        while not web1.beams():
            time.sleep(0.1)
        current, (stranger,) = web1.current(), web1.beams()
        run = deploy("0.2.0-again")
        assert run.rc != 0
        assert f"The node name guestbook is taken on this host by pid {stranger}" in run.plain()
        assert "/srv/other" in run.plain()
        assert (web1.current(), web1.beams()) == (current, [stranger])
    finally:
        web1.run("pkill -f '^/srv/other/.*beam.smp'; while pgrep -f '^/srv/other/.*beam.smp'; do sleep 0.2; done; rm -rf /srv/other")
    assert deploy("0.2.0").rc == 0


def test_a_daemon_that_dies_at_boot(deploy, env_file, hosts, web1):
    """daemon says 0; the first host shows it, and the others are never touched."""
    before = {name: host.beams() for name, host in hosts.items()}
    run = deploy("0.2.0-again", limit="all", elixir_release_env_file=env_file(GUESTBOOK_FAULT_CRASH_AT_BOOT="1"))
    assert run.rc != 0
    assert "has died" in run.plain() and "fault_injected" in run.plain()
    assert run.output.count("RETRYING") < 60  # of 120: it does not wait for what cannot come any more
    assert web1.serves("0.2.0") and web1.beams() != before["web1"]
    for name in ("web2", "web3"):
        assert hosts[name].beams() == before[name]


@at_length
def test_a_health_page_that_never_turns_good(deploy, env_file, web1):
    run = deploy("0.1.0", elixir_release_env_file=env_file(GUESTBOOK_FAULT_UNHEALTHY="1"), elixir_release_start_timeout=8)
    assert run.rc != 0
    assert "http://127.0.0.1:4000/health answers 500, and is to answer 200" in run.plain()
    assert deploy("0.2.0").rc == 0


def test_a_missing_variable_is_found_before_anything_is_stopped(deploy, fleet, secrets, web1):
    env = fleet / "env-without-database"
    env.write_text("".join(line for line in (fleet / "env.production").read_text().splitlines(keepends=True) if "DATABASE_URL" not in line))
    before = web1.beams()
    run = deploy("0.1.0", elixir_release_env_file=str(env))
    assert run.rc != 0
    assert "DATABASE_URL" in run.plain() and "The rehearsal failed" in run.plain()
    assert web1.beams() == before and web1.serves("0.2.0")


@at_length
def test_an_expression_of_ones_own_in_the_rehearsal(deploy, web1):
    before = web1.beams()
    run = deploy("0.1.0", elixir_release_rehearse='raise "no tables here"')
    assert run.rc != 0
    assert "no tables here" in run.plain() and "The rehearsal failed" in run.plain()
    assert web1.beams() == before and web1.serves("0.2.0")


def test_a_migration_that_fails_stops_nothing(deploy, database, web1):
    # So that there is something to migrate, and it fails: the tables are there
    database("ALTER TABLE schema_migrations RENAME TO kept")
    before = web1.beams()
    try:
        run = deploy("0.2.0-again")
    finally:
        database("DROP TABLE schema_migrations")
        database("ALTER TABLE kept RENAME TO schema_migrations")
    assert run.rc != 0
    assert 'relation "entries" already exists' in run.plain()
    assert web1.beams() == before and web1.serves("0.2.0")


@at_length
def test_a_migration_of_several_that_fails_has_changed_the_database(deploy, web1):
    before = web1.beams()
    again = "Guestbook.Release.rollback(2); Guestbook.Release.migrate(); raise ~s(the third one)"
    run = deploy("0.2.0-again", elixir_release_migrate=again)
    assert run.rc != 0
    assert "Nothing was stopped by this run, and what runs here runs on, but the database has changed: migration 2 was applied." in run.plain()
    assert web1.beams() == before and web1.serves("0.2.0")


def test_a_migration_that_waits_for_ever_stops_nothing(deploy, web1):
    before = web1.beams()
    run = deploy("0.2.0-again", elixir_release_migrate="IO.puts(~s(waiting)); Process.sleep(:infinity)", elixir_release_migrate_timeout=3)
    assert run.rc != 0
    assert "was ended after 3 s. Its first lines: waiting" in run.plain()
    assert web1.beams() == before and web1.site.get("/health")[0] == 200


@at_length
def test_a_phoenix_release_without_a_health_url(deploy, env_file, web1):
    """/ of the application, asked so that it does not redirect to https: a secret that is too short shows there and nowhere else."""
    run = deploy("0.2.0-again", elixir_release_health_url="", elixir_release_env_file=env_file(SECRET_KEY_BASE="short"), elixir_release_start_timeout=8)
    assert run.rc != 0
    assert "http://127.0.0.1:4000/ answers 500" in run.plain()
    run = deploy("0.2.0", elixir_release_health_url="")
    assert run.rc == 0, run.output
    assert web1.serves("0.2.0")


def test_hooks_migrations_afterwards_and_no_tarball_left(deploy, tarballs, fleet, web1):
    tarball = fleet / "guestbook-0.2.0.tar.gz"
    shutil.copy(tarballs["0.2.0-again"], tarball)
    hooks = [f"{when}_{phase}" for phase in ("stage", "switch", "migrate") for when in ("before", "after")]
    run = deploy(
        "0.2.0-again",
        elixir_release_tarball=str(tarball),
        elixir_release_remove_local_tarball=True,
        elixir_release_migrate="Guestbook.Release.migrate()",
        elixir_release_migrate_when="after",
        **{f"elixir_release_{hook}_tasks": str(TASKS / f"{hook}.yml") for hook in hooks},
    )
    assert run.rc == 0, run.output
    assert web1.run("cat /tmp/hooks").splitlines() == [f"{hook} 1" for hook in hooks]
    assert not tarball.exists()


@at_length
@pytest.mark.parametrize("hook, stays", [("before_switch", True), ("after_switch", False)])
def test_a_hook_that_fails(deploy, web1, hook, stays):
    assert deploy("0.2.0").rc == 0
    before, noted = web1.beams(), web1.ledger()
    run = deploy("0.1.0", **{f"elixir_release_{hook}_tasks": str(TASKS / "fail.yml")}, elixir_release_force=True)
    assert run.rc != 0 and "The load balancer does not answer." in run.plain()
    assert web1.serves("0.2.0") and (web1.beams() == before) is stays
    assert [entry["event"] for entry in web1.ledger()[len(noted) :]] == ([] if stays else ["failure", "rollback"])


@pytest.mark.parametrize("hook", [pytest.param("before_switch", marks=at_length), "after_switch"])
def test_a_host_whose_switch_failed_is_given_back(deploy, web1, hook):
    web1.run("rm -f /tmp/hooks")
    failing = {f"elixir_release_{hook}_tasks": str(TASKS / "fail.yml"), "elixir_release_force": True}
    run = deploy("0.1.0", elixir_release_after_failure_tasks=str(TASKS / "after_failure.yml"), **failing)
    assert run.rc != 0 and web1.serves("0.2.0")
    assert web1.run("cat /tmp/hooks").splitlines() == ["after_failure 1"]
    run = deploy("0.1.0", elixir_release_after_failure_tasks=str(TASKS / "fail.yml"), **failing)
    assert run.rc != 0 and web1.serves("0.2.0")
    assert "elixir_release_after_failure_tasks failed as well" in run.plain() and web1.os.run(f"test -e {ROOT}/deploy.lock").rc != 0


def test_a_play_of_ones_own(playbook, tarballs, hosts):
    run = playbook("traps/play.yml", "--limit", "web2,web3", elixir_release_tarball=tarballs["0.2.0-again"])
    assert run.rc == 0, run.output
    for name in ("web2", "web3"):
        assert hosts[name].serves("0.2.0") and hosts[name].site.version()["salt"] == "again"


def test_one_ordinary_user_and_no_root(deploy, playbook, hosts):
    """As the bash script had it: one user who owns the code and runs it."""
    web2 = hosts["web2"]
    assert playbook("stop", "--limit", "web2").rc == 0
    own = {"elixir_release_become": False, "elixir_release_user": "deploy", "elixir_release_root": "/home/deploy/own"}
    run = deploy("0.2.0", limit="web2", **own)
    assert run.rc == 0, run.output
    assert web2.serves("0.2.0")
    assert web2.run("find /home/deploy/own -printf '%u\\n' | sort -u") == "deploy"
    assert web2.run(f"stat -c %U /proc/{web2.beams()[0]}") == "deploy"
    again = deploy("0.2.0", limit="web2", **own)
    assert again.rc == 0 and "changed=0" in again.output
    assert playbook("stop", "--limit", "web2", **own).rc == 0
    assert web2.beams() == []


@at_length
def test_root_is_needed_to_run_it_as_another_user(deploy, hosts):
    run = deploy("0.2.0", limit="web3", elixir_release_become=False, elixir_release_root="/home/deploy/own", elixir_release_user="nobody")
    assert run.rc != 0
    assert "Only root can run a release as 'nobody', and this is 'deploy': use 'become', or leave 'user' out." in run.plain()
    assert hosts["web3"].serves("0.2.0")
