# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two places of an application that may run at the same time: what a release is given in either, and who runs where.

A release's directory knows nothing of slots, so that one may run in both, as while it is restarted.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._host import _command, _node, _processes
from ansible_collections.beamops.elixir.plugins.module_utils._root import _layout, _releases
from ansible_collections.beamops.elixir.plugins.module_utils._root._layout import Slot

NAMES = ("blue", "green")
HEADING = "# Of this slot's own (elixir_release_strategy: blue_green)"


def of(name: str, ports: t.Sequence[int]) -> Slot:
    return Slot(name, ports[NAMES.index(name)])


def other(name: str) -> str:
    return NAMES[1 - NAMES.index(name)]


def variables(layout: _layout.Layout, release_name: str, given: t.Mapping[str, str], slot: Slot) -> dict[str, str]:
    """What it has there instead of what the env file says. The second of two nodes of one host needs another name."""
    head, at, host = (given.get("RELEASE_NODE") or release_name).partition("@")
    head = head if head.endswith(f"-{slot.name}") else f"{head}-{slot.name}"
    tmp = layout.slot_tmp(slot.name)
    return {
        "PORT": str(slot.port),
        "RELEASE_NODE": f"{head}{at}{host}",
        "RELEASE_TMP": tmp,
        "ERL_CRASH_DUMP": os.path.join(tmp, "erl_crash.dump"),
    }


def of_process(layout: _layout.Layout, process: _processes.Process) -> str | None:
    """Where it runs, as it says itself. None where it is in neither, as a release that was deployed in place is."""
    for name in NAMES:
        if process.environ.get("RELEASE_TMP") == layout.slot_tmp(name):
            return name
        # Another user's: its command line has to do
        if not process.environ and _node.short(process.node or "").endswith(f"-{name}"):
            return name
    return None


def slot_of(layout: _layout.Layout, process: _processes.Process) -> Slot | None:
    """The same with the port that it has there; None where that cannot be told either."""
    name, port = of_process(layout, process), process.environ.get("PORT", "")
    return Slot(name, int(port)) if name and port.isdigit() else None


def is_in(layout: _layout.Layout, process: _processes.Process, slot: Slot | None) -> bool:
    """Without slots, all that runs is in one place. One that was deployed in place is where it listens."""
    if not slot:
        return True
    own = of_process(layout, process)
    return own == slot.name if own else slot.port in (_processes.listening_ports(process.pid) or ())


def at_port(layout: _layout.Layout, process: _processes.Process, ports: t.Sequence[int]) -> str | None:
    return next((name for name in NAMES if is_in(layout, process, of(name, ports))), None)


def release_in(layout: _layout.Layout, name: str) -> str | None:
    """The release that was started there last."""
    path = layout.slot(name)
    return os.path.basename(os.readlink(path)) if os.path.islink(path) else None


def clear(layout: _layout.Layout, name: str) -> None:
    """Nothing runs there. Its logs stay."""
    for path in (layout.slot(name), layout.slot_env(name)):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


def assign(layout: _layout.Layout, slot: Slot, release: _releases.Release, own: t.Mapping[str, str], account: _command.Account) -> None:
    """The slot has the release from now on, with a place for its logs, and an env file for who wants to reach the node."""
    for path, uid in ((layout.slots, -1), (layout.slot_tmp(slot.name), account.uid)):
        os.makedirs(path, exist_ok=True)
        os.chown(path, uid, account.gid)
        os.chmod(path, 0o750)
    lines = [f". {shlex.quote(_layout.env_file(release.path))}", "", HEADING, *(f"export {key}={shlex.quote(value)}" for key, value in own.items()), ""]
    _releases.replace(layout.slot_env(slot.name), "\n".join(lines), 0o640, account.gid)
    _releases.link(os.path.join("..", os.path.basename(layout.releases), release.id), layout.slot(slot.name))
