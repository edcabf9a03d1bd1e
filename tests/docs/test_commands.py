# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The commands that the pages show, as far as they can be tried without hosts."""

from __future__ import annotations

import re
import subprocess

import pytest
import yaml
from ansible_collections.beamops.elixir.tests.docs import pages, ways

COMMANDS = [command for page in pages.PAGES for command in pages.commands(page)]


def of_ci() -> list[pages.Command]:
    """Those of the workflows to copy."""
    found = []
    for path in sorted((pages.ROOT / "examples/ci").glob("*.yml")):
        page = str(path.relative_to(pages.ROOT))
        for job in (value for value in yaml.safe_load(path.read_text()).values() if isinstance(value, dict)):
            for step in [*job.get("script", []), *(step.get("run", "") for task in job.values() if isinstance(task, dict) for step in task.get("steps", []))]:
                found += [pages.Command(page, 0, line) for line in step.splitlines() if line.startswith("ansible-playbook ")]
    return found


def files(page: str) -> dict[str, str]:
    """What the page says, or else the README."""
    return {**pages.files("README.md"), **(pages.files(page) if page.endswith(".md") else {})}


# Each once
PLAYBOOKS = {(command.text, str(files(command.page))): command for command in COMMANDS + of_ci() if ways.way_of(command.text) == ways.PLAYBOOK}.values()


def test_there_are_commands():
    assert len(COMMANDS) > 40
    assert [command.page for command in of_ci()] == ["examples/ci/github.yml", "examples/ci/gitlab.yml"]


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_there_is_a_way_to_try_it(command):
    assert ways.way_of(command.text)


@pytest.mark.parametrize("way", dict(ways.WAYS).values())
def test_each_way_is_that_of_some_command(way):
    assert any(ways.way_of(command.text) == way for command in COMMANDS)


@pytest.mark.parametrize("command", PLAYBOOKS, ids=str)
def test_ansible_takes_it(command, tmp_path, monkeypatch):
    for name, text in files(command.page).items():
        (tmp_path / name).write_text(text)
    (tmp_path / ".vault-password").write_text("secret\n")
    monkeypatch.setenv("ANSIBLE_COLLECTIONS_PATH", str(pages.ROOT / ".ansible/collections"))
    # What reads its output wants one, or makes up for its exit code
    line = re.split(r" (?:\||\|\||>/dev/null) ", command.text)[0].replace("ansible-playbook ", "ansible-playbook --syntax-check ", 1)
    result = subprocess.run(line, shell=True, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert result.returncode == 0, result.stdout
    assert "WARNING" not in result.stdout
