# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is asked of a running node. It is called as another node would call it, which takes a millisecond.

Where that cannot be (TLS, a cookie or a name that only its own scripts know, an OTP older than 23), bin/NAME asks, and boots a BEAM for it.
"""

from __future__ import annotations

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _distribution, _epmd, _node, _processes
from ansible_collections.beamops.elixir.plugins.module_utils._host._distribution import Call
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _bin_app

# A node answers in a millisecond. One that is asked to stop and says nothing in so many seconds is told by a signal
STOP_SECONDS = 5
STATUS = (Call("init", "get_status"), Call("os", "getpid"), Call("os", "getenv", ["RELEASE_VSN"]))


def status(process: _processes.Process, timeout: float) -> dict[str, str] | str:
    """What the node itself says: its boot status, OS pid and version. A text says why it did not answer."""
    try:
        boot, pid, version = _call(process, STATUS, timeout)
    except _distribution.Silent:
        return f"the node did not answer within {timeout:g} s"
    except (_distribution.Unreachable, ValueError):
        return _bin_app.status(_bin_app.running(process), timeout)
    if not isinstance(boot, tuple) or not isinstance(pid, str):
        return f"the node answers {boot!r} to what its status is"
    return {"status": boot[0], "pid": pid, "version": version if isinstance(version, str) and version != "false" else ""}


def stop(process: _processes.Process) -> bool:
    """What bin/NAME stop does. Whether the node was told."""
    if not _bin_app.is_distributed(process):
        return False
    try:
        return _call(process, (Call("init", "stop"),), STOP_SECONDS) == ["ok"]
    except _distribution.Silent:
        return False
    except _distribution.Unreachable:
        return _stop_by_its_program(process)


def _stop_by_its_program(process: _processes.Process) -> bool:
    try:
        return _bin_app.running(process).call("stop").rc == 0
    except ReleaseError:  # its bin/NAME is gone, or we may not act as its user
        return False


def _call(process: _processes.Process, calls: tuple[Call, ...], timeout: float) -> list:
    port, cookie = _epmd.distribution_port(process), process.environ.get("RELEASE_COOKIE")
    if not port or not cookie:
        raise _distribution.Unreachable("its port or its cookie is not known")
    return _distribution.call(_node.host(process.node or ""), port, cookie, calls, timeout)
