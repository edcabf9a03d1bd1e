# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""tools/reproducible.py, on tarballs that ansible-galaxy builds from the same files, made in another order at another time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[2] / "tools/reproducible.py"
FILES = ["README.md", "playbooks/b.yml", "playbooks/a.yml", "plugins/modules/z.py", "plugins/modules/" + 120 * "a" + ".py"]
GALAXY = "{namespace: beamops, name: sample, version: 1.0.0, readme: README.md, authors: [we]}\n"


def build(directory: Path, files: list[str], mtime: float, mode: int) -> Path:
    """As ansible-galaxy builds it, from a directory made with `files` in that order."""
    for name in files:
        path = directory / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
        path.chmod(mode)
        os.utime(path, (mtime, mtime))
    (directory / "source/galaxy.yml").write_text(GALAXY)
    subprocess.run(["ansible-galaxy", "collection", "build", "--output-path", directory / "built", directory / "source"], check=True, capture_output=True)
    return directory / "built/beamops-sample-1.0.0.tar.gz"


@pytest.fixture(scope="module")
def tarballs(tmp_path_factory):
    return [
        build(tmp_path_factory.mktemp("one"), FILES, 1_700_000_000.25, 0o644),
        build(tmp_path_factory.mktemp("two"), FILES[::-1], 1_800_000_000.5, 0o600),
    ]


@pytest.fixture(scope="module")
def written_anew(tarballs):
    """What they were and what they are."""
    before = [tarball.read_bytes() for tarball in tarballs]
    for tarball in tarballs:
        subprocess.run([sys.executable, TOOL, tarball, "1750000000"], check=True)
    return before, [tarball.read_bytes() for tarball in tarballs]


def test_the_same_files_are_the_same_bytes(written_anew):
    before, after = written_anew
    assert before[0] != before[1]
    assert after[0] == after[1]


def test_nothing_is_left_beside_it(written_anew, tarballs):
    assert [path.name for path in tarballs[0].parent.iterdir()] == ["beamops-sample-1.0.0.tar.gz"]


def test_the_manifests_lead_and_the_rest_is_sorted_and_of_one_time(written_anew, tarballs):
    with tarfile.open(tarballs[0]) as tarball:
        names = tarball.getnames()
        assert {member.mtime for member in tarball} == {1_750_000_000}
        listed = [file["name"] for file in json.load(tarball.extractfile("FILES.json"))["files"]]
    assert names[:2] == ["MANIFEST.json", "FILES.json"]
    assert names[2:] == sorted(names[2:]) and set(FILES) < set(names)
    assert listed == sorted(listed) and set(FILES) < set(listed)


def test_ansible_galaxy_installs_it_and_finds_its_checksums_right(written_anew, tarballs, tmp_path):
    path = ["--collections-path", tmp_path]
    subprocess.run(["ansible-galaxy", "collection", "install", tarballs[1], *path], check=True, capture_output=True)
    subprocess.run(["ansible-galaxy", "collection", "verify", "--offline", "beamops.sample", *path], check=True, capture_output=True)
    for name in FILES:
        assert (tmp_path / "ansible_collections/beamops/sample" / name).read_text() == name
