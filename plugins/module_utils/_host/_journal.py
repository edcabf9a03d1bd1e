# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the journal has, for a reader. Nothing where this host has none, or where it may not be read: a log is looked at where something is wrong already."""

from __future__ import annotations

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _systemd

# One start of a service may say a lot
MOST_LINES = 5000


def lines(*options: str) -> list[str]:
    try:
        result = _systemd.run("journalctl", "--quiet", "--no-pager", *options)
    except ReleaseError:
        return []
    return result.stdout.splitlines() if result.rc == 0 else []


def since_start(unit: str) -> str:
    """What a service said since it was started last, and what systemd said of that: why it ended stands there."""
    invocation = _systemd.show(unit).invocation if _systemd.is_pid_1() else ""
    if not invocation:
        return ""
    either = (f"_SYSTEMD_INVOCATION_ID={invocation}", "+", f"INVOCATION_ID={invocation}")
    return "\n".join(lines("--output=cat", f"--lines={MOST_LINES}", *either))
