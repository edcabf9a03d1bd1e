# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run says of its hosts at its end: the tables, and why a host failed."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.beamops.elixir.plugins.plugin_utils import _fleet

# Of a release id, what stands behind the version
BUILD = re.compile(r"-[0-9a-f]{8}([.][0-9]+)?$")
# Where two releases fail the same look
TO_SEE = {
    "http": "See whether elixir_release_health_url, _status, _regex and elixir_release_port ask for the right thing.",
    "cluster": "See whether these hosts reach each other, at the port of epmd (4369) and those of the nodes.",
    "expression": "See whether elixir_release_ready asks for the right thing.",
}
DEPLOYED = "{:<20} {:<22} {:<22} {}"


def deployed(fleet: _fleet.Fleet, check_mode: bool) -> list[str]:
    """A line a host that was looked at. Under `serial` in a play of one's own, others have their turn later."""
    looked_at = [host for host in fleet if "before" in host and "new" in host]
    return [
        DEPLOYED.format("HOST", "BEFORE", "AFTER", "RUNNING"),
        *(DEPLOYED.format(host["host"], host["before"]["current"] or "-", *_outcome(host, check_mode)) for host in looked_at),
        *(f"{host['host']}: {said}" for host in fleet for said in _lost(host)),
        *_migrations(fleet),
    ]


def _lost(host: _fleet.Host) -> t.Iterator[str]:
    """What became of work that was under way."""
    for task, what in (("start", "undrained"), ("asked", "undrained"), ("start", "killed"), ("down", "killed")):
        if host.get(task, {}).get(what):
            yield host[task][what]


def _outcome(host: _fleet.Host, check_mode: bool) -> tuple[str, str]:
    """Its release after the run, and what runs."""
    new = host["new"]
    if check_mode:
        return new["release"], "(check mode)"
    if "stuck" in host:
        return "?", "COULD NOT GO BACK, see above"
    if "went_back" in host:
        if new["previous"]:
            return new["previous"], f"{_started(host)}, went back"
        return "-", "what ran before, went back" if new["replaces"] else "nothing, as before"
    if "problem" in host and host["problem"]["stopped"]:
        return new["release"], "failed, see above"
    if "switched" in host:
        return new["release"], _started(host) + (", not settled, see above" if "unsettled" in host else "")
    running = ", ".join(process["version"] for process in host["before"]["running"])
    return host["before"]["current"] or "-", f"{running}, untouched"


def _started(host: _fleet.Host) -> str:
    """What is live already was not started."""
    new = host["new"]
    started = {**new["replaces"][0], "release": new["release"]} if new.get("live") else host.get("start", {})
    return f"{BUILD.sub('', started['release'])}, pid {started['pid']}" if started.get("pid") is not None else "-"


def _migrations(fleet: _fleet.Fleet) -> list[str]:
    unknown = _fleet.unknown_migrations(fleet)
    if any(host.get("migrated_down", {}).get("rc") == 0 for host in fleet):
        return [f"These migrations were taken back: {', '.join(unknown)}."]
    return [left_migrations(unknown)] if unknown else []


def left_migrations(unknown: t.Iterable[str]) -> str:
    return f"The database has migrations that the older release does not know: {', '.join(unknown)}."


def failure(host: _fleet.Host, event: str, deadman: int, evidence: t.Sequence[str] = (), report: str = "") -> list[str]:
    """Why this host failed, where it stands now, and what to do. `evidence` is what it showed of itself, and `report` where all of that lies."""
    lines = [*_what_failed(host, event, bool(evidence)), *_where_it_stands(host, deadman), *_what_it_means(host)]
    if "not_given_back" in host:
        lines.append(f"elixir_release_after_failure_tasks failed as well, so a balancer may send this host nothing. {host['not_given_back']}")
    lines += [host[mark]["msg"] for mark in ("marked_bad", "marked_back") if "msg" in host.get(mark, {})]
    if evidence:
        lines += ["What the host showed:", *(f"  {line}" for line in evidence), f"All of it: {report}"]
    return lines


def _what_failed(host: _fleet.Host, event: str, has_evidence: bool) -> list[str]:
    problem, lines = host.get("problem"), []
    if problem and _fleet.timer_was_quicker(host):
        lines.append(host["timer"]["msg"])
    if problem:
        # Where there is evidence, the message's own tail of the log stands in there
        lines += problem["msg"].splitlines()[:1] if has_evidence else [problem["msg"]]
    if "unsettled" in host:
        lines.append(f"{host['new']['release']} serves, but the {event} could not be settled here. {host['unsettled']}")
    return lines


def _where_it_stands(host: _fleet.Host, deadman: int) -> list[str]:
    problem, new = host.get("problem"), host["new"]
    if "stuck" in host:
        return [f"This host could NOT go back to {new['previous'] or 'what ran before'}. {host['stuck']}", _what_to_do(host, deadman)]
    if "went_back" in host:
        if new["previous"]:
            return [f"It went back to {new['previous']}."]
        return [host["timer"]["msg"] if _fleet.takes_over(host) else "Nothing ran here before, so nothing runs here now."]
    return ["Nothing was stopped here."] if problem and not problem["stopped"] and "switched" not in host else []


def _what_to_do(host: _fleet.Host, deadman: int) -> str:
    """Where it could not go back."""
    problem = host.get("problem")
    if problem and problem["lost"] and problem.get("proven"):
        return f"{host['new']['release']} was proven before the host was lost, and serves if that lives. When it can be reached, deploy once more."
    if problem and problem["lost"] and deadman:
        return f"If it lives, its own timer takes it back {deadman} s after its switch began."
    if "msg" in host.get("kept", {}):
        return f"Its lock could not be kept for that: {host['kept']['msg']} Look at the host before anything else is deployed to it."
    return "Its lock is kept: look at the host, then run the playbook beamops.elixir.unlock."


def _what_it_means(host: _fleet.Host) -> list[str]:
    if not _fleet.looks_the_same(host):
        return []
    return [
        f"{host['new']['previous']} fails the same look: {host['same_look']['msg']}",
        f"So {host['new']['release']} is not marked bad. {TO_SEE.get(host['same_look']['look'], TO_SEE['http'])}",
    ]


def shortage(fleet: _fleet.Fleet, batch: t.Sequence[str], least: int) -> dict[str, t.Any]:
    """Why a batch cannot be taken out, and whether what was switched before goes back for it; nothing where enough others serve."""
    seen = _fleet.availability(fleet, batch)
    if seen is None or len(seen.serving) >= least:
        return {}
    serve = "serves" if len(seen.serving) == 1 else "serve"
    serving = f"Of the other hosts only {', '.join(seen.serving)} {serve}" if seen.serving else "None of the other hosts serves"
    lines = [
        f"{serving}, and elixir_release_min_available asks for {least}: nothing of this batch ({', '.join(batch)}) was stopped.",
        *(f"{host}: {why}" for host, why in seen.not_serving.items()),
        f"See to {', '.join(seen.not_serving)} first: the playbook beamops.elixir.status tells more, and what does not run is started by "
        f"beamops.elixir.restart with --limit {','.join(seen.not_serving)} and -e elixir_release_min_available=0. To go on as it is, give "
        f"-e elixir_release_min_available={len(seen.serving)}.",
    ]
    switched = [host["host"] for host in fleet if host.get("switched") and "went_back" not in host]
    if switched and not seen.may_be_to_blame:
        lines.append(f"What has switched stays so, since to go back is to be taken out as well: {', '.join(switched)}. The next run goes on from there.")
    return {"msg": "\n".join(lines), "sends_back": seen.may_be_to_blame}
