# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the table says of a row, made from what was seen and from nothing else."""

from __future__ import annotations

import signal
import typing as t

from ansible_collections.beamops.elixir.molecule.faults.language import HOSTS, NEW, OLD

Seen = t.Mapping[str, t.Any]


def script(row: Seen) -> str:
    """What the bash script did, and what it left."""
    return "; ".join(filter(None, [_endings(row), _serving(row), _disk(row)]))


def _endings(row: Seen) -> str:
    first, *others = [ending(run) for run in row["runs"]]
    joint = "; run again, it " if row["again"] else "; the other run "
    return joint.join([first, *others])


def ending(run: Seen) -> str:
    if run["limit"] is not None:
        return f"{'loops for ever' if run['talking'] else 'hangs'} (ended after {run['limit']:g} s)"
    if run["rc"] < 0:
        return f"ended by {signal.Signals(-run['rc']).name}"
    return "says that all is well (exit code 0)" if run["rc"] == 0 else f"fails (exit code {run['rc']})"


def _serving(row: Seen) -> str:
    beams = len(row["beams"])
    if not row["now"]:
        return "**nothing serves**" + (f", though {_versions(row)} runs" if beams else ", no BEAM runs")
    version, pid = row["now"]["version"], row["now"]["pid"]
    whose = "the old process" if row["old"] and pid == row["old"]["pid"] else "a new process"
    process = _process(row) or {"environ": {}, "version": "none of its releases"}
    text = f"{version} serves, {whose} with the {process['environ'].get('GUESTBOOK_ENV')} env"
    if process["version"] != version:
        text += f", which is {process['version']} in truth"
    if row["now"].get("salt") == "again":
        text += ", but of another build than was sent"
    if row["health"] != 200:
        text += f", `/health` is {row['health'] or 'not answered'}"
    if beams != 1:
        text += f", {beams} BEAMs run"
    return text


def _process(row: Seen) -> Seen | None:
    """The process that answers."""
    return next((beam for beam in row["beams"] if row["now"] and str(beam["pid"]) == row["now"]["pid"]), None)


def _versions(row: Seen) -> str:
    return " and ".join(sorted({beam["version"] for beam in row["beams"]}))


def _disk(row: Seen) -> str:
    """Where what would start next is not what runs."""
    process = _process(row)
    if process and (process["version"], process["environ"].get("GUESTBOOK_ENV")) == (row["unpacked"], row["env_file"]):
        return ""
    return f"on the disk {row['unpacked'] or 'no release'} with the {row['env_file'] or 'lost'} env"


def collection(row: Seen) -> str:
    """What the collection did, and what it left."""
    parts = [_exit_codes(row), *_by_host(row), _locks(row)]
    if row["reason"]:
        parts.append(f"says *{row['reason']}*")
    return "; ".join(filter(None, parts))


def _exit_codes(row: Seen) -> str:
    codes = [signal.Signals(-rc).name if rc < 0 else str(rc) for rc in row["rcs"]]
    return "exit code " + ", then ".join(codes)


def _by_host(row: Seen) -> list[str]:
    found: dict[str, list[str]] = {}
    for name in HOSTS:
        found.setdefault(fate(row["hosts"][name]), []).append(name)
    return [f"{_names(names)}: {text}" if len(names) < len(HOSTS) else f"all hosts: {text}" for text, names in found.items()]


def fate(host: Seen) -> str:
    """What became of a host."""
    if host["serves"] is None:
        return "**nothing serves**"
    if host["same"]:
        return f"{host['serves']} goes on, untouched"
    if host["serves"] == NEW:
        return f"{NEW} serves"
    return f"back to {OLD}, its env with it" + (f", {NEW} marked bad" if host["bad"] else "")


def _locks(row: Seen) -> str:
    texts = {"left": "lock left for the next run", "kept": "lock kept, with the reason"}
    found = [f"{texts[kind]} on {_names(names)}" for kind in texts for names in [[name for name in HOSTS if row["hosts"][name]["lock"] == kind]] if names]
    return ", ".join(found)


def _names(names: t.Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def seconds(row: Seen) -> str:
    return "never" if row["back"] is None else f"{row['back']:.1f}"
