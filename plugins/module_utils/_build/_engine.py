# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Docker engine of this machine, by its command line."""

from __future__ import annotations

import os
import re
import shutil
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _command, _host

LOOK_SECONDS = 30
# Older clients have BuildKit in themselves, newer ones as a component that may be missing
CLIENT_WITHOUT_BUILDX = 23
# As Go says it, whose word the engine has for a machine
MACHINES = {**_host.MACHINES, "386": "x86"}


class Engine(t.NamedTuple):
    version: str
    machine: str
    buildkit: bool


def look() -> Engine:
    """The engine that answers here."""
    if not shutil.which("docker"):
        raise ReleaseError(
            f"There is no `docker` in {os.environ.get('PATH')} on the build host: install Docker there, or name another host with elixir_release_build_host."
        )
    answer = run("version", "--format", "{{.Client.Version}} {{.Server.Version}} {{.Server.Arch}}", timeout=LOOK_SECONDS)
    if answer.rc != 0:
        said = (answer.stderr or answer.stdout).strip().splitlines()
        raise ReleaseError(
            f"No Docker engine answers on the build host: {said[-1] if said else 'docker version says nothing'} Start it, see that this user may use it "
            "(the group docker, or a rootless engine), or name another host with elixir_release_build_host."
        )
    client, server, machine = answer.stdout.split()
    return Engine(server, MACHINES.get(machine, machine), _has_buildkit(client))


def run(*argv: str, timeout: float, cwd: str = "/", buildkit: bool = False) -> _command.Result:
    """In the environment of this process: there it says which engine, and by which account of a registry."""
    env = {**os.environ, "DOCKER_BUILDKIT": str(int(buildkit)), "BUILDKIT_PROGRESS": "plain"}
    return _command.run(["docker", *argv], env=env, cwd=cwd, account=_command.account(None), timeout=timeout)


def newest_image(pattern: str) -> str | None:
    """The image that the engine has of those, by name and tag: of the same versions, the one with the latest date."""
    answer = run("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "--filter", f"reference={pattern}", timeout=LOOK_SECONDS)
    return max(answer.stdout.split(), default=None)


def _has_buildkit(client: str) -> bool:
    if os.environ.get("DOCKER_BUILDKIT") == "0":
        return False
    major = re.match(r"\d+", client)
    if major and int(major.group()) < CLIENT_WITHOUT_BUILDX:
        return True
    return run("buildx", "version", timeout=LOOK_SECONDS).rc == 0
