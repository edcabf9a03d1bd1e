# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Crashes, lack of memory, reboots, and people who use systemctl in the middle of a deploy."""

import subprocess
import threading
import time

import pytest
from ansible_collections.beamops.elixir.molecule.conftest import at_length

ROOT = "/opt/guestbook"

pytestmark = at_length


def test_a_crash_is_followed_by_a_start_of_the_same_release(web1, unit, eventually):
    """Also where current points elsewhere by now, as it does in the middle of a deploy."""
    before = unit("MainPID")
    current = web1.current()
    web1.run(f"ln -sfn releases/$(basename $(ls -d {ROOT}/releases/0.1.0-* | head -1)) {ROOT}/current; kill -9 {before}")
    try:
        assert eventually(lambda: web1.site.version()["pid"] != before)
        assert web1.serves("0.2.0")
        assert unit("NRestarts") == "1"
    finally:
        web1.run(f"ln -sfn releases/{current} {ROOT}/current")


def test_status_tells_of_it(playbook):
    assert "has ended once since it was started, and guestbook.service started it again" in playbook("status", "--limit", "web1").plain()


@pytest.fixture
def rpc(web1):
    """What a release answers, if it comes to that."""

    def ask(expression):
        return web1.os.run(f"sudo sh -c 'cd /; . {ROOT}/.env; runuser -u guestbook -- {ROOT}/current/bin/guestbook rpc \"$0\"' %s", expression).stdout

    return ask


def test_a_helper_that_takes_all_the_memory(web1, unit, rpc, scarce):
    """The kernel kills it, for real, and the release that has started it goes on."""
    before = unit("MainPID"), unit("NRestarts")
    with scarce(web1, 400):
        said = rpc('IO.puts(elem(System.cmd("python3", ["-c", "x = str(7) * (1 << 30)"]), 1))')
    assert said.strip() == "137"
    assert (unit("MainPID"), unit("NRestarts")) == before and web1.serves("0.2.0")


def test_lack_of_memory(web1, unit, rpc, scarce, eventually):
    """The kernel kills the BEAM, for real; systemd starts it again."""
    before = unit("MainPID")
    with scarce(web1, 96):
        rpc('for _ <- 1..64, do: spawn(fn -> x = :binary.copy("x", 16_000_000); Process.sleep(60_000); byte_size(x) end)')
        assert eventually(lambda: unit("NRestarts") == "2")
    assert eventually(lambda: web1.site.version()["pid"] != before) and web1.serves("0.2.0")
    assert unit("Result") in ("success", "signal", "oom-kill")


def test_a_crash_loop_goes_back(deploy, env_file, web1, unit):
    run = deploy("0.1.0", elixir_release_env_file=env_file(GUESTBOOK_FAULT_DIE_AFTER_MS="1500"), elixir_release_stable_for=15)
    said = run.plain()
    assert run.rc != 0
    assert "systemd: guestbook.service is" in said and "log: fault injected: GUESTBOOK_FAULT_DIE_AFTER_MS" in said
    assert web1.serves("0.2.0") and unit("NRestarts") == "0"
    time.sleep(3)
    assert web1.serves("0.2.0"), "systemd does not start the other one again"


def test_a_release_that_never_boots_goes_back(deploy, env_file, web1, unit, eventually):
    run = deploy("0.1.0", elixir_release_env_file=env_file(GUESTBOOK_FAULT_CRASH_AT_BOOT="1"))
    assert run.rc != 0 and "fault_injected" in run.plain()
    assert eventually(lambda: web1.serves("0.2.0")) and unit("ActiveState") == "active"


def test_a_unit_that_systemd_has_given_up_is_started_all_the_same(deploy, env_file, web1, unit, eventually):
    """Its limit of starts is used up, which is another release's fault."""
    web1.run("for time in 1 2 3 4 5 6; do systemctl restart guestbook; done; true")
    web1.os.run("sudo systemctl restart guestbook")
    assert eventually(lambda: unit("Result") == "start-limit-hit")
    run = deploy("0.1.0")
    assert run.rc == 0, run.output
    assert web1.serves("0.1.0")
    assert deploy("0.2.0").rc == 0


def test_somebody_who_restarts_it_meanwhile_is_told_as_what_he_is(deploy, env_file, web1):
    def restart():
        deadline = time.monotonic() + 120
        while "MARK" not in web1.run("cat /proc/$(systemctl show --value --property=MainPID guestbook)/environ 2>/dev/null || true"):
            if time.monotonic() > deadline:
                return
        time.sleep(2)  # by then the run waits for it
        web1.run("systemctl restart guestbook")

    somebody = threading.Thread(target=restart)
    somebody.start()
    run = deploy("0.1.0", elixir_release_env_file=env_file(MARK="1"), elixir_release_stable_for=25)
    somebody.join()
    assert run.rc != 0
    assert "runs in its place: somebody has restarted guestbook.service meanwhile, as by 'systemctl restart'" in run.plain()
    assert web1.serves("0.2.0")


def test_without_its_run_a_host_goes_back_to_the_service(killed, env_file, web1, unit, eventually):
    """The controller is killed while the new release boots."""
    killed(
        "0.1.0",
        lambda: "SLOW_BOOT" in web1.run(f"cat /proc/{unit('MainPID')}/environ"),
        elixir_release_env_file=env_file(GUESTBOOK_FAULT_SLOW_BOOT_MS="60000"),
        elixir_release_deadman=21,
        elixir_release_stop_timeout=5,
        elixir_release_start_timeout=9,
    )
    assert eventually(lambda: web1.serves("0.2.0"), 110)
    assert [entry["event"] for entry in web1.ledger()][-1] == "rollback"
    assert unit("ActiveState") == "active"


def test_a_deploy_after_that(deploy, web1):
    assert deploy("0.2.0").rc == 0
    assert web1.serves("0.2.0")


def test_after_a_reboot_it_serves(web1, unit, container, eventually):
    before = unit("MainPID"), web1.run("stat -c %Z /proc/1")
    subprocess.run(["docker", "restart", container], check=True, stdout=subprocess.DEVNULL)
    assert eventually(lambda: web1.site.version()["version"] == "0.2.0", 60)
    assert web1.run("stat -c %Z /proc/1") != before[1]
    assert web1.serves("0.2.0")
    assert unit("ActiveState", "elixir-release-epmd@4369.service") == "active"
    assert web1.run("/usr/local/libexec/elixir-release/epmd -names").count("name guestbook at") == 1
    assert web1.run("systemctl is-system-running").strip() == "running"
