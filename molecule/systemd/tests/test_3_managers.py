# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From one service manager to the other, either way, is one deploy."""

import time

import pytest

ROOT = "/opt/guestbook"
WANTED = "ls /etc/systemd/system/multi-user.target.wants | grep -E 'guestbook|first' || true"


def test_a_daemon_and_back(deploy, web1, unit):
    run = deploy("0.2.0", elixir_release_service_manager="daemon")
    assert run.rc == 0, run.output
    assert web1.serves("0.2.0")
    assert unit("FragmentPath") == "" and not web1.os.file("/etc/systemd/system/multi-user.target.wants/guestbook.service").exists
    assert web1.run(f"ls {ROOT}/tmp/log") != "", "run_erl has it"
    run = deploy("0.2.0")
    assert run.rc == 0, run.output
    assert web1.serves("0.2.0")
    assert [unit("MainPID")] == [str(pid) for pid in web1.beams()]


def test_from_a_daemon_a_service_that_fails_goes_back_to_the_daemon(deploy, env_file, web1, unit):
    assert deploy("0.2.0", elixir_release_service_manager="daemon").rc == 0
    run = deploy("0.1.0", elixir_release_env_file=env_file(GUESTBOOK_FAULT_CRASH_AT_BOOT="1"))
    assert run.rc != 0
    assert web1.serves("0.2.0")
    assert unit("FragmentPath") == ""


def test_from_a_service_a_daemon_that_fails_goes_back_to_the_service(deploy, env_file, web1, unit):
    assert deploy("0.2.0").rc == 0
    run = deploy("0.1.0", elixir_release_env_file=env_file(GUESTBOOK_FAULT_CRASH_AT_BOOT="1"), elixir_release_service_manager="daemon")
    assert run.rc != 0
    assert web1.serves("0.2.0")
    assert [unit("MainPID")] == [str(pid) for pid in web1.beams()]
    assert unit("UnitFileState") == "enabled"


def test_a_rollback_finds_what_it_ran_as(playbook, deploy, web1, unit):
    assert deploy("0.1.0", elixir_release_service_manager="daemon", elixir_release_migrate_when="never").rc == 0
    run = playbook("rollback", "--limit", "web1")
    assert run.rc == 0, run.output
    assert web1.serves("0.2.0") and [unit("MainPID")] == [str(pid) for pid in web1.beams()]


def test_a_first_deploy_that_fails_leaves_no_unit(deploy, env_file, web1, unit):
    env = env_file(GUESTBOOK_FAULT_CRASH_AT_BOOT="1", PORT="4100", RELEASE_NODE="first")
    run = deploy("0.2.0", elixir_release_env_file=env, elixir_release_root="/opt/first", elixir_release_migrate_when="never")
    assert run.rc != 0 and "fault_injected" in run.plain()
    assert unit("FragmentPath", "first.service") == "" and "first" not in web1.run(WANTED)
    assert web1.serves("0.2.0")
    web1.run("rm -r /opt/first")


@pytest.fixture
def own_unit(web1, deploy, eventually):
    """What somebody runs by a unit of his own, which starts it again whatever happens."""
    web1.run("systemctl disable --now guestbook; rm /etc/systemd/system/guestbook.service; systemctl daemon-reload")
    web1.run(f"mkdir -p /srv/app/tmp; cp -a {ROOT}/current/. /srv/app; rm /srv/app/.deploy.json /srv/app/.environment; chown guestbook /srv/app/tmp")
    web1.run("chmod 755 /srv/app; chown -R guestbook /srv/app")
    web1.run(f"mv {ROOT} {ROOT}.away")
    start = "/bin/sh -c 'export PHX_SERVER=true; . /srv/app/.env; exec /srv/app/bin/guestbook start'"
    lines = ["[Service]", "User=guestbook", f"ExecStart={start}", "Restart=always"]
    web1.run("printf '%s\\n' " + " ".join(f'"{line}"' for line in lines) + " >/etc/systemd/system/site.service")
    web1.run("systemctl daemon-reload; systemctl start site")
    assert eventually(lambda: web1.site.version()["version"] == "0.2.0")


def test_a_takeover_of_somebodys_own_unit(own_unit, deploy, env_file, web1, unit):
    assert unit("ActiveState", "site.service") == "active"
    run = deploy("0.1.0", elixir_release_env_file=env_file(GUESTBOOK_FAULT_CRASH_AT_BOOT="1"), elixir_release_migrate_when="never")
    assert run.rc != 0
    assert web1.site.version()["version"] == "0.2.0" and unit("ActiveState", "site.service") == "active", "it goes back to that unit"
    time.sleep(4)  # longer than systemd waits before it starts what crashes once more
    assert unit("ActiveState") in ("inactive", "failed") and len(web1.beams()) == 1, "alone"
    assert unit("FragmentPath") == "" and web1.run(WANTED) == "", "nor does the other one start with the host"
    run = deploy("0.2.0")
    assert run.rc == 0, run.output
    assert web1.serves("0.2.0") and unit("ActiveState", "site.service") == "inactive"
    assert unit("ActiveState") == "active"
