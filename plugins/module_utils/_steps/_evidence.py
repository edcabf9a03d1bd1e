# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host shows of a release that failed, told by everything that may know the reason. No source is needed: each tells what it can."""

from __future__ import annotations

import datetime
import os
import re
import time
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import (
    _cgroup,
    _epmd,
    _journal,
    _logs,
    _processes,
    _systemd,
    _text,
)
from ansible_collections.beamops.elixir.plugins.module_utils._root import _layout

# Of the log since the last start, from its beginning and from its end
SUMMARY_LINES = 5, 10
REPORT_LINES = 50, 150
DUMP_LINES = 60
DUMP_BYTES = 1 << 16
JOURNAL_LINES = 10
# An older crash dump is of another failure
RECENT_SECONDS = 600
MIB = 1 << 20


class Subject(t.NamedTuple):
    """What is asked about."""

    layout: _layout.Layout
    path: str | None  # the directory of the release; None where that is not known
    tmp: str  # where it writes its logs
    crash_dump: str
    port: int | None
    epmd_port: int = _epmd.DEFAULT_PORT
    unit: str | None = None  # of the release, where systemd runs it


class View(t.NamedTuple):
    """One look at the host, which all that is told refers to."""

    subject: Subject
    beams: list[_processes.Process]

    @property
    def process(self) -> _processes.Process | None:
        return next((process for process in self.beams if process.root == self.subject.path), None)

    @property
    def beams_of_root(self) -> list[_processes.Process]:
        return _processes.Scan(self.beams).of_root(self.subject.layout.root)


Source = t.Callable[[View], t.List[str]]


def view(subject: Subject, proc: str = _processes.PROC) -> View:
    try:
        return View(subject, _processes.scan(proc).releases)
    except OSError:
        return View(subject, [])


def summary(seen: View) -> list[str]:
    """The lines that matter, most telling first."""
    sources = (
        ("log", log),
        ("systemd", unit),
        ("crash dump", slogan),
        ("run_erl", complaints_of_run_erl),
        ("port", port),
        ("epmd", epmd),
        ("process", process),
        ("disk", disk),
        ("memory", memory),
        ("journal", journal),
    )
    return [f"{name}: {line}" for name, source in sources for line in _told(source, seen)]


def report(seen: View) -> str:
    """All of it, to be read at leisure."""
    sections = (
        (f"The journal of {seen.subject.unit}" if seen.subject.unit else f"The newest log in {seen.subject.tmp}/log", whole_log),
        (f"The beginning of {seen.subject.crash_dump}", whole_crash_dump),
        ("run_erl in the journal", complaints_of_run_erl),
        ("The BEAMs of this host", beams),
        ("Listening", listeners),
        ("epmd", epmd),
        ("Disk", disk),
        ("Memory", memory),
        ("The journal of its unit", journal),
    )
    return "\n".join(f"== {title}\n" + "\n".join(_told(source, seen) or ["(there is none)"]) + "\n" for title, source in sections)


def log(seen: View) -> list[str]:
    return _logs.ends(_logs.lines_of(_said(seen)), *SUMMARY_LINES)


def whole_log(seen: View) -> list[str]:
    if seen.subject.unit:
        return [*unit(seen), *_logs.ends(_said(seen).splitlines(), *REPORT_LINES)]
    path = _logs.newest(seen.subject.tmp)
    if not path:
        return []
    started = _logs.started(seen.subject.tmp)
    since = f", since the start at {_moment(started)}" if started else ", since the last start"
    told = _logs.ends(_said(seen).splitlines(), *REPORT_LINES)
    return [f"{path}{since}, last written {_moment(os.path.getmtime(path))}", *told]


def slogan(seen: View) -> list[str]:
    path = seen.subject.crash_dump
    if not _has_new_crash_dump(seen):
        return []
    match = re.search(r"^Slogan: (.*)$", _logs.plain(_beginning(path)), re.MULTILINE)
    return [f"{match[1].strip() if match else 'no slogan'} ({path}, {_moment(os.path.getmtime(path))})"]


def whole_crash_dump(seen: View) -> list[str]:
    path = seen.subject.crash_dump
    return [f"written {_moment(os.path.getmtime(path))}", *_logs.plain(_beginning(path)).splitlines()[:DUMP_LINES]] if _has_new_crash_dump(seen) else []


def complaints_of_run_erl(seen: View) -> list[str]:
    """What keeps run_erl from starting anything, such as a directory that it cannot write to, it tells syslog and nobody else."""
    return _recent("--identifier=run_erl", f"--since=-{RECENT_SECONDS}s")


def journal(seen: View) -> list[str]:
    """Of a release that systemd runs, the log is the journal."""
    return journal_of(_cgroup.unit(seen.process.pid)) if seen.process and not seen.subject.unit else []


def journal_of(unit: str | None) -> list[str]:
    return _recent(f"--unit={unit}") if unit else []


def unit(seen: View) -> list[str]:
    if not seen.subject.unit or not _systemd.is_pid_1():
        return []
    told = _systemd.show(seen.subject.unit)
    ended = "" if told.result in ("", "success") else f", its last result is {told.result}"
    again = f", started again {told.restarts} times" if told.restarts else ""
    return [f"{told.name} is {told.state} ({told.sub}){ended}{again}"]


def port(seen: View) -> list[str]:
    number = seen.subject.port
    if not number:
        return []
    own = seen.process.pid if seen.process else None
    owners = [_owner(pid, command, own) for pid, command in _processes.port_owners(number).items()]
    return [f"{number} is held by {owner}" for owner in owners or ["nobody"]]


def listeners(seen: View) -> list[str]:
    return [f"pid {beam.pid}: {_ports(_processes.listening_ports(beam.pid))}" for beam in seen.beams] + port(seen)


def epmd(seen: View) -> list[str]:
    asked = seen.process.epmd_port if seen.process else seen.subject.epmd_port
    names = ", ".join(f"{name} at port {number}" for name, number in sorted(_epmd.names(asked).items()))
    where = "" if asked == _epmd.DEFAULT_PORT else f" (asked at port {asked})"
    return [f"lists {names}{where}" if names else f"lists no name, or does not run{where}"]


def process(seen: View) -> list[str]:
    found = seen.beams_of_root
    return [_described(beam) for beam in found] or [f"nothing of {seen.subject.layout.root} runs"]


def beams(seen: View) -> list[str]:
    return [f"{_described(beam)}, uid {beam.uid}, node {beam.node}" for beam in seen.beams]


def disk(seen: View) -> list[str]:
    status = os.statvfs(seen.subject.layout.root)
    free, size = status.f_bavail * status.f_frsize, status.f_blocks * status.f_frsize
    files = ", and no file more can be made: no inodes are left" if status.f_files and not status.f_favail else ""
    return [f"{free // MIB} MiB ({100 * free // size if size else 0} %) free of {size // MIB} MiB at {seen.subject.layout.root}{files}"]


def memory(seen: View) -> list[str]:
    return [memory_in_words(_cgroup.memory(seen.process.pid if seen.process else None))]


def memory_in_words(found: _cgroup.Memory) -> str:
    told = [f"{found.available // MIB} MiB available" if found.available is not None else "how much is available is not known"]
    if found.limit is not None:
        told.append(f"limited to {found.limit // MIB} MiB, of which {(found.used or 0) // MIB} MiB are used")
    if found.oom_kills:
        told.append(f"{found.oom_kills} processes of this cgroup were killed for lack of it since the cgroup was made")
    return ", ".join(told)


def _told(source: Source, seen: View) -> list[str]:
    """Who looks for a reason is not helped by a second failure."""
    try:
        return [_text.shown(line) for line in source(seen)]
    except (OSError, ValueError, ReleaseError) as error:
        return [f"cannot be looked at: {error}"]


def _has_new_crash_dump(seen: View) -> bool:
    """One of an earlier failure would lead astray."""
    try:
        written = os.path.getmtime(seen.subject.crash_dump)
    except FileNotFoundError:
        return False
    # run_erl tells whole seconds
    return time.time() - written <= RECENT_SECONDS and written >= (_logs.started(seen.subject.tmp) or 0)


def _owner(pid: int, command: str, own: int | None) -> str:
    if pid == _processes.UNSEEN:
        return f"{command}: {_processes.missing_right()}"
    return f"{command} (pid {pid}{', the release' if pid == own else ''})"


def _ports(numbers: set[int] | None) -> str:
    if numbers is None:
        return f"cannot be told, for {_processes.missing_right()}"
    return ", ".join(map(str, sorted(numbers))) or "none"


def _described(beam: _processes.Process) -> str:
    return f"{beam.version} (pid {beam.pid}) from {beam.root}, up since {beam.since}"


def _said(seen: View) -> str:
    """Since it was started last."""
    return _logs.plain(_journal.since_start(seen.subject.unit)) if seen.subject.unit else _logs.since_start(seen.subject.tmp)


def _recent(*options: str) -> list[str]:
    return _journal.lines("--output=short-iso", f"--lines={JOURNAL_LINES}", *options)


def _beginning(path: str) -> str:
    with open(path, "rb") as file:
        return _text.decoded(file.read(DUMP_BYTES))


def _moment(timestamp: float) -> str:
    return datetime.datetime.fromtimestamp(timestamp, datetime.timezone.utc).isoformat(timespec="seconds")
