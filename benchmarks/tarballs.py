# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tarballs of the example that no host has seen: real builds, and builds with another content that take no build."""

from __future__ import annotations

import io
import pathlib
import subprocess
import tarfile
import uuid

from ansible_collections.beamops.elixir.benchmarks.places import CHECKOUT, WORK

VERSIONS = ("0.1.0", "0.2.0")


def build(version: str, salt: str = "") -> pathlib.Path:
    """Two salts make two builds that differ in one line of the application's code."""
    argv = [str(CHECKOUT / "examples" / "guestbook" / "build"), version, *(["--salt", salt] if salt else [])]
    built = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if built.returncode:
        raise RuntimeError(f"{' '.join(argv)}: {built.stderr}")
    return pathlib.Path(built.stdout.splitlines()[-1])


def fresh(version: str) -> pathlib.Path:
    """The build of that version with a file of its own in it."""
    target = WORK / "tarballs" / uuid.uuid4().hex[:8] / f"guestbook-{version}.tar.gz"
    target.parent.mkdir(parents=True)
    text = f"{target.parent.name}\n".encode()
    with tarfile.open(build(version)) as old, tarfile.open(target, "w:gz", compresslevel=6) as new:
        for member in old:
            new.addfile(member, old.extractfile(member) if member.isfile() else None)
        member = tarfile.TarInfo(f"releases/{version}/benchmark.txt")
        member.size, member.mode = len(text), 0o644
        new.addfile(member, io.BytesIO(text))
    return target
