# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ansible-builder finds in the tarball, when it makes an image of a controller with this collection in it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]


def test_it_wants_ssh_and_no_package_of_python(tmp_path):
    tarball = subprocess.check_output([ROOT / "tools/build"], text=True).strip()
    subprocess.run(["ansible-galaxy", "collection", "install", tarball, "--collections-path", tmp_path], check=True, capture_output=True)
    found = yaml.safe_load(subprocess.check_output([ROOT / ".venv-galaxy/bin/ansible-builder", "introspect", tmp_path], text=True))
    assert found["python"] == []
    assert [line.split("  #")[0] for line in found["system"]] == ["openssh-client [platform:dpkg]", "openssh-clients [platform:rpm]"]
