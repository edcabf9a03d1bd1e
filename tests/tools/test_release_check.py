# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""tools/release-check, in a copy of this repository that is ready for its next release, and with one fault each."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
VERSION = "90.1.10"
GIT = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]


class Repository:
    def __init__(self, path: Path):
        self.path = path

    def run(self, *command: str) -> str:
        return subprocess.run(command, cwd=self.path, check=True, capture_output=True, text=True).stdout

    def git(self, *arguments: str) -> str:
        return self.run(*GIT, *arguments)

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "A change")

    def write(self, name: str, text: str) -> None:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def replace(self, name: str, old: str, new: str) -> None:
        text = (self.path / name).read_text()
        assert old in text
        self.write(name, text.replace(old, new))

    def check(self, *checks: str) -> tuple[int, str]:
        result = subprocess.run(["tools/release-check", *checks], cwd=self.path, capture_output=True, text=True, check=False)
        assert result.stderr == ""
        return result.returncode, result.stdout


def copy_of_the_checkout(path: Path) -> Repository:
    """With what is not committed yet."""
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).exists():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, path / name, follow_symlinks=False)
    for venv in (".venv", ".venv-galaxy"):
        (path / venv).symlink_to(ROOT / venv)
    return Repository(path)


@pytest.fixture(scope="session")
def ready(tmp_path_factory):
    """As CONTRIBUTING.md says that a release is made."""
    repository = copy_of_the_checkout(tmp_path_factory.mktemp("ready"))
    current = next(line for line in (repository.path / "galaxy.yml").read_text().splitlines() if line.startswith("version: "))
    repository.replace("galaxy.yml", current, f"version: {VERSION}")
    repository.write("changelogs/fragments/of-the-test.yml", "bugfixes: [A release of the test.]\n")
    repository.run("antsibull-changelog", "release")
    repository.git("init", "--quiet")
    repository.commit()
    return repository


@pytest.fixture
def repository(ready, tmp_path):
    shutil.copytree(ready.path, tmp_path / "copy", symlinks=True, ignore=shutil.ignore_patterns(".cache"))
    return Repository(tmp_path / "copy")


def assert_fails(repository: Repository, check: str, *words: str) -> None:
    """The words are what was found, and what to do."""
    rc, said = repository.check(check)
    assert rc == 1
    assert f"{check:13} FAILED" in said
    assert "    To do: " in said
    for word in (*words, f"{VERSION} cannot be released"):
        assert word in said


def test_what_is_ready_can_be_released_before_and_after_the_tag(ready):
    rc, said = ready.check()
    assert (rc, said.count(" ok\n")) == (0, 5), said
    assert f"{VERSION} can be released: " in said
    ready.git("tag", "--annotate", VERSION, "--message", "A release")
    try:
        assert ready.check("tree", "tag", "changelog")[0] == 0
    finally:
        ready.git("tag", "--delete", VERSION)


def test_a_file_that_is_not_committed(repository):
    repository.write("roles/elixir_release/tasks/forgotten.yml", "---\n")
    assert_fails(repository, "tree", "?? roles/elixir_release/tasks/forgotten.yml", "commit, stash or remove")


def test_a_change_that_is_not_committed(repository):
    repository.replace("README.md", "# beamops.elixir", "# another")
    assert_fails(repository, "tree", " M README.md", "commit, stash or remove")


def test_a_tag_of_another_version(repository):
    repository.git("tag", "90.2.0")
    assert_fails(repository, "tag", "has the tag 90.2.0", f"galaxy.yml has version: {VERSION}", "git tag -d")


def test_two_tags(repository):
    repository.git("tag", "90.2.0")
    repository.git("tag", VERSION)
    assert_fails(repository, "tag", f"has the tag {VERSION}, 90.2.0", "git tag -d")


def test_a_version_that_was_released_from_another_commit(repository):
    repository.git("tag", VERSION)
    released = repository.git("rev-parse", "--short", "HEAD").strip()
    repository.commit()
    assert_fails(repository, "tag", f"already at another commit, {released}", "set a higher version")


def test_a_fragment_that_is_left(repository):
    repository.write("changelogs/fragments/11-late.yml", "bugfixes: [something]\n")
    assert_fails(repository, "changelog", "changelogs/fragments/11-late.yml", "make changelog")


def test_a_version_that_the_changelog_does_not_know(repository):
    """Though 90.1.10 begins in the same way."""
    repository.replace("galaxy.yml", f"version: {VERSION}", "version: 90.1.1")
    rc, said = repository.check("changelog")
    assert rc == 1
    assert "CHANGELOG.md has no heading for 90.1.1 " in said and "make changelog" in said


def test_what_is_not_for_the_tarball(repository):
    repository.write("notes/todo.txt", "to do\n")
    repository.commit()
    assert_fails(repository, "importer", "build_ignore in galaxy.yml lacks: notes")


def test_a_build_that_is_another_one_each_time(repository):
    repository.replace("tools/reproducible.py", "packed = repack(file.read(), int(seconds))", "packed = file.read()")
    repository.commit()
    assert_fails(repository, "reproducible", "two clones of this commit make two tarballs", "tools/reproducible.py")


def test_a_build_that_fails(repository):
    repository.replace("galaxy.yml", "namespace: beamops", "namespace: -")
    repository.commit()
    assert_fails(repository, "reproducible", "does not build", "make build")


def test_a_check_that_there_is_not(repository):
    result = subprocess.run(["tools/release-check", "tags"], cwd=repository.path, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (2, "")
    assert "tools/release-check CHECK..." in result.stderr
