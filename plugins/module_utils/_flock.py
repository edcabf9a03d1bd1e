# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One module at a time in a directory, for as long as it works there.

A lock of the kernel's: it ends with the process that holds it. Ansible's workers outlive a run that was killed, so `deploy.lock` may have
gone to the next run while one of them still unpacks.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError

# Seconds. To unpack a big release on a slow disk takes minutes, everything else milliseconds.
WITHIN = 300.0


@contextlib.contextmanager
def alone(directory: str) -> t.Iterator[None]:
    """Nobody else works in this directory meanwhile."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _lock(descriptor, directory, time.monotonic() + WITHIN)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, directory: str, deadline: float) -> None:
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise ReleaseError(
                    f"{directory} is locked (flock) by another process for more than {WITHIN:g} s: find it with 'lsof {directory}' or 'lslocks', and end it."
                ) from None
            time.sleep(0.02)
