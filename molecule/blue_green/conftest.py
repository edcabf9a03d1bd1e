# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import http.client
import json
import threading
import typing as t
import urllib.request

import pytest
import yaml

NAMES = ("guestbook.example.com", "https")


class Web:
    """The application on one host as its users have it: through nginx."""

    def __init__(self, port: int):
        self.port = port

    def get(self, path: str, timeout: float = 10) -> str:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers={"Host": NAMES[0], "X-Forwarded-Proto": NAMES[1]})
        with urllib.request.urlopen(request, timeout=timeout) as response:
            return response.read().decode()

    def version(self) -> str:
        return json.loads(self.get("/version"))["version"]


class Visitors:
    """Ask again and again on one kept connection a host, and count what is lost."""

    def __init__(self, webs: t.Mapping[str, Web]):
        self.webs = webs
        self.answered = {name: 0 for name in webs}
        self.lost: dict[str, list[str]] = {name: [] for name in webs}
        self.versions: dict[str, list[str]] = {name: [] for name in webs}
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.visit, args=(name, kind)) for name in webs for kind in ("GET", "POST")]

    def __enter__(self) -> Visitors:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join()

    def visit(self, name: str, kind: str) -> None:
        connection = None
        while not self.over.wait(0.01):
            try:
                connection = connection or http.client.HTTPConnection("127.0.0.1", self.webs[name].port, timeout=15)
                headers = {"Host": NAMES[0], "X-Forwarded-Proto": NAMES[1]}
                path, body = ("/version", None) if kind == "GET" else ("/echo", b"x" * 200)
                connection.request(kind, path, body=body, headers=headers)
                response = connection.getresponse()
                text = response.read()
                assert response.status == 200, response.status
                self.answered[name] += 1
                version = json.loads(text)["version"]
                if [version] != self.versions[name][-1:]:
                    self.versions[name].append(version)
            except (OSError, ValueError, AssertionError, http.client.HTTPException) as error:
                self.lost[name].append(f"{kind}: {error!r}")
                connection = None


@pytest.fixture(scope="session")
def webs(fleet) -> dict[str, Web]:
    inventory = yaml.safe_load((fleet / "inventory" / "hosts.yml").read_text())["all"]["children"]["elixir"]["hosts"]
    return {name: Web(variables["web_port"]) for name, variables in inventory.items()}


@pytest.fixture
def visitors(webs):
    return lambda *names: Visitors({name: webs[name] for name in names or webs})


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
