# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What hosts lack of a tarball. Made once for all hosts that have the same, by the first task that needs it."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import hashlib
import os

from ansible import constants

from ansible_collections.beamops.elixir.plugins.module_utils._tarball import _contents, _delta

# It is sent as an argument of the module, with no file and no further way to the host
MOST_BYTES = 1 << 20


def of(tarball, sha256, files):
    """The delta in base64, None where it would be so large that the tarball itself is the better way."""
    there = hashlib.sha256(files.encode()).hexdigest()
    with _made_once(f"elixir_release-{sha256[:16]}-{there[:16]}.delta") as path:
        if not os.path.exists(path):
            delta = _delta.make(tarball, _contents_of(tarball, sha256), _delta.heard(files))
            _write(path, base64.b64encode(delta) if len(delta) <= min(MOST_BYTES, os.path.getsize(tarball) / 2) else b"")
        with open(path, encoding="ascii") as file:
            return file.read() or None


def _contents_of(tarball, sha256):
    with _made_once(f"elixir_release-{sha256[:16]}.contents") as path:
        if not os.path.exists(path):
            _write(path, _contents.text(_contents.of_tarball(tarball)).encode("utf-8", "surrogateescape"))
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return _contents.parse(file.read())


@contextlib.contextmanager
def _made_once(name):
    """A place in the temporary directory of this run, for one of its tasks at a time."""
    path = os.path.join(constants.DEFAULT_LOCAL_TMP, name)
    with open(f"{path}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield path


def _write(path, data):
    with open(f"{path}.new", "wb") as file:
        file.write(data)
    os.rename(f"{path}.new", path)
