# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fleet as a whole: going back to what ran before, what the status says of it, and who may deploy to it.

The tests build on each other: the first one leaves three good releases on every host.
"""

import json
import threading
import time

import pytest

from ansible_collections.beamops.elixir.molecule.conftest import at_length

ROOT = "/opt/guestbook"


@pytest.fixture(scope="module")
def serve(playbook, tarballs, hosts, fleet):
    """Have the whole fleet serve a build, which is no test of how that is done."""

    def run(build, *options, **variables):
        result = playbook("deploy", *options, elixir_release_tarball=tarballs[build], elixir_release_batches=["100%"], elixir_release_stable_for=0, **variables)
        assert result.rc == 0, result.output
        return result

    playbook("stop")
    for host in hosts.values():
        host.run(f"rm -rf {ROOT}")
    for build in ("0.1.0", "0.2.0", "0.2.0-again"):
        run(build)
    return run


def running(hosts):
    return {name: (host.current(), host.beams()) for name, host in hosts.items()}


def salts(hosts):
    return {host.site.version()["salt"] for host in hosts.values()}


def test_rolling_back_twice_leads_further_back(serve, playbook, hosts):
    run = playbook("rollback")
    assert run.rc == 0, run.output
    assert all(host.serves("0.2.0") for host in hosts.values()) and salts(hosts) == {""}
    assert [entry["event"] for entry in hosts["web2"].ledger()] == ["deploy", "deploy", "deploy", "rollback"]
    before = running(hosts)
    run = playbook("rollback")
    assert run.rc != 0
    assert "The database has migrations that the older release does not know: 2." in run.plain()
    assert running(hosts) == before
    assert [name for name, host in hosts.items() if host.os.run(f"sudo test -e {ROOT}/deploy.lock").rc == 0] == []
    run = playbook("rollback", elixir_release_rollback_migrations="warn")
    assert run.rc == 0, run.output
    assert "does not know: 2" in run.plain()
    assert all(host.serves("0.1.0") for host in hosts.values())
    run = playbook("rollback")
    assert run.rc != 0 and "no good release from before 0.1.0" in run.plain()
    assert all(host.serves("0.1.0") for host in hosts.values())


@at_length
def test_forward_again_and_back_by_name_with_the_migrations(serve, playbook, hosts, database):
    serve("0.2.0")
    assert database("SELECT version FROM schema_migrations ORDER BY 1") == ["1", "2"]
    # Of a host that is there already nobody could learn what the others would leave behind
    run = playbook("rollback", "--limit", "web1", elixir_release_rollback_to="0.1.0", elixir_release_rollback_migrations="warn")
    assert run.rc == 0, run.output
    run = playbook("rollback", elixir_release_rollback_to="0.1.0", elixir_release_rollback_migrations="down")
    assert run.rc == 0, run.output
    assert "These migrations were taken back: 2." in run.plain()
    assert database("SELECT version FROM schema_migrations ORDER BY 1") == ["1"]
    assert all(host.serves("0.1.0") for host in hosts.values())
    before = running(hosts)
    run = playbook("rollback", elixir_release_rollback_to="0.1.0")
    assert run.rc == 0 and run.output.count("changed=0") == 3, run.output
    assert running(hosts) == before


def test_a_rollback_in_check_mode_changes_nothing(serve, playbook, hosts):
    serve("0.2.0")
    before = running(hosts)
    run = playbook("rollback", "--check", "--diff", elixir_release_rollback_migrations="warn")
    assert run.rc == 0, run.output
    assert "+current -> 0.1.0-" in run.plain()  # what it replaced; the other 0.2.0 was left by a rollback
    assert running(hosts) == before and hosts["web1"].os.run(f"test -e {ROOT}/deploy.lock").rc != 0


@pytest.mark.parametrize(
    "missing, words",
    [
        pytest.param("0.1.0-*", "There is no release 0.1.0 on this host; there are: 0.2.0-", marks=at_length),
        ("0.1.0-*/lib/guestbook-0.1.0/ebin/Elixir.Guestbook.Entries.beam", "cannot load: [{Guestbook.Entries, :nofile}]"),
    ],
)
def test_a_rollback_that_one_host_cannot_follow(serve, playbook, hosts, missing, words):
    web2 = hosts["web2"]
    path = web2.run(f"ls -d {ROOT}/releases/{missing}")
    web2.run(f"mv {path} /srv/missing")
    before = running(hosts)
    try:
        run = playbook("rollback", elixir_release_rollback_to="0.1.0", elixir_release_rollback_migrations="warn")
    finally:
        web2.run(f"mv /srv/missing {path}")
    assert run.rc != 0
    assert words in run.plain()
    assert running(hosts) == before


def test_the_status_tells_what_is_not_as_it_should_be(serve, playbook, hosts):
    serve("0.2.0")
    assert "web1: " not in playbook("status").output
    web1, web2, web3 = (hosts[name] for name in ("web1", "web2", "web3"))
    env = f"{ROOT}/current/.env"
    web1.run("pkill -9 -x beam.smp")
    web2.run(f"cp -p {env} /srv/env; echo \"export PHX_HOST=elsewhere.example.com\" >> {env}")
    web3.run(f"ln -sfn releases/$(cd {ROOT}/releases && ls -d 0.1.0-*) {ROOT}/current")
    try:
        said = playbook("status").plain()
    finally:
        web2.run(f"cp -p /srv/env {env}")
        serve("0.2.0")
    assert "web1: Nothing runs, and current is 0.2.0-" in said
    assert "web2: " in said and "PHX_HOST" in said and "elsewhere.example.com" not in said
    assert "web3: 0.2.0-" in said and "runs, and current is 0.1.0-" in said
    assert "The hosts differ: " in said
    assert all(host.serves("0.2.0") for host in hosts.values())


@at_length
def test_a_host_that_comes_later(serve, playbook, hosts):
    web3 = hosts["web3"]
    assert playbook("stop", "--limit", "web3").rc == 0
    web3.run(f"rm -rf {ROOT}")
    before = {name: hosts[name].beams() for name in ("web1", "web2")}
    serve("0.2.0", "--forks", "1")
    assert web3.serves("0.2.0")
    assert {name: hosts[name].beams() for name in ("web1", "web2")} == before
    assert [name for name, host in hosts.items() if host.os.run(f"sudo test -e {ROOT}/deploy.lock").rc == 0] == [], "all locks are given back"


def test_a_host_that_cannot_be_reached_when_the_deploy_begins(deploy, hosts, fleet):
    more = fleet / "gone.yml"
    more.write_text("elixir: {hosts: {web9: {ansible_host: 127.0.0.1, ansible_port: 1}}}")
    before = running(hosts)
    run = deploy("0.2.0-again", "-i", str(more), limit="elixir")
    assert run.rc != 0 and "UNREACHABLE" in run.output
    assert running(hosts) == before
    for host in hosts.values():
        assert host.os.run(f"sudo test -e {ROOT}/deploy.lock").rc != 0, "the lock was given back"


@pytest.fixture
def unhealthy_on_web3(serve, env_file, fleet):
    """All serve 0.1.0; what web3 is given from now on will not be healthy."""
    serve("0.1.0")
    variables = fleet / "inventory" / "host_vars" / "web3.yml"
    variables.parent.mkdir(exist_ok=True)
    variables.write_text(json.dumps({"elixir_release_env_file": env_file(GUESTBOOK_FAULT_UNHEALTHY="1")}))
    yield
    variables.unlink()


@at_length
@pytest.mark.parametrize("policy, new", [("batch", ["web1"]), ("host", ["web1", "web2"])])
def test_how_much_of_the_fleet_goes_back(unhealthy_on_web3, playbook, tarballs, hosts, policy, new):
    run = playbook(
        "deploy",
        elixir_release_tarball=tarballs["0.2.0"],
        elixir_release_on_failure=policy,
        elixir_release_batches=[1, "100%"],
        elixir_release_start_timeout=8,
        elixir_release_force=True,
    )
    assert run.rc != 0 and "answers 500" in run.plain()
    assert [name for name, host in hosts.items() if host.serves("0.2.0")] == new
    assert [name for name, host in hosts.items() if host.serves("0.1.0")] == [name for name in hosts if name not in new]
    for name, host in hosts.items():
        assert host.os.run(f"sudo test -e {ROOT}/deploy.lock").rc != 0
        assert host.ledger()[-1]["event"] == ("deploy" if name in new else "rollback")
    assert {entry["event"] for entry in hosts["web3"].ledger()[-2:]} == {"failure", "rollback"}


def test_old_releases_are_removed(serve, hosts):
    serve("0.2.0-again", elixir_release_keep=1)
    for host in (hosts["web1"], hosts["web2"]):
        kept = host.run(f"ls {ROOT}/releases").split()
        assert len(kept) == 2 and host.current() in kept and all(release.startswith("0.2.0-") for release in kept), "the new one and the last good one"


LOCK = {"owner": "kai@laptop", "place": "laptop", "pid": 1, "started": None, "expires": 3600, "what": "deploy of 0.3.0-1a2b3c4d", "kept": None}


@pytest.fixture
def locked(hosts):
    """web2 is locked by another's run."""
    now = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
    lock = json.dumps({**LOCK, "since": now, "refreshed": now})
    hosts["web2"].run(f"printf %s '{lock}' > {ROOT}/deploy.lock")
    yield hosts["web2"]
    hosts["web2"].run(f"rm -f {ROOT}/deploy.lock")


def test_somebody_else_deploys(locked, deploy, hosts, playbook):
    before = running(hosts)
    run = deploy("0.2.0", limit="all")
    assert run.rc != 0
    assert "kai@laptop" in run.plain() and "deploy of 0.3.0-1a2b3c4d" in run.plain() and "beamops.elixir.unlock" in run.plain()
    assert running(hosts) == before
    assert hosts["web1"].os.run(f"sudo test -e {ROOT}/deploy.lock").rc != 0, "its own locks are given back"
    assert "kai@laptop" in locked.run(f"cat {ROOT}/deploy.lock")
    assert "kai@laptop, deploy of 0.3.0-1a2b3c4d" in playbook("status").plain()


@at_length
def test_waiting_until_somebody_else_has_deployed(locked, deploy, tmp_path, monkeypatch):
    log, runs = tmp_path / "log", []
    monkeypatch.setenv("ANSIBLE_LOG_PATH", str(log))
    thread = threading.Thread(target=lambda: runs.append(deploy("0.2.0-again", limit="web2", elixir_release_lock_wait=60)))
    thread.start()
    while thread.is_alive() and not (log.exists() and "RETRYING: [web2]: Look at the host, and lock it" in log.read_text()):
        time.sleep(0.1)
    assert thread.is_alive(), "it waits"
    locked.run(f"rm {ROOT}/deploy.lock")
    thread.join()
    assert runs[0].rc == 0, runs[0].output


def test_taking_a_lock_away(locked, playbook, deploy):
    run = playbook("unlock", "--limit", "web2")
    assert run.rc == 0 and "kai@laptop" in run.plain()
    assert deploy("0.2.0-again", limit="web2").rc == 0
