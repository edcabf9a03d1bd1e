# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# python tools/reproducible.py TARBALL SECONDS    writes a collection's tarball anew, so that the same content is the same bytes
#
# ansible-galaxy takes the files in the order of the directory, and the times of the build. Here they come sorted, and all from SECONDS (since 1970).
# How gzip packs them is zlib's affair: another zlib may write other bytes.

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import sys
import tarfile

FIRST = ("MANIFEST.json", "FILES.json")


def as_json(value) -> bytes:
    """As ansible-galaxy writes it."""
    return json.dumps(value, indent=True).encode()


def manifests(manifest: bytes, files: bytes) -> dict[str, bytes]:
    """FILES.json with its files sorted, and MANIFEST.json with its checksum."""
    listed = json.loads(files)
    listed["files"].sort(key=lambda file: file["name"])
    files = as_json(listed)
    described = json.loads(manifest)
    described["file_manifest_file"]["chksum_sha256"] = hashlib.sha256(files).hexdigest()
    return dict(zip(FIRST, (as_json(described), files)))


def in_order(member: tarfile.TarInfo) -> tuple:
    return member.name not in FIRST, member.name not in FIRST[:1], member.name


def repack(tarball: bytes, seconds: int) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(tarball)) as old, gzip.GzipFile(filename="", fileobj=packed, mode="wb", mtime=seconds) as zipped:
        rewritten = manifests(*(old.extractfile(name).read() for name in FIRST))
        with tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as new:
            for member in sorted(old.getmembers(), key=in_order):
                content = rewritten.get(member.name) or (old.extractfile(member).read() if member.isfile() else b"")
                # Where it keeps the time by the fraction of a second
                member.pax_headers.clear()
                member.mtime, member.size = seconds, len(content)
                new.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def main(path: str, seconds: str) -> None:
    with open(path, "rb") as file:
        packed = repack(file.read(), int(seconds))
    unfinished = path + ".unfinished"
    with open(unfinished, "wb") as file:
        file.write(packed)
    os.replace(unfinished, path)


if __name__ == "__main__":
    main(*sys.argv[1:])
