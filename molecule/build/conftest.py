# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import tarfile
import typing as t

import pytest
import yaml

from ansible_collections.beamops.elixir.molecule.conftest import PROJECT, at_length, run_playbook

GUESTBOOK = PROJECT / "examples" / "guestbook"
SUITE = os.environ.get("BEAMOPS_SUITE", "bookworm")
IDENTITY = ["-c", "user.name=Kai", "-c", "user.email=kai@example.com"]


class Project:
    """A mix project under git, as a developer has it."""

    def __init__(self, path: pathlib.Path):
        self.path = path
        for name in ("config", "lib", "rel"):
            shutil.copytree(GUESTBOOK / name, path / name)
        shutil.copy(GUESTBOOK / "mix.exs", path)
        self.write(".gitignore", "/_build/\n/deps/\n")
        self.git("init", "--quiet")
        self.commit()

    def write(self, name: str, text: str) -> None:
        (self.path / name).parent.mkdir(parents=True, exist_ok=True)
        (self.path / name).write_text(text)

    def replace(self, name: str, old: str, new: str) -> None:
        text = (self.path / name).read_text()
        assert old in text
        self.write(name, text.replace(old, new))

    def git(self, *arguments: str) -> str:
        return subprocess.check_output(["git", "-C", self.path, *IDENTITY, *arguments], text=True)

    def commit(self) -> str:
        self.git("add", "--all", "--force", ".")
        self.git("commit", "--quiet", "--message", "As it is")
        return self.git("rev-parse", "HEAD").strip()

    def tarballs(self) -> list[pathlib.Path]:
        return sorted((self.path / "_build" / "prod").glob("*.tar.gz"))

    def built(self, member: str) -> bytes:
        """A file of the one tarball that there is."""
        (path,) = self.tarballs()
        with tarfile.open(path) as archive:
            return archive.extractfile(next(name for name in archive.getnames() if name.endswith(member))).read()


@pytest.fixture
def project(tmp_path) -> Project:
    (tmp_path / "guestbook").mkdir()
    return Project(tmp_path / "guestbook")


@pytest.fixture
def play(project):
    """A playbook about that project, for the hosts of one Debian release and with what builds for it."""

    def run(name: str, *options: str, **variables: t.Any):
        builder = {"elixir_release_build_image": f"beamops/builder:{SUITE}"}
        return run_playbook(name, *options, **{"elixir_release_project": str(project.path), **builder, **variables})

    return run


def dockers() -> t.Iterator[pathlib.Path]:
    for directory in os.get_exec_path():
        if os.access(pathlib.Path(directory) / "docker", os.X_OK):
            yield pathlib.Path(directory) / "docker"


def has_buildkit(docker: pathlib.Path) -> bool:
    version = subprocess.run([docker, "version", "--format", "{{.Client.Version}}"], stdout=subprocess.PIPE, text=True, check=False).stdout
    return int(version.partition(".")[0] or 99) < 23 or subprocess.run([docker, "buildx", "version"], capture_output=True, check=False).returncode == 0


@pytest.fixture
def with_buildkit(monkeypatch, tmp_path):
    docker = next(filter(has_buildkit, dockers()), None)
    if not docker:
        pytest.skip("no docker on the PATH has BuildKit")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "docker").symlink_to(docker)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    monkeypatch.setenv("DOCKER_BUILDKIT", "1")


@pytest.fixture
def without_buildkit(monkeypatch):
    monkeypatch.setenv("DOCKER_BUILDKIT", "0")


@pytest.fixture(params=["with_buildkit", pytest.param("without_buildkit", marks=at_length)])
def either_way(request):
    request.getfixturevalue(request.param)


@pytest.fixture
def no_engine(monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")


@pytest.fixture(scope="session")
def builder(fleet):
    """A build host; runs a command there as root."""
    subprocess.run([PROJECT / "molecule" / "build" / "start-builder", fleet.name, SUITE], check=True)
    return lambda command: subprocess.check_output(["docker", "exec", f"beamops-{fleet.name}-builder1", "sh", "-c", command], text=True)


@pytest.fixture(scope="session")
def older_host():
    """An inventory with a host of an older Debian in the same group."""
    name = "molecule-build-old"
    subprocess.run([PROJECT / "tools" / "images", "bullseye"], check=True)
    subprocess.run([PROJECT / "tools" / "fleet", "up", name, "--suite", "bullseye", "--hosts", "1"], check=True)
    hosts = yaml.safe_load((PROJECT / ".cache" / "fleets" / name / "inventory" / "hosts.yml").read_text())["all"]
    inventory = PROJECT / ".cache" / "fleets" / name / "elixir.yml"
    inventory.write_text(yaml.safe_dump({"elixir": {"hosts": {"old1": {**hosts["vars"], **hosts["children"]["elixir"]["hosts"]["web1"]}}}}))
    yield str(inventory)
    subprocess.run([PROJECT / "tools" / "fleet", "down", name], check=True)
