# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a person opens a console on the release that runs, tried by an rpc that goes the same way. docs/operating.md tells each part of it."""

from __future__ import annotations

import os
import shlex
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _command, _processes
from ansible_collections.beamops.elixir.plugins.module_utils._root import _env_file, _layout, _slots
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _bin_app, _evaluation

EXPRESSION = "IO.puts(System.pid())"


class Way(t.NamedTuple):
    """To the node of one process: for a shell of its user's."""

    process: _processes.Process
    program: str
    env_file: str | None

    def script(self, *arguments: str) -> str:
        # The run user may not enter the directory that one is in, and a line without export has to reach the release as well
        load = f"set -a && . {shlex.quote(self.env_file)} && " if self.env_file else ""
        return f"cd / && {load}exec {' '.join(map(shlex.quote, (self.program, *arguments)))}"

    @property
    def console(self) -> str:
        return self.script("remote")


def ways(layout: _layout.Layout) -> list[Way]:
    """To each process that runs, that of the current release first."""
    running = _processes.scan().of_root(layout.root)
    if not running:
        raise ReleaseError(f"Nothing of {layout.root} runs on this host, so there is no node to open a console on. beamops.elixir.restart starts it.")
    return sorted((_way(layout, process) for process in running), key=lambda way: not way.program.startswith(f"{layout.current}/"))


def refused(way: Way, timeout: float = _bin_app.SECONDS) -> str | None:
    """Why the console would not open, or not on this process."""
    process, account = way.process, _command.owner(way.process.uid)
    iex = os.path.join(process.root, "releases", process.version, "iex")
    if not os.path.exists(iex):
        return f"{iex} is not there, by which bin/{process.name} remote opens a console."
    argv = ["/bin/sh", "-c", way.script("rpc", EXPRESSION)]
    result = _command.run(argv, env=_env_file.base(account), cwd="/", account=account, timeout=timeout)
    if result.timed_out:
        return f"pid {process.pid} did not answer an rpc within {timeout:g} s: it hangs, or is very busy."
    if result.rc != 0:
        return (
            f"pid {process.pid} does not answer an rpc that has its environment from {way.env_file} (exit code {result.rc}): {_evaluation.head(result)}. If "
            "that file was changed after the start, the playbook beamops.elixir.restart makes the two one again."
        )
    answered = result.stdout.split()[-1:]
    return None if answered == [str(process.pid)] else f"An rpc is answered by pid {' '.join(answered)}, and not by pid {process.pid}, which runs here."


def _way(layout: _layout.Layout, process: _processes.Process) -> Way:
    is_current = os.path.realpath(layout.current) == process.root
    slot = _slots.of_process(layout, process)
    own = layout.slot_env(slot) if slot else _layout.env_file(process.root)
    # What a person finds in the documents, where that leads there
    env_file = layout.env_link if os.path.realpath(layout.env_link) == os.path.realpath(own) else own
    return Way(process, _layout.script(layout.current if is_current else process.root, process.name), env_file if os.path.exists(own) else None)
