# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs task files of the role against this machine, with a real ansible-playbook."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

import pytest

PROJECT = pathlib.Path(__file__).resolve().parents[4]


@pytest.fixture
def place(tmp_path):
    return tmp_path


@pytest.fixture
def play(tmp_path):
    """Runs a task file of the role, with these variables; or other tasks in its place, which see the role's variables."""

    def run(tasks_from, *options, tasks=(), cwd=None, environ=None, stderr=subprocess.STDOUT, **variables):
        role = {"import_role": {"name": "beamops.elixir.elixir_release", "tasks_from": tasks_from}}
        whole = {"hosts": "all", "connection": "local", "gather_facts": False, "vars": variables, "tasks": [role, *tasks]}
        directory = tmp_path / "playbooks"
        directory.mkdir(exist_ok=True)
        (directory / "play.yml").write_text(json.dumps([whole]))
        command = [str(pathlib.Path(sys.executable).with_name("ansible-playbook")), "-i", "localhost,", str(directory / "play.yml"), *options]
        command += ["-e", f"ansible_python_interpreter={sys.executable}", "-e", "elixir_release_name=guestbook"]
        environ = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(PROJECT / ".ansible" / "collections"), "ANSIBLE_NOCOLOR": "1", **(environ or {})}
        return subprocess.run(command, cwd=cwd, env=environ, stdout=subprocess.PIPE, stderr=stderr, text=True, check=False)

    return run
