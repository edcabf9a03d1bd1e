# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the playbook doctor finds on hosts that something was really done to."""

import contextlib

import pytest

ROOT = "/opt/guestbook"
UNIT = "/etc/systemd/system/guestbook.service"


@pytest.fixture
def doctor(ask):
    """By host, what is wrong and what is only advice; both by what they are about."""

    def run(*options, **variables):
        said = ask("doctor", *options, elixir_release_output="json", **variables)
        found = {host: answer["findings"] for host, answer in said.data["hosts"].items()}
        assert said.rc == (2 if any(finding["wrong"] for findings in found.values() for finding in findings) else 0)
        return {(host, "WRONG" if finding["wrong"] else "note", finding["about"]): finding["text"] for host in found for finding in found[host]}

    return run


@contextlib.contextmanager
def done(host, command, undo):
    host.run(command)
    try:
        yield
    finally:
        host.run(undo)


def test_nothing_is_wrong_with_hosts_that_are_well(ask, doctor):
    found = doctor()
    assert not [key for key in found if key[1] == "WRONG"]
    assert {key for key in found if key[2] in ("network", "reboot", "units")} == {
        ("web1", "note", "network"),
        ("web2", "note", "network"),
        ("web3", "note", "network"),
        ("web3", "note", "reboot"),
    }
    assert "epmd at port 4369 and the node of pid" in found["web1", "note", "network"]
    assert "runs as a daemon, which nothing starts again" in found["web3", "note", "reboot"]
    said = ask("doctor", "--check")
    assert said.rc == 0 and said.lines[0].split()[:2] == ["HOST", "ABOUT"]
    assert len(said.lines) == 1 + len(found), "and the same in check mode"


def test_units_that_are_not_as_they_should_be(doctor, hosts):
    """One that does not start with its host, and one that starts another release than the current one. A stranger's that has failed is advice."""
    web1, web2 = hosts["web1"], hosts["web2"]
    current, other = web2.current(), web2.run(f"basename $(ls -d {ROOT}/releases/0.2.0-* | tail -1)").strip()
    points_elsewhere = f"cp -p {UNIT} /root/unit; sed -i s:{current}:{other}:g {UNIT}; systemctl daemon-reload"
    with contextlib.ExitStack() as stack:
        stack.enter_context(done(web1, "systemctl disable guestbook", "systemctl enable guestbook"))
        stack.enter_context(done(web1, "systemd-run --unit=theirs false; sleep 0.5", "systemctl reset-failed theirs"))
        stack.enter_context(done(web2, points_elsewhere, f"mv /root/unit {UNIT}; systemctl daemon-reload"))
        found = doctor("--limit", "web1,web2")
    assert "does not start with the host: systemctl enable guestbook.service" in found["web1", "WRONG", "status"]
    assert "systemctl --failed lists theirs.service" in found["web1", "note", "units"]
    assert f"guestbook.service starts {other} with the host, and current is {current}" in found["web2", "WRONG", "units"]


def test_a_unit_that_somebody_has_changed_or_systemd_has_given_up(doctor, hosts, eventually):
    web1, web2 = hosts["web1"], hosts["web2"]
    try:
        web2.os.run("sudo sh -c 'for time in 1 2 3 4 5 6 7; do systemctl restart guestbook; done'")
        with done(web1, f"cp -p {UNIT} /root/unit; sed -i s/65536/1024/ {UNIT}", f"mv /root/unit {UNIT}; systemctl daemon-reload"):
            found = doctor("--limit", "web1,web2")
    finally:
        web2.run("systemctl reset-failed guestbook; systemctl start guestbook")
    assert "systemd does not know it yet: systemctl daemon-reload" in found["web1", "WRONG", "units"]
    assert "is not as a deploy writes it" in found["web1", "note", "units"]
    assert "guestbook.service has failed (start-limit-hit)" in found["web2", "WRONG", "units"]
    assert "Nothing runs" in found["web2", "WRONG", "status"]
    assert eventually(lambda: web2.serves("0.1.0"), 60)


def test_a_failed_update_leaves_no_failed_unit(playbook, tarballs, env_file, hosts, doctor):
    """Of a daemon that was to become a service, and went back."""
    web3 = hosts["web3"]
    run = playbook(
        "deploy",
        "--limit",
        "web3",
        elixir_release_tarball=tarballs["0.2.0"],
        elixir_release_env_file=env_file(GUESTBOOK_FAULT_CRASH_AT_BOOT="1"),
        elixir_release_migrate_when="never",
        elixir_release_force=True,
    )
    assert run.rc == 2 and "fault_injected" in run.plain()
    assert web3.serves("0.1.0")
    assert web3.run("systemctl --failed --no-legend").strip() == ""
    assert not [key for key in doctor("--limit", "web3") if key[1] == "WRONG" or key[2] == "units"]


def test_a_full_disk_and_slots_without_nginx(doctor, web1):
    with done(web1, "cat /dev/zero >/srv/small/fill 2>/dev/null || true", "rm /srv/small/fill"):
        found = doctor("--limit", "web1", elixir_release_root="/srv/small/guestbook", elixir_release_strategy="blue_green")
    assert found["web1", "WRONG", "disk"] == "/srv/small has no bytes left: make room there."
    assert "set nginx up with the playbook beamops.elixir.proxy" in found["web1", "WRONG", "nginx"]


def test_no_room_for_another_release(doctor, web1):
    """With one there, which the next one is measured by."""
    root, release = "/srv/small/guestbook", f"releases/{web1.current()}"
    copy = f"mkdir -p {root}/releases {root}/tmp; cp -a {ROOT}/{release} {root}/releases; ln -s {release} {root}/current"
    with done(web1, f"{copy}; head -c 30M /dev/zero >/srv/small/fill", f"rm -r /srv/small/fill {root}"):
        told = doctor("--limit", "web1", elixir_release_root=root)["web1", "WRONG", "disk"]
        assert told.startswith(f"Another release such as {web1.current()} has no room: {root} has ")


def test_a_login_that_may_not_become_root_is_in_the_table_too(doctor, hosts, container_of):
    """Where Ansible itself gives up, before any module is run."""
    rules = "/etc/sudoers.d/deploy"
    container_of("web2", f"mv {rules} /root/rules")
    try:
        found = doctor()
        assert found["web2", "WRONG", "login"].endswith("give --ask-become-pass, or allow the login to become root without one.")
        assert ("web1", "note", "network") in found
    finally:
        container_of("web2", f"mv /root/rules {rules}")


def test_a_console_as_a_user_that_the_login_may_not_become(ask, container_of):
    rules = "/etc/sudoers.d/deploy"
    container_of("web2", f"cp -p {rules} /root/rules; echo 'deploy ALL=(root) NOPASSWD: ALL' >{rules}")
    try:
        said = ask("remote", "--limit", "web2")
        assert said.rc == 2 and "The login may become root, and not guestbook, by sudo" in said.lines[0]
        assert all(line.startswith("#") for line in said.lines), "nothing that a shell would run"
    finally:
        container_of("web2", f"mv /root/rules {rules}")


def test_tests_leave_them_well(ask):
    assert ask("status").rc == 0
