# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is asked of a running node. It is called as another node would call it, which takes a millisecond.

Where that cannot be (TLS, a cookie or a name that only its own scripts know, an OTP older than 23), bin/NAME asks, and boots a BEAM for it.
"""

from __future__ import annotations

import base64
import re
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _distribution, _epmd, _node, _processes
from ansible_collections.beamops.elixir.plugins.module_utils._host._distribution import Call
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _bin_app

# A node answers in a millisecond. One that is asked to stop and says nothing in so many seconds is told by a signal
STOP_SECONDS = 5
# The expression goes there and its value comes back in letters that no quoting changes, and behind a word by which it is told from what else is printed.
# Whatever becomes of it is an answer: what raises must not be taken for a node that cannot be reached, and be evaluated once more
EVALUATION = """
(fn ->
  {outcome, text} =
    try do
      {value, _} = Code.eval_string(Base.decode64!("%s"))
      {(if value == true, do: "true", else: "value"), (if is_binary(value) and String.valid?(value), do: value, else: inspect(value))}
    catch
      kind, reason -> {"raised", Exception.format_banner(kind, reason, __STACKTRACE__)}
    end
  "elixir_release " <> outcome <> " " <> Base.encode64(text)
end).()
"""
EVALUATED = re.compile(r"^elixir_release (true|value|raised) ([A-Za-z0-9+/=]*)$", re.MULTILINE)
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


class Evaluated(t.NamedTuple):
    came: bool  # whether it has a value
    is_true: bool
    text: str  # the value, or why there is none


def evaluate(process: _processes.Process, expression: str, timeout: float) -> Evaluated:
    """What bin/NAME rpc does with an expression of Elixir, once, whatever comes of it."""
    if not _bin_app.is_distributed(process):
        return Evaluated(False, False, "the node is not distributed, so it cannot be asked")
    code = EVALUATION % base64.b64encode(expression.encode()).decode()
    try:
        (answer,) = _call(process, (Call("Elixir.Code", "eval_string", [code.encode()]),), timeout)
        said = answer[0].decode() if isinstance(answer[0], bytes) else repr(answer)
    except _distribution.Silent:
        return Evaluated(False, False, f"it did not end within {timeout:g} s")
    except _distribution.BrokenOff as error:
        return Evaluated(False, False, f"the connection to the node broke off: {error}")
    except _distribution.Unreachable:
        said = _said_by_its_program(process, code, timeout)
    found = EVALUATED.findall(said)
    if not found:
        return Evaluated(False, False, said.strip()[:500])
    outcome, text = found[-1]
    return Evaluated(outcome != "raised", outcome == "true", base64.b64decode(text).decode("utf-8", "replace"))


def _said_by_its_program(process: _processes.Process, code: str, timeout: float) -> str:
    try:
        result = _bin_app.running(process).call("rpc", f"IO.puts({code.strip()})", timeout=timeout)
    except ReleaseError as error:
        return str(error)
    if result.timed_out:
        return f"it did not end within {timeout:g} s"
    return result.stdout if result.rc == 0 else (result.stderr or result.stdout)


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
