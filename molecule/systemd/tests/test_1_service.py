# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The release is a service of systemd's: of its own, pinned, hardened, and told everything that a shell would tell it."""

import shlex

import pytest

ROOT = "/opt/guestbook"
EPMD = "elixir-release-epmd@4369.service"


def test_every_host_has_it(hosts):
    for host in hosts.values():
        assert host.serves("0.1.0")
        assert host.run("systemctl is-enabled guestbook").strip() == "enabled"
        assert host.run("systemctl show --value --property=MainPID guestbook").split() == [str(pid) for pid in host.beams()]
        assert host.run("systemctl is-system-running").strip() == "running"


def test_an_update(deploy, web1, unit):
    before = unit("MainPID")
    run = deploy("0.2.0")
    assert run.rc == 0, run.output
    assert "RETRYING" not in run.output
    assert web1.serves("0.2.0") and unit("MainPID") != before
    assert unit("NRestarts") == "0"


def test_the_same_again_changes_nothing(deploy, unit):
    before = unit("MainPID")
    run = deploy("0.2.0", "--diff")
    assert run.rc == 0 and "changed=0" in run.output
    assert unit("MainPID") == before


def test_check_mode_changes_nothing(deploy, unit, web1):
    before = unit("MainPID"), web1.run("ls -la --time-style=full-iso /etc/systemd/system")
    assert deploy("0.1.0", "--check").rc == 0
    assert (unit("MainPID"), web1.run("ls -la --time-style=full-iso /etc/systemd/system")) == before


def test_it_starts_what_was_proven_and_not_what_is_current(web1):
    text = web1.run("cat /etc/systemd/system/guestbook.service")
    assert f"ExecStart={ROOT}/releases/0.2.0-" in text and "current" not in text
    assert "Environment=" not in text


def test_epmd_is_nobodys(web1, unit):
    assert unit("ActiveState", EPMD) == "active"
    assert web1.run("pgrep epmd").split() == [unit("MainPID", EPMD)]
    assert "epmd" not in web1.run("systemctl status --no-pager guestbook")


def test_its_environment_is_for_root_alone(web1):
    assert web1.run(f"stat -c '%a %U' {ROOT}/current/.environment").strip() == "600 root"
    assert web1.os.run(f"sudo runuser -u guestbook -- cat {ROOT}/current/.environment").rc != 0


def test_no_secret_is_told_to_who_asks_systemd(web1, secrets):
    told = web1.os.check_output("systemctl show guestbook; systemctl cat guestbook")
    # erl has the cookie on its command line, whoever starts it: systemctl status shows that
    assert not [secret for secret in secrets if secret in told]


def test_the_run_user_cannot_write_to_the_code(web1):
    for path in (f"{ROOT}/x", f"{ROOT}/current/x", f"{ROOT}/current/bin/guestbook", f"{ROOT}/current/lib/x"):
        assert web1.os.run(f"sudo runuser -u guestbook -- sh -c 'echo x >> {path}'").rc != 0, path


def rpc(web1, expression):
    command = f"cd /; . {ROOT}/.env; RELEASE_TMP={ROOT}/tmp {ROOT}/current/bin/guestbook rpc {shlex.quote(expression)}"
    return web1.os.check_output(f"sudo runuser -u guestbook -- sh -c {shlex.quote(command)}").strip()


def test_the_service_cannot_write_elsewhere(web1):
    web1.run("install -d -o guestbook /var/lib/uploads")
    expression = 'for path <- ["/var/lib/uploads/x", "{0}/current/x", "{0}/tmp/x", "/tmp/x"], do: IO.puts(inspect(File.write(path, "x")))'
    assert rpc(web1, expression.format(ROOT)).splitlines() == ["{:error, :erofs}", "{:error, :erofs}", ":ok", ":ok"]
    assert not web1.os.file("/tmp/x").exists


def test_a_path_that_is_named_it_can_write_to(deploy, web1):
    run = deploy("0.2.0", elixir_release_writable_paths=["/var/lib/uploads"])
    assert run.rc == 0, run.output
    assert rpc(web1, 'IO.puts(inspect(File.write("/var/lib/uploads/x", "x")))') == ":ok"
    assert deploy("0.2.0").rc == 0


def test_what_it_is_exposed_to(web1):
    line = web1.run("systemd-analyze security --no-pager guestbook | tail -n 1").strip()
    print(line)
    assert float(line.split()[-3]) <= 2.0


def test_what_it_may_do_without(web1):
    """What a BEAM asks its host for works under all that."""
    expression = "IO.puts(inspect({elem(:inet.getifaddrs(), 0), elem(:inet.gethostbyname('db1'), 0), System.cmd(\"true\", []), is_list(:os.cmd('ps'))}))"
    assert rpc(web1, expression) == '{:ok, :ok, {"", 0}, true}'


ODD = {
    "ODD_QUOTES": "it's \"so\"",
    "ODD_SHELL": "$HOME `id` \\ %h ${X} #;",
    "ODD_LINES": "-----BEGIN-----\nabc=\n\n-----END-----\n",
    "ODD_BLANKS": "  a\t ",
    "ODD_EMPTY": "",
    "ODD_WORDS": "Grüße 🌷",
}


def test_odd_values_come_through_as_a_shell_has_them(deploy, env_file, web1, unit):
    quoted = {key: "'" + value.replace("'", "'\\''") + "'" for key, value in ODD.items()}
    run = deploy("0.2.0", elixir_release_env_file=env_file(**quoted))
    assert run.rc == 0, run.output
    pairs = web1.run(f"cat /proc/{unit('MainPID')}/environ").split("\0")
    environ = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
    assert {key: environ.get(key) for key in ODD} == ODD
    assert deploy("0.2.0").rc == 0


def test_what_systemd_cannot_carry_is_told_before_anything_changes(deploy, fleet, web1):
    path = fleet / "env-uncarried"
    path.write_bytes((fleet / "env.production").read_bytes() + "export ODD='a\uffffb'\n".encode())
    before = web1.beams(), web1.run(f"ls {ROOT}/releases")
    run = deploy("0.1.0", elixir_release_env_file=str(path))
    assert run.rc != 0
    assert "The env file sets ODD to a value that systemd refuses" in run.plain()
    assert (web1.beams(), web1.run(f"ls {ROOT}/releases")) == before


def test_heart_is_refused(deploy, env_file, web1):
    before = web1.beams()
    run = deploy("0.1.0", elixir_release_env_file=env_file(ERL_ZFLAGS="-heart"))
    assert run.rc != 0 and "erl is given -heart, and systemd is to start the release again" in run.plain()
    assert web1.beams() == before


def test_a_unit_of_somebody_elses_is_left_alone(deploy, web1):
    text = "[Service]\nExecStart=/bin/sleep 1000\n"
    web1.run("mkdir -p /usr/local/lib/systemd/system")
    web1.run(f"printf '{text}' >/usr/local/lib/systemd/system/other.service; systemctl daemon-reload")
    run = deploy("0.1.0", elixir_release_root="/opt/other")
    assert run.rc != 0
    assert "This host has a unit other.service already, /usr/local/lib/systemd/system/other.service, which is not of /opt/other" in run.plain()
    assert web1.run("cat /usr/local/lib/systemd/system/other.service").strip() == text.strip()
    web1.run("rm /usr/local/lib/systemd/system/other.service; systemctl daemon-reload")


def test_a_port_below_1024(deploy, env_file, web1):
    run = deploy("0.2.0", elixir_release_env_file=env_file(PORT="443"))
    assert run.rc == 0, run.output
    assert web1.os.check_output("python3 -c 'import urllib.request as u; print(u.urlopen(\"http://127.0.0.1:443/version\").status)'") == "200"
    assert deploy("0.2.0").rc == 0


def test_needrestart_leaves_it_alone(web1):
    path = "/etc/needrestart/conf.d/elixir-release-guestbook.conf"
    script = "do shift; print \"$_ => $nrconf{override_rc}{$_}\n\" for grep { q(guestbook.service) =~ $_ } keys %{$nrconf{override_rc}}"
    assert web1.os.check_output("perl -e %s %s", script, path).endswith("=> 0")


@pytest.fixture
def neighbour(playbook, tarballs, env_file, web1):
    """A second application on the same host."""
    variables = {
        "elixir_release_root": "/opt/neighbour",
        "elixir_release_user": "neighbour",
        "elixir_release_env_file": env_file(PORT="4010", RELEASE_NODE="neighbour"),
        "elixir_release_migrate_when": "never",
    }
    run = playbook("deploy", "--limit", "web1", elixir_release_tarball=tarballs["0.1.0"], **variables)
    assert run.rc == 0, run.output
    yield variables
    assert playbook("stop", "--limit", "web1", **variables).rc == 0
    web1.run("systemctl disable neighbour; rm -r /opt/neighbour /etc/systemd/system/neighbour.service; systemctl daemon-reload")


def test_the_end_of_one_takes_no_name_from_another(neighbour, playbook, web1, unit):
    assert playbook("stop", "--limit", "web1").rc == 0
    names = web1.run("/usr/local/libexec/elixir-release/epmd -names")
    assert "name neighbour at" in names and "name guestbook at" not in names
    assert unit("ActiveState") == "inactive", "and it stays down"
    assert playbook("restart", "--limit", "web1").rc == 0
    assert unit("ActiveState") == "active"


def test_tests_leave_it_well(web1):
    assert web1.serves("0.2.0")
