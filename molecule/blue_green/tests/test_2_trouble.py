# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What happens to a host, to nginx and to the run in the middle of it: nothing is stopped that serves, and the run says what it found."""

import subprocess
import threading

import pytest
from ansible_collections.beamops.elixir.molecule.conftest import at_length

ROOT = "/opt/guestbook"
# 0.1.0 is marked bad by the first test in which it fails itself, and deployed by force from then on
FLAGS = "/etc/nginx/elixir-release/guestbook"
SITE = "/etc/nginx/conf.d/elixir-release-guestbook.conf"
KILL_MODULE = "pkill -9 -x -f /usr/bin/python3"  # and not the host's timer, which has arguments

pytestmark = at_length


@pytest.fixture(autouse=True)
def before(web1, webs, slot):
    """Each of them begins with 0.2.0, and ends with it."""
    assert webs["web1"].version() == "0.2.0"
    seen = slot(web1)
    yield seen
    assert webs["web1"].version() == "0.2.0"


def test_nginx_is_stopped(deploy, web1):
    beams = web1.beams()
    web1.run("systemctl stop nginx")
    try:
        run = deploy("0.1.0")
        assert run.rc != 0 and "nginx does not answer at http://127.0.0.1:4002/.elixir-release/slot" in run.plain()
        assert "Nothing was stopped" in run.plain() and web1.beams() == beams
    finally:
        web1.run("systemctl start nginx")


def test_our_include_is_removed_by_hand(deploy, web1):
    beams = web1.beams()
    web1.run(f"mv {SITE} /root/; systemctl reload nginx; sleep 1")
    try:
        run = deploy("0.1.0")
        assert run.rc != 0 and "nginx does not answer" in run.plain() and web1.beams() == beams
    finally:
        web1.run(f"mv /root/{SITE.rpartition('/')[2]} {SITE}; systemctl reload nginx; sleep 1")


def test_its_configuration_is_broken_by_hand(deploy, web1, webs, slot, before):
    """What runs of it goes on, and a switch needs no reload."""
    web1.run("echo nonsense >/etc/nginx/conf.d/broken.conf")
    try:
        run = deploy("0.1.0")
        assert run.rc == 0, run.output
        assert webs["web1"].version() == "0.1.0" and slot(web1) != before
        assert deploy("0.2.0").rc == 0
    finally:
        web1.run("rm /etc/nginx/conf.d/broken.conf")


def test_the_flag_was_moved_by_hand(deploy, web1, slot, before):
    """Nobody is served: a deploy does not make it worse."""
    other = "green" if before == "blue" else "blue"
    beams = web1.beams()
    web1.run(f"mv {FLAGS}/{before} {FLAGS}/{other}")
    try:
        run = deploy("0.1.0")
        assert run.rc != 0 and web1.beams() == beams
        assert f"nginx serves the slot {other}, where nothing runs, and 0.2.0 (pid {beams[0]})" in run.plain()
    finally:
        web1.run(f"mv {FLAGS}/{other} {FLAGS}/{before}")


def test_a_disk_that_is_full_at_the_flag(deploy, web1, slot, before):
    """Nothing more can be written there: the traffic stays where it is."""
    beams = web1.beams()
    web1.run(f"chattr +i {FLAGS} 2>/dev/null || mount --bind -o ro {FLAGS} {FLAGS} && mount -o remount,ro,bind {FLAGS}")
    try:
        run = deploy("0.1.0")
        assert run.rc != 0 and "so the traffic stays where it is" in run.plain()
        assert web1.beams() == beams and slot(web1) == before
    finally:
        web1.run(f"umount {FLAGS} 2>/dev/null || chattr -i {FLAGS}")


def test_the_new_slot_dies_after_the_switch(deploy, web1, slot, before, eventually):
    """The traffic goes back, although systemd starts it again. A health page that takes its time gives somebody the time to kill it."""
    beams = web1.beams()

    def kill():
        if eventually(lambda: slot(web1) != before, 120):
            web1.run(f"kill -9 {next(pid for pid in web1.beams() if pid not in beams)}")

    somebody = threading.Thread(target=kill)
    somebody.start()
    run = deploy("0.1.0", elixir_release_health_url="/poll?ms=4000")
    somebody.join()
    assert run.rc != 0 and "has died since it has the traffic" in run.plain()
    assert web1.beams() == beams and slot(web1) == before


def test_the_controller_is_killed_before_the_proof(killed, web1, slot, before, eventually):
    """The host leads the traffic back by itself. A health page that takes its time gives the time to kill it, and the module, which would go on else."""
    beams, said = web1.beams(), len(web1.ledger())
    killed(
        "0.1.0",
        lambda: slot(web1) != before,
        elixir_release_force=True,
        elixir_release_deadman=30,
        elixir_release_stop_timeout=5,
        elixir_release_start_timeout=14,
        elixir_release_health_url="/poll?ms=4500",
    )
    web1.run(KILL_MODULE)
    assert eventually(lambda: [entry["event"] for entry in web1.ledger()[said:]] == ["rollback"], 90)
    assert eventually(lambda: web1.beams() == beams)
    assert slot(web1) == before


def test_the_controller_is_killed_between_the_switch_and_the_stop(deploy, killed, web1, webs, slot, before, eventually, visitors):
    """The new release serves and is proven; both run. The next deploy goes on from there."""
    other = "green" if before == "blue" else "blue"
    with visitors("web1") as seen:
        killed(
            "0.1.0",
            lambda: slot(web1) == other and web1.current().startswith("0.1.0") and not web1.run(f"ls {ROOT}/.deadman").split(),
            elixir_release_force=True,
        )
        assert webs["web1"].version() == "0.1.0"
        run = deploy("0.1.0", elixir_release_force=True)
        assert run.rc == 0, run.output
        assert eventually(lambda: len(web1.beams()) == 1) and slot(web1) == other
        run = deploy("0.2.0")
        assert run.rc == 0, run.output
    assert seen.lost["web1"] == []


def test_the_host_is_rebooted_there(killed, deploy, web1, webs, slot, before, eventually, fleet):
    other = "green" if before == "blue" else "blue"
    killed(
        "0.1.0", lambda: slot(web1) == other and web1.current().startswith("0.1.0") and not web1.run(f"ls {ROOT}/.deadman").split(), elixir_release_force=True
    )
    subprocess.run(["docker", "restart", f"beamops-{fleet.name}-web1"], check=True, stdout=subprocess.DEVNULL)
    assert eventually(lambda: webs["web1"].version() == "0.1.0", 60)
    assert slot(web1) == other
    run = deploy("0.2.0")
    assert run.rc == 0, run.output
    assert len(web1.beams()) == 1


@pytest.fixture
def cut(fleet):
    """End the connections to web1, as a network that is away for a moment does, and then what else."""

    def end(also="true"):
        command = f"pkill -f '^sshd.*@notty'; {also}"
        subprocess.run(["docker", "exec", f"beamops-{fleet.name}-web1", "sh", "-c", command], check=True)

    return end


@pytest.fixture
def meanwhile():
    """Run something beside a deploy."""
    threads = []

    def run(something):
        threads.append(threading.Thread(target=something))
        threads[-1].start()

    yield run
    for thread in threads:
        thread.join()


def test_the_connection_is_lost_while_the_old_slot_drains(deploy, web1, webs, slot, before, eventually, cut, meanwhile):
    """It is let go of all the same. Somebody waits for an answer of it, so that this takes its time."""
    answers = []

    def wait_long():
        if eventually(lambda: len(web1.beams()) == 2, 120):
            answers.append(webs["web1"].get("/poll?ms=20000", timeout=60))

    def lose():
        if eventually(lambda: slot(web1) != before and web1.current().startswith("0.1.0") and not web1.run(f"ls {ROOT}/.deadman").split(), 120):
            cut(KILL_MODULE)  # which would go on else, and have it stop

    meanwhile(wait_long)
    meanwhile(lose)
    run = deploy("0.1.0", elixir_release_force=True)
    assert run.rc == 0 and "UNREACHABLE" in run.output, run.output
    assert len(web1.beams()) == 1 and web1.run("ls /etc/systemd/system/multi-user.target.wants").count("guestbook-") == 1
    assert len(answers) == 1, "whoever waited got the answer"
    assert deploy("0.2.0").rc == 0


def test_the_connection_is_lost_before_the_new_release_is_seen_ready(deploy, web1, slot, before, eventually, cut, meanwhile, visitors):
    """What serves is not let go of for a release that nobody has seen ready. A health page that takes its time gives the time to cut it."""
    beams = web1.beams()

    def lose():
        if eventually(lambda: len(web1.beams()) == 2, 120):
            cut()

    meanwhile(lose)
    with visitors("web1") as seen:
        run = deploy("0.1.0", elixir_release_force=True, elixir_release_health_url="/poll?ms=6000", elixir_release_start_timeout=60)
    assert run.rc != 0 and "It went back to 0.2.0" in run.plain(), run.output
    assert web1.beams() == beams and slot(web1) == before and seen.lost["web1"] == []
    assert web1.ledger()[-1]["event"] == "rollback", "it is not marked bad: nothing was seen of it"


def test_both_slots_are_up_at_the_start(deploy, web1, webs, visitors):
    """What is not live is stopped, and what is serves on."""
    assert deploy("0.1.0", elixir_release_force=True, elixir_release_keep_warm=600).rc == 0
    assert len(web1.beams()) == 2
    with visitors("web1") as seen:
        run = deploy("0.2.0")
    assert run.rc == 0, run.output
    assert len(web1.beams()) == 1 and seen.lost["web1"] == []


def test_too_little_memory_for_two(deploy, web1, scarce):
    beams = web1.beams()
    with scarce(web1, 40):
        run = deploy("0.1.0", elixir_release_force=True)
        assert run.rc != 0 and "There is too little memory" in run.plain()
        assert web1.beams() == beams


def test_the_fleet_goes_back_together(playbook, hosts, webs, tarballs, env_file, fleet, visitors):
    """web1 has switched when web2 fails."""
    managers = "{{ 'daemon' if inventory_hostname == 'web3' else 'systemd' }}"
    common = {"elixir_release_strategy": "blue_green", "elixir_release_service_manager": managers}
    assert playbook("deploy", elixir_release_tarball=tarballs["0.2.0"], **common).rc == 0
    unhealthy = env_file(GUESTBOOK_FAULT_UNHEALTHY="1")
    env = "{{ '" + unhealthy + "' if inventory_hostname == 'web2' else '" + str(fleet / "env.production") + "' }}"
    with visitors() as seen:
        run = playbook("deploy", elixir_release_tarball=tarballs["0.2.0-again"], elixir_release_env_file=env, elixir_release_start_timeout=20, **common)
    assert run.rc != 0
    assert seen.lost == {name: [] for name in hosts}
    for name, host in hosts.items():
        assert host.current().startswith("0.2.0") and len(host.beams()) == 1, name
