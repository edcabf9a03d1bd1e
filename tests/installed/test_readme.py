# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The README's example, by each ansible-core that is supported: the commands that stand there, on servers that nothing was deployed to."""

from __future__ import annotations

import json
import re

import pytest
from ansible_collections.beamops.elixir.tests.docs import pages

HOSTS = ["web1", "web2", "web3"]
# As hosts without systemd, and with it
CASES = {"2.19": False, "2.20": True, "2.21": True}


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


@pytest.fixture
def check_and_deploy(at):
    check, deploy = at.commands("ansible-playbook")
    assert check.startswith(deploy) and check.endswith("--check --diff")
    return check, deploy


def test_it_is_the_installed_collection_and_this_core(at):
    assert f"core {at.core}." in at.run("ansible --version").output
    documented = at.run("ansible-doc --json beamops.elixir.elixir_release_wait")
    assert f"core-{at.core}/collections/ansible_collections/beamops/elixir/plugins/" in documented.output


def test_check_says_what_a_deploy_would_do_and_does_nothing(at, check_and_deploy):
    said = at.run(check_and_deploy[0])
    assert said.rc == 0, said.output
    assert said.output.count("(check mode)") == len(HOSTS)
    assert [at.on(host, "test -e /opt/guestbook").rc for host in HOSTS] == [1, 1, 1]


def test_a_deploy_ends_with_the_table_and_serves(at, check_and_deploy):
    said = at.run(check_and_deploy[1])
    assert said.rc == 0, said.output
    header, *shown = (line.split() for block in pages.blocks("README.md") if block.text.startswith("HOST ") for line in block.text.splitlines())
    rows = [line.strip(' ",').split() for line in said.output.splitlines()]
    assert header in rows
    rows = rows[rows.index(header) + 1:][:len(HOSTS)]
    assert [row[0] for row in rows] == [row[0] for row in shown]
    assert all(re.fullmatch(r"- 0\.1\.0-[0-9a-f]{8} 0\.1\.0, pid \d+", " ".join(row[1:])) for row in rows)
    assert versions(at) == ["0.1.0"] * len(HOSTS)


def test_the_second_deploy_changes_nothing(at, check_and_deploy):
    said = at.run(check_and_deploy[1])
    assert said.rc == 0, said.output
    assert {host: counts["changed"] for host, counts in recap(said.output).items()} == dict.fromkeys(HOSTS, 0)


# The Molecule scenarios have updates by the other two.
@pytest.mark.parametrize("at", ["2.20"], indirect=True)
def test_an_update(at, check_and_deploy):
    at.release("0.2.0")
    said = at.run(check_and_deploy[1])
    assert said.rc == 0, said.output
    assert versions(at) == ["0.2.0"] * len(HOSTS)
