# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The README's example, by each ansible-core that is supported, on servers that nothing was deployed to; and what the other pages show, on the same servers."""

from __future__ import annotations

import json
import re

import pytest
from ansible_collections.beamops.elixir.molecule.conftest import at_length
from ansible_collections.beamops.elixir.tests.docs import pages, ways

HOSTS = ["web1", "web2", "web3"]
# As hosts without systemd, and with it
CASES = {"2.19": False, "2.20": True, "2.21": True}


# Until a command is ended that does not end by itself, and a BEAM has booted
SECONDS = 5


def recap(output: str) -> dict[str, dict[str, int]]:
    """Of each host: how many tasks were ok, changed, failed and so on."""
    lines = re.findall(r"^(\S+) +: (ok=.*)$", output, re.MULTILINE)
    return {host.split(".")[0]: {word: int(count) for word, count in re.findall(r"(\w+)=(\d+)", counts)} for host, counts in lines}


@pytest.fixture(scope="module", params=CASES)
def at(request, desk):
    if not (pages.ROOT / f".cache/installed/core-{request.param}").is_dir():
        pytest.skip(f"no Python for ansible-core {request.param} is found")
    return desk(request.param, CASES[request.param])


def versions(at) -> list[str]:
    return [json.loads(at.fetch(host, "http://127.0.0.1:4000/version"))["version"] for host in HOSTS]


def commands(page: str, *wanted: str) -> list[str]:
    """Those that are tried in one of these ways."""
    return [command.text for command in pages.commands(page) if ways.way_of(command.text) in wanted]


@pytest.fixture
def check_and_deploy():
    check, deploy = commands("README.md", ways.PLAYBOOK)[:2]
    assert check.startswith(deploy) and check.endswith("--check --diff")
    return check, deploy


def test_it_is_the_installed_collection_and_this_core(at):
    assert f"core {at.core}." in at.run("ansible --version").output
    documented = at.run("ansible-doc --json beamops.elixir.elixir_release_wait")
    assert f"core-{at.core}/collections/ansible_collections/beamops/elixir/plugins/" in documented.output


def test_check_says_what_a_deploy_would_do_and_does_nothing(at, check_and_deploy):
    assert at.succeeds(check_and_deploy[0]).count("(check mode)") == len(HOSTS)
    assert [at.on(host, "test -e /opt/guestbook").rc for host in HOSTS] == [1, 1, 1]


def test_a_deploy_ends_with_the_table_and_serves(at, check_and_deploy):
    said = at.succeeds(check_and_deploy[1])
    header, *shown = (line.split() for block in pages.blocks("README.md") if block.text.startswith("HOST ") for line in block.text.splitlines())
    rows = [line.strip(' ",').split() for line in said.splitlines()]
    assert header in rows
    rows = rows[rows.index(header) + 1:][:len(HOSTS)]
    assert [row[0] for row in rows] == [row[0] for row in shown]
    assert all(re.fullmatch(r"- 0\.2\.0-[0-9a-f]{8} 0\.2\.0, pid \d+", " ".join(row[1:])) for row in rows)
    assert versions(at) == ["0.2.0"] * len(HOSTS)


def test_the_second_deploy_changes_nothing(at, check_and_deploy):
    said = at.succeeds(check_and_deploy[1])
    assert {host: counts["changed"] for host, counts in recap(said).items()} == dict.fromkeys(HOSTS, 0)


@pytest.mark.parametrize("at", ["2.20"], indirect=True)
def test_the_commands_on_ci_and_troubleshooting(at):
    (at.directory / ".vault-password").write_text("a password\n")
    [encrypt] = commands("docs/ci.md", ways.DESK)
    deploy, unlock, rollback, check = commands("docs/ci.md", ways.PLAYBOOK)
    at.succeeds(encrypt)
    assert (at.directory / ".env.production").read_text().startswith("$ANSIBLE_VAULT;")
    for command in (check, deploy):
        assert {counts["changed"] for counts in recap(at.succeeds(command)).values()} == {0}
    at.succeeds(unlock)
    [status] = commands("docs/troubleshooting.md", ways.PLAYBOOK)
    # Nothing older is there
    assert "This host has no good release" in at.run(rollback).output
    assert at.succeeds(status).count("0.2.0-") >= len(HOSTS)


def try_on(at, host: str, command: str) -> None:
    way, rc, options = ways.way_of(command), 0, []
    if way in (ways.ENDLESS, ways.TERMINAL):
        # Behind sudo: nobody but root may end what root runs
        command, rc = re.sub(r"^(sudo (?:-u \w+ )?)?", rf"\1timeout {'--foreground ' if way == ways.TERMINAL else ''}{SECONDS} ", command), 124
        options = ["-tt"] if way == ways.TERMINAL else []
    if way == ways.EDITOR:
        command, options = command.replace("sudo ", "sudo SYSTEMD_EDITOR=true "), ["-tt"]
    said = at.on(host, command, *options)
    assert said.rc == rc, f"{command}: {said.output}"
    if way == ways.TERMINAL:
        assert "Interactive Elixir" in said.output
    elif way == ways.ENDLESS:
        assert said.output


@pytest.mark.parametrize("at", ["2.19"], indirect=True)
def test_the_fleet_is_watched_and_taken_back(at, check_and_deploy):
    _check, deploy, status, logs, history, rollback = commands("README.md", ways.PLAYBOOK)
    at.release("0.3.0")
    at.succeeds(deploy)
    assert re.findall(r"^[ \",]*(\w+)\.example\.com +0\.3\.0 +\d+ ", at.succeeds(status), re.MULTILINE) == HOSTS
    assert at.succeeds(logs).count("0.3.0") >= len(HOSTS)
    at.succeeds(rollback)
    assert versions(at) == ["0.2.0"] * len(HOSTS)
    assert "rollback" in at.succeeds(history)


# On a host, of those on this page that are about a daemon, and all others
DAEMONS = "erlang.log"


@pytest.mark.parametrize("at", ["2.19"], indirect=True)
def test_the_commands_on_operating_a_daemon(at):
    for command in commands("docs/operating.md", ways.HOST, ways.TERMINAL, ways.ENDLESS):
        if "systemctl" not in command and "journalctl" not in command and "systemd-" not in command:
            try_on(at, "web1", command)


@pytest.mark.parametrize("at", ["2.21"], indirect=True)
def test_the_commands_on_operating_a_service(at):
    for command in commands("docs/operating.md", ways.HOST, ways.TERMINAL, ways.ENDLESS, ways.EDITOR):
        if DAEMONS not in command:
            try_on(at, "web1", command)
    for command in commands("docs/operating.md", ways.DESK):
        at.succeeds(command)


@pytest.fixture(scope="module")
def newest():
    return [core for core in CASES if (pages.ROOT / f".cache/installed/core-{core}").is_dir()][-1]


@at_length
def test_the_commands_on_blue_green(desk, newest):
    page = "docs/zero-downtime.md"
    at = desk(newest, True, page)
    proxy, first, second, rollback = commands(page, ways.PLAYBOOK)
    slot, *on_the_host = commands(page, ways.HOST, ways.ENDLESS)
    for command in (proxy, first):
        at.succeeds(command)
    assert at.on("web1", slot).output.strip() == "blue"
    at.release("0.3.0")
    at.succeeds(second)
    assert at.on("web1", slot).output.strip() == "green"
    for command in on_the_host:
        try_on(at, "web1", command)
    at.succeeds(rollback)
    assert at.on("web1", slot).output.strip() == "blue"
    assert json.loads(at.fetch("web1", "http://127.0.0.1:4000/version"))["version"] == "0.2.0"


def test_the_commands_on_one_ordinary_user(desk):
    page = "docs/from-the-script.md"
    at = desk("2.19", False, page)
    [deploy] = [command for command in commands(page, ways.PLAYBOOK) if "one-user" in command]
    at.succeeds(deploy)
    assert at.on("web1", "stat --format %U /home/deploy/guestbook/current/bin/guestbook").output.strip() == "deploy"
    assert json.loads(at.fetch("web1", "http://127.0.0.1:4000/version"))["version"] == "0.2.0"
