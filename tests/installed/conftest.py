# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a reader of the pages sits: a mix project with the files that a page says, the collection as it was installed, and servers."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess
import typing as t

import pytest
import yaml
from ansible_collections.beamops.elixir.tests.docs import pages

PROJECT = pages.ROOT
INSTALLED = PROJECT / ".cache/installed"
FLEET = PROJECT / ".cache/fleets/installed"
NAMES_OF_HOSTS = "web1 web2 web3".split()
FETCH = "import sys, urllib.request as u; print(u.urlopen(sys.argv[1]).read().decode())"
LIMIT = 600  # seconds, on a machine that does much else


class Run(t.NamedTuple):
    rc: int
    output: str


def run(command: str | list[str], **options: t.Any) -> Run:
    output = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    result = subprocess.run(command, shell=isinstance(command, str), stdin=subprocess.DEVNULL, timeout=LIMIT, check=False, **output, **options)
    return Run(result.returncode, result.stdout)


def build(version: str) -> pathlib.Path:
    """`mix release`, in a container."""
    return pathlib.Path(subprocess.check_output([PROJECT / "examples/guestbook/build", version], text=True).splitlines()[-1])


def ssh_config() -> str:
    """The names in the pages lead to the hosts of the fleet."""
    hosts = yaml.safe_load((FLEET / "inventory/hosts.yml").read_text())["all"]["children"]["elixir"]["hosts"]
    of_each = "".join(f"Host {name}.example.com\n  Hostname 127.0.0.1\n  Port {hosts[name]['ansible_port']}\n" for name in NAMES_OF_HOSTS)
    return of_each + f"Host *\n  User deploy\n  IdentityFile {FLEET}/id_ed25519\n  IdentitiesOnly yes\n  UserKnownHostsFile {FLEET}/known_hosts\n"


class Desk:
    """With servers to which nothing was deployed yet."""

    def __init__(self, directory: pathlib.Path, core: str, systemd: bool, page: str):
        self.directory, self.core, self.page = directory, core, page
        subprocess.run([PROJECT / "tools/fleet", "down", "installed"], check=True, capture_output=True)
        subprocess.run([PROJECT / "tools/fleet", "up", "installed", *(["--systemd"] if systemd else [])], check=True, capture_output=True)
        shutil.copy(PROJECT / "examples/guestbook/mix.exs", directory)
        shutil.copy(FLEET / "env.production", directory / ".env.production")
        (directory / "ssh_config").write_text(ssh_config())
        for name, text in pages.files(page).items():
            (directory / name).write_text(text)
        # As the README advises to who is in a hurry
        (directory / "group_vars").mkdir()
        (directory / "group_vars/elixir.yml").write_text("elixir_release_stable_for: 0\n")
        self.release("0.2.0")

    def release(self, version: str) -> None:
        """What `mix release` leaves, and the version in mix.exs."""
        mix_exs = self.directory / "mix.exs"
        mix_exs.write_text(re.sub(r'version: "[0-9.]+"', f'version: "{version}"', mix_exs.read_text()))
        built = self.directory / "_build/prod"
        built.mkdir(parents=True, exist_ok=True)
        shutil.copy(build(version), built)

    def run(self, command: str) -> Run:
        """In this environment's Ansible, which finds no collection but the one that was installed."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTEST_"))}
        venv = INSTALLED / f"core-{self.core}"
        environment.update(
            PATH=f"{venv}/bin:/usr/bin:/bin",
            ANSIBLE_COLLECTIONS_PATH=str(venv / "collections"),
            ANSIBLE_HOME=str(self.directory / ".ansible"),
            ANSIBLE_SSH_COMMON_ARGS=f"-F {self.directory}/ssh_config",
        )
        return run(command, cwd=self.directory, env=environment)

    def succeeds(self, command: str) -> str:
        said = self.run(command)
        assert said.rc == 0, f"{command}: {said.output}"
        return said.output

    def on(self, host: str, command: str, *options: str) -> Run:
        """The host has no curl; this is a stand-in."""
        command = re.sub(r"^curl (\S+)", rf"python3 -c '{FETCH}' \1", command)
        return run(["ssh", *options, "-F", str(self.directory / "ssh_config"), f"{host}.example.com", command])

    def fetch(self, host: str, url: str) -> str:
        answer = self.on(host, f"curl {url}")
        assert answer.rc == 0, answer.output
        return answer.output.strip()


@pytest.fixture(scope="session")
def desk(tmp_path_factory) -> t.Callable[..., Desk]:
    """One at a time, since there is one fleet: asked for the same once more, it is as the tests before have left it."""
    last: dict[tuple, Desk] = {}

    def sit_down(core: str, systemd: bool, page: str = "README.md") -> Desk:
        key = (core, systemd, page)
        if key not in last:
            last.clear()
            last[key] = Desk(tmp_path_factory.mktemp("desk"), *key)
        return last[key]

    return sit_down
