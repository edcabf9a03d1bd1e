# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page as it stands, and a project directory in which its commands are run."""

from __future__ import annotations

import pathlib
import re
import shlex
import shutil
import subprocess
import typing as t

import pytest
import yaml

from ansible_collections.beamops.elixir.molecule.conftest import INVENTORY, PROJECT, Run
from ansible_collections.beamops.elixir.molecule.visitors import Web

NAME = "web1.example.com"


class Page(t.NamedTuple):
    text: str

    def blocks(self, language: str) -> list[str]:
        return re.findall(rf"^```{language}\n(.*?)^```$", self.text, re.MULTILINE | re.DOTALL)

    def commands(self) -> list[str]:
        """Without the comments behind them."""
        lines = [line[2:] for block in self.blocks("console") for line in block.splitlines() if line.startswith("$ ")]
        return [line.partition(" #")[0].strip() for line in lines]


class Project(t.NamedTuple):
    """Where a user of the collection is."""

    path: pathlib.Path

    def has(self, version: str, tarball: str) -> None:
        """After `mix release`."""
        mix = (PROJECT / "examples" / "guestbook" / "mix.exs").read_text()
        (self.path / "mix.exs").write_text(mix.replace('version: "0.1.0"', f'version: "{version}"'))
        folder = self.path / "_build" / "prod"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        shutil.copy(tarball, folder)

    def run(self, command: str) -> Run:
        arguments = shlex.split(command)
        done = subprocess.run(
            arguments, cwd=self.path, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        return Run(done.returncode, done.stdout)


@pytest.fixture(scope="session")
def page() -> Page:
    text = (PROJECT / "docs" / "zero-downtime.md").read_text()
    return Page(text.partition("## From a server with nginx to the first deploy\n")[2].partition("\n## ")[0])


@pytest.fixture(scope="session")
def reached() -> dict[str, t.Any]:
    """How web1 is reached."""
    inventory = yaml.safe_load((INVENTORY / "hosts.yml").read_text())["all"]
    return {**inventory["vars"], **inventory["children"]["elixir"]["hosts"]["web1"]}


@pytest.fixture(scope="session")
def web(reached) -> Web:
    return Web(reached["web_port"])


@pytest.fixture(scope="session")
def project(fleet, page, reached) -> Project:
    """The inventory is the page's. How the test's host is reached, whose name nobody resolves, stands beside it, and that the test speaks TLS."""
    path = fleet / "project"
    (path / "host_vars").mkdir(parents=True, exist_ok=True)
    (path / "hosts.yml").write_text(page.blocks("yaml")[0])
    (path / "host_vars" / f"{NAME}.yml").write_text(yaml.safe_dump({**reached, "elixir_release_proxy_trusted": ["0.0.0.0/0"]}))
    shutil.copy(fleet / "env.production", path / ".env.production")
    return Project(path)
