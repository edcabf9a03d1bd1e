# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
import yaml

from ansible_collections.beamops.elixir.molecule.visitors import Visitors, Web


@pytest.fixture(scope="session")
def webs(fleet) -> dict[str, Web]:
    inventory = yaml.safe_load((fleet / "inventory" / "hosts.yml").read_text())["all"]["children"]["elixir"]["hosts"]
    return {name: Web(variables["web_port"]) for name, variables in inventory.items()}


@pytest.fixture
def visitors(webs):
    return lambda *names: Visitors({name: webs[name].port for name in names or webs})


@pytest.fixture(scope="session")
def variables_of():
    def common(limit):
        manager = {"elixir_release_service_manager": "daemon"} if limit == "web3" else {}
        return {"elixir_release_strategy": "blue_green", "elixir_release_proxy_server_names": ["guestbook.example.com"], **manager}

    return common


@pytest.fixture
def play(playbook, variables_of):
    def run(name, *options, limit="web1", **variables):
        return playbook(name, "--limit", limit, *options, **{**variables_of(limit), **variables})

    return run


@pytest.fixture(scope="session")
def slot():
    """The slot that nginx serves, as it says itself."""

    def asked(host):
        return host.os.check_output(
            "python3 -c 'import urllib.request as u; print(u.urlopen(\"http://127.0.0.1:4002/.elixir-release/slot\").read().decode())'"
        ).strip()

    return asked
