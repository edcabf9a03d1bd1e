# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the table says of a row, made from what was seen and from nothing else."""

from __future__ import annotations

import signal
import typing as t

from ansible_collections.beamops.elixir.molecule.faults.language import NEW, OLD, Fault

Seen = t.Mapping[str, t.Any]


def table(lines: t.Sequence[t.Sequence[str]]) -> str:
    """In Markdown; the first line is the heading."""
    heading, *rows = [[cell.replace("|", "\\|") for cell in line] for line in lines]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in [heading, ["---"] * len(heading), *rows])


def fault(row: Fault) -> str:
    return f"**{row.title}**" + (f": {row.how}" if row.how else "")


def script(row: Seen) -> str:
    """What the bash script did, and what it left."""
    return _joined(_endings(row), _serving(row), _disk(row))


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
    return _joined(exit_codes(row), left(row), said(row))


def left(row: Seen) -> str:
    """Who serves afterwards, and the locks."""
    return _joined(*_by_host(row), _locks(row))


def said(row: Seen) -> str:
    return f"says *{row['reason']}*" if row["reason"] else ""


def _joined(*parts: str) -> str:
    return "; ".join(filter(None, parts))


def exit_codes(row: Seen) -> str:
    codes = [signal.Signals(-rc).name if rc < 0 else str(rc) for rc in row["rcs"]]
    return "exit code " + ", then ".join(codes)


def _by_host(row: Seen) -> list[str]:
    found: dict[str, list[str]] = {}
    for name, host in row["hosts"].items():
        found.setdefault(fate(host), []).append(name)
    if len(row["hosts"]) == 1:
        return list(found)
    return [f"{_names(names)}: {text}" if len(names) < len(row["hosts"]) else f"all hosts: {text}" for text, names in found.items()]


def fate(host: Seen) -> str:
    """What became of a host."""
    if host["serves"] is None:
        return "**nothing serves**"
    where = f" from {host['slot']}" if host.get("slot") else ""
    more = (f", {NEW} marked bad" if host["bad"] else "") + "".join(f", {version} runs on in the other slot" for version in host.get("beside") or [])
    if host["same"]:
        return f"{host['serves']} goes on{where}, untouched{more}"
    if host["serves"] == NEW:
        return f"{NEW} serves{where}{more}"
    return f"back to {OLD}{where.replace('from', 'in')}, its env with it{more}"


def _locks(row: Seen) -> str:
    texts = {"left": "lock left for the next run", "kept": "lock kept, with the reason"}
    hosts = {kind: [name for name, host in row["hosts"].items() if host["lock"] == kind] for kind in texts}
    return ", ".join(texts[kind] + (f" on {_names(names)}" if len(row["hosts"]) > 1 else "") for kind, names in hosts.items() if names)


def _names(names: t.Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def seconds(row: Seen) -> str:
    return "never" if row["back"] is None else f"{row['back']:.1f}"
