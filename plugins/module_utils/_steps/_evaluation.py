# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Evaluates an expression with a release, beside what serves, and tells what came of it."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _cgroup, _command, _processes
from ansible_collections.beamops.elixir.plugins.module_utils._root import _layout, _releases
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _beside, _bin_app

# Of no use to who reads the cause: where in the code of a library it was, and how the BEAM ended
NOISE = re.compile(r"\s*$|\s+\(\w+ [^)]+\) \S+:\d+: |(init|Runtime) terminating |Crash dump is being written")
# As Ecto tells it, migration by migration
MIGRATED = re.compile(r".*== Migrated \d+ .*")
# The cause stands first: what follows are its consequences and a stack trace
HEAD_LINES = 12


def head(result: _command.Result) -> str:
    lines = (result.stderr.strip() or result.stdout.strip()).splitlines()
    telling = [line for line in lines if not NOISE.match(line)]
    shown = telling[:HEAD_LINES]
    done = [line for line in result.stdout.splitlines() if MIGRATED.match(line) and line not in shown]
    more = [f"... {len(lines) - len(shown)} more lines: see them with -v"] if len(lines) > len(shown) else []
    return "\n".join([*shown, *more, *(["Done before that:", *done] if done else [])])


def _left() -> str:
    room = _cgroup.room()
    return room.limit if room else "how much there is is not known"


class Outcome(t.NamedTuple):
    result: _command.Result
    died: list[int]  # what served, and does no more
    failure: str | None


def evaluate(layout: _layout.Layout, release: _releases.Release, application: _bin_app.Application, expression: str, timeout: float) -> Outcome:
    return run(layout, release, application, f"bin/{release.name} eval", (release.name, "eval", expression), timeout)


def run(
    layout: _layout.Layout,
    release: _releases.Release,
    application: _bin_app.Application,
    called: str,
    command: tuple[str, ...],
    timeout: float,
    rpc: bool = False,
) -> Outcome:
    """`called` is what the command is called in an error."""
    # An rpc is answered by what serves, and may be there to end it. It may also start epmd, which stays, and which nobody may take for expendable.
    serving = [] if rpc else _beside.live(layout, release, _processes.scan())
    called = f"{called} of {release.id}"
    refusal = _beside.too_little_memory(called, _beside.unpacked_size(release.path), serving, _cgroup.room()) if serving else None
    if refusal:
        raise ReleaseError(refusal)
    result = application.run(*command, timeout=timeout, expendable=not rpc)
    died = _beside.died(serving)
    return Outcome(result, [process.pid for process in died], _failure(result, died, serving, called, timeout))


def _failure(
    result: _command.Result, died: list[_processes.Process], serving: list[_processes.Process], called: str, timeout: float
) -> str | None:
    if died:
        return " ".join(_beside.lost(process, called) for process in died)
    if result.killed:
        spared = " What serves runs on." if serving else ""
        return f"{called} was killed, most likely by the kernel for lack of memory ({_left()}).{spared}"
    if result.timed_out:
        return f"{called} was ended after {timeout:g} s. Its first lines:\n{head(result)}"
    if result.rc != 0:
        return f"{called} failed (exit code {result.rc}):\n{head(result)}"
    return None


def to_its_end(outcome: Outcome, release: _releases.Release, word: str) -> Outcome:
    """A failure where the word was not printed. An exit code tells nothing: a script that only shows what it would run ends with 0, and so does an
    expression that halts."""
    if outcome.failure or word in outcome.result.stdout:
        return outcome
    printed = " ".join(outcome.result.stdout.split())[:200] or "nothing"
    failure = (
        f"bin/{release.name} eval of {release.id} ended with exit code 0 without evaluating the rehearsal to its end. Look whether elixir_release_rehearse "
        f"halts, whether the env file or releases/VERSION/env.sh sets ELIXIR_CLI_DRY_RUN, and whether bin/{release.name} is the script that Mix wrote. "
        f"It printed {printed}."
    )
    return outcome._replace(failure=failure)
