# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import select
import signal
import subprocess
import time
import typing as t

import pytest

from ansible_collections.beamops.elixir.molecule.conftest import command_of

QUIET = {"ANSIBLE_STDOUT_CALLBACK": "beamops.elixir.quiet"}
CTRL_C = b"\x03"


class Answer(t.NamedTuple):
    rc: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def data(self) -> dict[str, t.Any]:
        return json.loads(self.out)

    def of(self, host: str) -> list[str]:
        """The lines that begin with it."""
        return [line for line in self.lines if line.split()[:1] == [host]]


@pytest.fixture(scope="session")
def ask(secrets):
    """One of the playbooks, with nothing on standard output but what it has to say. None of them says a secret."""

    def run(name, *options, **variables):
        environ = {**os.environ, **QUIET}
        pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
        ran = subprocess.run(command_of(name, *options, **variables), stdout=pipe, stderr=pipe, stdin=nothing, env=environ, text=True, check=False)
        assert [secret for secret in secrets if secret in ran.stdout + ran.stderr] == []
        return Answer(ran.returncode, ran.stdout, ran.stderr)

    return run


@pytest.fixture(scope="session")
def everywhere(playbook, tarballs):
    """A deploy to all hosts at once, as converge.yml does it."""

    def run(build, *options, name="deploy", **variables):
        common = {
            "elixir_release_service_manager": "{{ 'daemon' if inventory_hostname == 'web3' else 'auto' }}",
            "elixir_release_overlap": "{{ inventory_hostname == 'web3' }}",
            "elixir_release_batches": ["100%"],
            "elixir_release_rollback_migrations": "warn",
        }
        return playbook(name, *options, **{**common, **({"elixir_release_tarball": tarballs[build]} if build else {}), **variables})

    return run


@pytest.fixture(scope="session")
def container_of(fleet):
    """What root does on a host that Ansible does not get to any more."""

    def run(host, command):
        subprocess.run(["docker", "exec", f"beamops-{fleet.name}-{host}", "sh", "-c", command], check=True, stdout=subprocess.DEVNULL)

    return run


class Terminal:
    """A command that a person runs in a terminal."""

    def __init__(self, command: str):
        self.said = b""
        self.pid, self.terminal = pty.fork()
        if not self.pid:
            os.execv("/bin/sh", ["sh", "-c", command])

    def type(self, text: bytes) -> None:
        os.write(self.terminal, text)

    def says(self, pattern: str, seconds: float = 20) -> re.Match[str] | None:
        """Whether it comes to that."""
        deadline = time.monotonic() + seconds
        while not (found := re.search(pattern, self.said.decode(errors="replace"))) and time.monotonic() < deadline:
            if select.select([self.terminal], [], [], 0.1)[0]:
                with contextlib.suppress(OSError):
                    self.said += os.read(self.terminal, 65536)
        return found

    def ends(self, seconds: float = 10) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if os.waitpid(self.pid, os.WNOHANG)[0]:
                self.pid = 0
                return True
            self.says("$^", 0.1)
        return False

    def close(self) -> None:
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.terminal)


@pytest.fixture
def terminal():
    opened = []

    def run(command):
        opened.append(Terminal(command))
        return opened[-1]

    yield run
    for one in opened:
        one.close()
