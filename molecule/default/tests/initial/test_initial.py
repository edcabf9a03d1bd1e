# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""After the first deploy."""

import json
import pathlib
import tarfile

import pytest

ROOT = "/opt/guestbook"


@pytest.fixture(scope="module", autouse=True)
def keep_the_pids(hosts, fleet):
    """For the tests after the second run, which is to leave them alone."""
    pids = {name: host.beams() for name, host in hosts.items()}
    (fleet / "pids.json").write_text(json.dumps(pids))


def test_every_host_serves_the_version(hosts):
    for name, host in hosts.items():
        answer = host.site.version()
        assert (answer["version"], answer["host"]) == ("0.1.0", name)
        assert host.site.get("/health")[0] == 200


def test_one_process_a_host_and_it_is_the_one_that_answers(hosts):
    for host in hosts.values():
        assert [str(pid) for pid in host.beams()] == [host.site.version()["pid"]]


def test_the_application_runs_as_a_user_of_its_own(hosts):
    for host in hosts.values():
        assert host.run(f"stat -c %U /proc/{host.beams()[0]}") == "guestbook"
        assert host.os.user("guestbook").shell == "/usr/sbin/nologin"


def test_the_code_belongs_to_root(hosts):
    for host in hosts.values():
        owners = host.run(f"find {ROOT}/releases -printf '%u\\n' | sort -u").splitlines()
        assert owners == ["root"]


def test_nobody_else_may_look(hosts):
    for host in hosts.values():
        release = f"{ROOT}/releases/{host.current()}"
        assert host.run(f"stat -c '%a %U %G' {release}/.env") == "640 root guestbook"
        assert host.run(f"stat -c '%a %U %G' {release}/releases/COOKIE") == "640 root guestbook"
        assert host.os.run(f"cat {ROOT}/.env").rc != 0
        assert host.os.run(f"ls {ROOT}/releases {ROOT}/tmp").rc != 0


def test_the_env_file_is_the_local_one(hosts, group_vars):
    text = pathlib.Path(group_vars["elixir_release_env_file"]).read_text()
    for host in hosts.values():
        assert host.run(f"cat {ROOT}/.env") == text.rstrip("\n")


def test_one_cookie_for_all_hosts_and_not_the_tarballs(hosts, tarballs, group_vars):
    with tarfile.open(tarballs["0.1.0"]) as tarball:
        of_the_tarball = tarball.extractfile("releases/COOKIE").read().decode()
    kept = pathlib.Path(group_vars["elixir_release_cookie_file"]).read_text().strip()
    cookies = {host.run(f"cat {ROOT}/current/releases/COOKIE") for host in hosts.values()}
    assert cookies == {kept}
    assert kept != of_the_tarball
    # The running nodes have it too: a hidden node of any host that knows it can talk to them
    for host in hosts.values():
        assert f"-setcookie\n{kept}\n" in host.run(f"tr '\\0' '\\n' < /proc/{host.beams()[0]}/cmdline")


def test_a_person_can_use_the_release_with_its_env_file(hosts):
    for host in hosts.values():
        command = f"cd {ROOT}/tmp && . {ROOT}/.env && {ROOT}/current/bin/guestbook rpc 'IO.puts(System.pid())'"
        assert host.run(f'runuser -u guestbook -- sh -c "{command}"') == str(host.beams()[0])


def test_the_uploaded_tarball_is_gone(hosts):
    for host in hosts.values():
        assert host.run("find / -xdev -name '*.tar.gz' -newer /run/sshd.pid -not -path '/proc/*'") == ""


def test_the_release_is_recorded_as_good(hosts):
    for host in hosts.values():
        assert host.release("0.1.0")["state"] == "good"
        line = json.loads(host.run(f"tail -n 1 {ROOT}/ledger.jsonl"))
        assert (line["event"], line["release"], line["previous"]) == ("deploy", host.current(), None)


def test_the_migration_ran_once(database):
    assert database("SELECT version, direction FROM migration_runs") == ["1|up"]
