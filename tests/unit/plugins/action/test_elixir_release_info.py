# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import glob
import os
import pathlib
import subprocess
import sys

import pytest

PROJECT = pathlib.Path(__file__).resolve().parents[4]
OLD_PYTHONS = glob.glob(os.path.expanduser("~/.pyenv/versions/3.[67].*/bin/python"))


@pytest.mark.skipif(not OLD_PYTHONS, reason="no Python older than 3.8 is found")
def test_an_old_python_is_told_in_words(tmp_path):
    ansible = pathlib.Path(sys.executable).with_name("ansible")
    command = [str(ansible), "-i", "localhost,", "localhost", "-c", "local", "-e", f"ansible_python_interpreter={OLD_PYTHONS[0]}"]
    command += ["-m", "beamops.elixir.elixir_release_info", "-a", f"root={tmp_path}"]
    environ = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(PROJECT / ".ansible" / "collections")}
    result = subprocess.run(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert result.returncode != 0
    assert f"{OLD_PYTHONS[0]} on this host is Python 3." in result.stdout
    assert "too old for Ansible's modules" in result.stdout
    assert "Traceback" not in result.stdout
