# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an operator asks of two services and a daemon. Each question is asked by its playbook, whose exit code counts, too.

The tests build on each other.
"""

import datetime
import shlex
import time

import pytest

from ansible_collections.beamops.elixir.molecule.operate.conftest import CTRL_C

ROOT = "/opt/guestbook"
WEBS = ["web1", "web2", "web3"]


def test_status_where_all_is_well(ask, hosts):
    said = ask("status")
    assert (said.rc, said.err) == (0, "")
    assert [line.split()[:3] for line in said.lines[1:]] == [[name, "0.1.0", str(host.beams()[0])] for name, host in hosts.items()]
    assert said.lines[0].startswith("HOST ")


def test_a_failed_deploy_a_deploy_and_a_rollback(everywhere, env_file, hosts):
    assert everywhere("0.2.0", elixir_release_env_file=env_file(GUESTBOOK_FAULT_CRASH_AT_BOOT="1")).rc == 2
    for run in (everywhere("0.2.0"), everywhere(None, name="rollback")):
        assert run.rc == 0, run.output
    assert all(host.serves("0.1.0") for host in hosts.values())


def test_history(ask):
    said = ask("history")
    assert (said.rc, said.err) == (0, "")
    whens = [line.split()[0] for line in said.lines[1:]]
    assert whens == sorted(whens) and len(whens) == 15
    events = [(line.split()[1], line.split()[2]) for line in said.lines[1:]]
    for host in WEBS:
        assert [event for name, event in events if name == host] == ["deploy", "failure", "rollback", "deploy", "rollback"]
    assert all("Wait until the release is ready: the release that was started as pid " in line for line in said.lines if " failure " in line)


def test_history_as_a_document(ask):
    said = ask("history", elixir_release_output="json", elixir_release_history_lines=3)
    assert [(entry["event"], entry["version"]) for entry in said.data["history"]] == [("rollback", "0.1.0")] * 3
    assert sorted(entry["host"] for entry in said.data["history"]) == WEBS


def test_an_rpc_is_answered_by_every_node(ask):
    said = ask("rpc", elixir_release_expression='IO.puts(Node.self()); IO.puts("and more")')
    assert (said.rc, said.err) == (0, "")
    rows = [line.split() for line in said.lines[1:]]
    assert [row[:2] for row in rows[::2]] == [[name, "0"] for name in WEBS] and rows[1::2] == [["and", "more"]] * 3
    nodes = [row[2] for row in rows[::2]]
    assert nodes[:2] == ["guestbook@web1", "guestbook@web2"]
    assert nodes[2].startswith("guestbook-") and nodes[2].endswith("@web3"), "which overlaps, and has a name of its own"


def test_an_eval_is_done_once(ask):
    said = ask("eval", elixir_release_expression='IO.puts(Application.spec(:guestbook, :vsn) || "not loaded"); IO.inspect(Node.alive?())')
    assert said.rc == 0 and [line.split()[0] for line in said.lines[1:]] == ["web1", "false"]
    said = ask("eval", elixir_release_expression="IO.puts(1 + 1)", elixir_release_once=False, elixir_release_output="json")
    assert {host: answer["stdout"] for host, answer in said.data["hosts"].items()} == dict.fromkeys(WEBS, "2\n")


def test_in_check_mode_nothing_is_evaluated(ask, web1):
    expression = f'File.write!("{ROOT}/tmp/evaluated", "")'
    for name in ("eval", "rpc"):
        said = ask(name, "--check", elixir_release_expression=expression)
        assert said.rc == 0 and "(check mode) it would be evaluated" in said.of("web1")[0]
    assert not web1.os.file(f"{ROOT}/tmp/evaluated").exists


def test_an_expression_that_fails_somewhere_fails_there(ask):
    said = ask("rpc", elixir_release_expression='IO.puts("looking"); if Node.self() == :guestbook@web2, do: raise("not here")')
    assert said.rc == 2
    assert [line.split()[:2] for line in said.lines if line.startswith("web")] == [["web1", "0"], ["web2", "1"], ["web3", "0"]]
    assert "** (RuntimeError) not here" in said.out
    assert len(said.err.splitlines()) == 1 and said.err.startswith("web2: bin/guestbook rpc of 0.1.0-")


def test_an_exit_code_of_ones_own_and_a_secret_in_the_output(ask, secrets):
    expression = 'IO.puts("url " <> System.fetch_env!("DATABASE_URL")); exit({:shutdown, 7})'
    said = ask("eval", elixir_release_expression=expression, elixir_release_output="json")
    assert said.rc == 2 and said.data["hosts"]["web1"]["rc"] == 7
    assert said.data["hosts"]["web1"]["stdout"] == "url ********\n"


def log(ask, text):
    """Each node says it in its log, with a secret in it."""
    said = ask("rpc", elixir_release_expression=f'require Logger; Logger.error("{text} " <> System.fetch_env!("SECRET_KEY_BASE")); Logger.flush()')
    assert said.rc == 0, said


def test_logs_with_their_secrets_masked(ask):
    log(ask, "the first word")
    said = ask("logs", elixir_release_log_lines=5)
    assert said.rc == 0 and said.out.count("[error] the first word ********") == 3
    heads = [line for line in said.lines if line.startswith("== ")]
    assert [head.split(":")[0] for head in heads] == [f"== {name}" for name in WEBS]
    assert "(journalctl --unit=guestbook.service)" in heads[0] and f"({ROOT}/tmp/0.1.0-" in heads[2]


def test_logs_since_a_moment(ask):
    time.sleep(1.1)
    moment = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    time.sleep(1.1)
    log(ask, "the second word")
    said = ask("logs", elixir_release_log_since=moment, elixir_release_output="json")
    for host in WEBS:
        (found,) = said.data["hosts"][host]["logs"]
        assert "the second word ********" in found["lines"][-1] and not any("the first word" in line for line in found["lines"])
    said = ask("logs", elixir_release_log_since="1 h ago", elixir_release_log_lines=1)
    assert (said.out.count("the first word"), said.out.count("the second word")) == (0, 3), "the newest ones"
    assert said.out.count("the last 1 lines since 1 h ago, and there are more") == 3


def test_a_log_is_followed_by_the_command_that_is_told(ask, terminal):
    found = ask("logs", elixir_release_output="json").data["hosts"]
    following = {host: terminal(found[host]["logs"][0]["follow"]) for host in ("web1", "web3")}
    time.sleep(2)  # for a login, and nobody tells when it listens
    log(ask, "the third word")
    for host, one in following.items():
        assert one.says("the third word"), (host, one.said)
        assert b"the second word" not in one.said
        one.type(CTRL_C)
        assert one.ends(), "and nothing stays behind on the host"


def test_a_console_opens_by_the_command_that_is_told(ask, hosts, terminal):
    said = ask("remote")
    assert (said.rc, said.err) == (0, "")
    before = {name: host.beams() for name, host in hosts.items()}
    commands = dict(zip((line.split(":")[0] for line in said.lines[::2]), said.lines[1::2]))
    assert list(commands) == [f"# {name}" for name in WEBS]
    documented = f"sudo -u guestbook sh -c 'cd / && set -a && . {ROOT}/.env && exec {ROOT}/current/bin/guestbook remote'"
    assert shlex.split(commands["# web1"])[-1] == documented
    for name in ("web1", "web3"):
        console = terminal(commands[f"# {name}"])
        assert console.says(r"iex\(guestbook[^@]*@\w+\)1>"), console.said
        console.type(b'IO.puts("#{System.pid()} has #{6 * 7}")\r')
        assert console.says(rf"\n{before[name][0]} has 42"), console.said
        console.type(CTRL_C)
        assert console.says("BREAK"), console.said
        console.type(CTRL_C)
        assert console.ends(), console.said
    assert {name: host.beams() for name, host in hosts.items()} == before


@pytest.fixture
def down(hosts):
    """web2 is stopped, as by somebody who has done so with systemctl."""
    hosts["web2"].run("systemctl stop guestbook")
    yield
    hosts["web2"].run("systemctl start guestbook")


def test_of_a_host_where_nothing_runs(down, ask):
    said = ask("status", elixir_release_output="json")
    assert said.rc == 2 and list(said.data["wrong"]) == ["web2"]
    assert said.data["hosts"]["web2"]["running"] == [] and len(said.data["hosts"]["web1"]["running"]) == 1
    said = ask("rpc", elixir_release_expression="IO.puts(:up)")
    assert said.rc == 2
    assert [line.split()[1:3] for line in said.lines[1:]] == [["0", "up"], ["-", "Nothing"], ["0", "up"]]
    said = ask("remote")
    assert said.rc == 2
    assert said.lines[-1].startswith(f"# web2: Nothing of {ROOT} runs on this host")
    said = ask("logs", "--limit", "web2", elixir_release_log_lines=1)
    assert said.rc == 0 and said.lines[0].startswith("== web2: nothing runs, the last 1 lines") and "Stopped guestbook.service" in said.lines[1]


def test_what_is_not_as_the_last_deploy_left_it_is_an_exit_code(ask, web1, eventually, hosts):
    assert eventually(lambda: hosts["web2"].serves("0.1.0"), 60)
    web1.run(f"cp -p {ROOT}/current/.env /root/env; echo 'export NEW=1' >>{ROOT}/current/.env")
    try:
        said = ask("status")
        assert said.rc == 2 and "in NEW: restart it." in said.err
        assert said.of("web1")[0].split()[-2:] == ["changed", "-"]
    finally:
        web1.run(f"mv /root/env {ROOT}/current/.env")


def test_a_crash_is_told_until_somebody_has_seen_it(ask, web1, eventually):
    web1.run("systemctl kill --signal=KILL guestbook")
    assert eventually(lambda: web1.serves("0.1.0"), 60)
    said = ask("status", "--limit", "web1")
    assert said.rc == 2 and "has ended once since it was started" in said.err
    seen = said.err.strip().rpartition("To have seen it: ")[2]
    web1.run(seen)
    assert ask("status").rc == 0
