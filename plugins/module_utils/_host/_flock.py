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


@contextlib.contextmanager
def alone(directory: str, within: float) -> t.Iterator[None]:
    """Nobody else works in this directory meanwhile. For who does right now it waits so many seconds."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _lock(descriptor, directory, within)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, directory: str, within: float) -> None:
    deadline = time.monotonic() + within
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise ReleaseError(
                    f"{directory} is locked (flock) by another process for more than {within:g} s: find it with 'lsof {directory}' or 'lslocks', and end it."
                ) from None
            time.sleep(0.02)
