# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The last lines of what an application says on this host: of each process of it or, where none runs, of what ran last."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._host import _journal, _logs, _processes, _systemd, _when
from ansible_collections.beamops.elixir.plugins.module_utils._root import _layout, _releases, _slots, _units
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _overlap

# How many files run_erl goes round, unless RUN_ERL_LOG_GENERATIONS says otherwise
GENERATIONS = 5


class Log(t.NamedTuple):
    """Where something is said. One of the two is there."""

    units: tuple[str, ...] = ()  # in the journal of these
    tmp: str = ""  # in run_erl's files below
    process: _processes.Process | None = None  # who says it

    @property
    def where(self) -> str:
        """As a person finds it."""
        return f"journalctl {' '.join(self._units)}" if self.units else _logs.newest(self.tmp) or self._files[0]

    @property
    def follow(self) -> list[str]:
        """The command that shows what is said from now on."""
        if self.units:
            return ["journalctl", "--follow", "--lines=0", *self._units]
        return ["tail", "-q", "-n", "0", "-F", *self._files]

    @property
    def _units(self) -> list[str]:
        return [f"--unit={unit}" for unit in self.units]

    @property
    def _files(self) -> list[str]:
        """Those that run_erl will write to as well: it begins the next one when one is full."""
        generations = self.process.environ.get("RUN_ERL_LOG_GENERATIONS", "") if self.process else ""
        last = int(generations) if generations.isdigit() else GENERATIONS
        return [os.path.join(self.tmp, "log", f"erlang.log.{number}") for number in range(1, last + 1)]

    def lines(self, most: int, start: float | None) -> list[str]:
        """The last ones that say something, one more where there are more."""
        if self.units:
            since = [] if start is None else [f"--since=@{start:.0f}"]
            # From the end: with --since, --lines counts from the beginning
            options = ["--all", "--output=short-iso", "--no-hostname", "--utc", "--reverse", f"--lines={most + 1}"]
            return _logs.lines_of(_logs.plain("\n".join(oldest_first(_journal.lines(*options, *since, *self._units)))))
        return _of_files(self.tmp, most, start)


def oldest_first(lines: list[str]) -> list[str]:
    """Of a message with several lines, the others are indented."""
    messages: list[list[str]] = []
    for line in lines:
        if line.startswith(" ") and messages:
            messages[-1].append(line)
        else:
            messages.append([line])
    return [line for message in reversed(messages) for line in message]


def logs(layout: _layout.Layout) -> list[Log]:
    running = _processes.scan().of_root(layout.root)
    return [_of_process(layout, process) for process in running] or [_of_what_ran(layout)]


def _of_process(layout: _layout.Layout, process: _processes.Process) -> Log:
    unit = _systemd.of_process(process.pid)
    if unit:
        return Log(units=(unit.name,), process=process)
    tmp = process.environ.get("RELEASE_TMP") or _overlap.tmp(layout, os.path.basename(process.root))
    return Log(tmp=tmp, process=process)


def _of_what_ran(layout: _layout.Layout) -> Log:
    current = _releases.current(layout)
    if current and current.service is not None:
        # Only where systemd is
        from ansible_collections.beamops.elixir.plugins.module_utils._steps import _service

        return Log(units=tuple(_service.ours(layout)) or (_units.unit(layout.root),))
    places = [layout.tmp, *(layout.slot_tmp(name) for name in _slots.NAMES)]
    if current:
        places.append(_overlap.tmp(layout, current.id))
    return Log(tmp=max(places, key=_written))


def _written(tmp: str) -> float:
    path = _logs.newest(tmp)
    return os.path.getmtime(path) if path else 0.0


def _of_files(tmp: str, most: int, start: float | None) -> list[str]:
    text, lines, found = "", [], _logs.newest_first(tmp)
    for path in found:
        text = _logs.end_of(path) + text
        whole = _logs.plain(text).splitlines()
        lines = _logs.lines_of("\n".join(whole if start is None else _when.since(whole, os.path.getmtime(found[0]), start)))
        if len(lines) > most or len(text) > _logs.BYTES:
            break
    return lines[-most - 1 :]
