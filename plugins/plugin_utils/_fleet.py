# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is decided about a fleet from what its hosts said. Pure: what the run noted of each host comes in, a decision goes out.

A host is a dictionary with its name in `host`, and of the facts below those that the run has come to. `switched` is there once it has switched, and
says whether it had to.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._host import _node

Host = t.Mapping[str, t.Any]
Fleet = t.Sequence[Host]

PREFIX = "elixir_release__"
# What the role notes of a host, without the prefix of its variables
NOTED = (
    "before",  # what elixir_release_info said of it
    "to_start",  # what a restart would start, and stop for that
    "new",  # the release that it is to have, as elixir_release_stage or elixir_release_rollback_info answered
    "others",  # how the looks went that it took at other hosts before its batch was taken out
    "start",  # what was started last
    "asked",  # how what it replaces was asked to stop, where that is a task of its own
    "problem",  # why its switch failed, and what that means
    "up",  # how the look at it ended
    "went_back",
    "same_look",  # how the old release did in the look that the new one failed
    "stuck",  # why it could not go back
    "kept",  # how its lock was kept for that
    "unsettled",  # why it could not be settled
    "not_given_back",  # why the user's tasks after a failure failed as well
    "down",  # how the wait for what ran beside it ended
    "timer",  # what its dead-man timer has done
    "migrations",
    "migrated_down",
    "listings",  # of migrations, by the older release and by the newer one
    "marked_bad",
    "marked_back",
)
# What a module answered counts where it came to that; a task that failed or was skipped answers something else
ANSWERS = {"before": "running", "to_start": "asked", "new": "release", "others": "results", "start": "release"}
UNKNOWN_MIGRATION = re.compile(r"unknown migration ([0-9]+)")
# As Ecto tells of each that is done. One that failed was taken back by the database itself
MIGRATED = re.compile(r"== Migrated ([0-9]+)")


def noted(hostvars: t.Mapping[str, t.Mapping[str, t.Any]], names: t.Iterable[str]) -> list[dict[str, t.Any]]:
    return [{"host": name, **_noted(hostvars[name])} for name in names]


def _noted(variables: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    facts = {fact: variables[PREFIX + fact] for fact in NOTED if PREFIX + fact in variables}
    facts = {fact: value for fact, value in facts.items() if fact not in ANSWERS or ANSWERS[fact] in value}
    if "new" in facts and _is_up(facts):
        facts["switched"] = not facts["new"]["live"]
    return facts


def _is_up(facts: t.Mapping[str, t.Any]) -> bool:
    """What was up and failed nevertheless, as by a hook of the user's, has gone back."""
    up = facts.get("up", {})
    # What is live was seen to be up before any batch began, and the switch writes its own look that is skipped over that
    seen_before = facts["new"]["live"] and "skipped" in up
    return bool(up.get("ready") or seen_before) and not facts.get("problem", {}).get("stopped")


def failed(fleet: Fleet) -> list[Host]:
    return [host for host in fleet if "problem" in host]


def names(hosts: t.Iterable[Host]) -> list[str]:
    return [host["host"] for host in hosts]


def to_switch(fleet: Fleet) -> list[Host]:
    return [host for host in fleet if "new" in host and not host["new"]["live"]]


def goes_back(fleet: Fleet, host: Host, on_failure: str) -> bool:
    """Once all batches are through. A host that failed by itself has gone back by then, unless it was lost."""
    if "problem" in host and "switched" not in host:
        # It may be back, or may have gone back by itself: that is seen by trying
        return host["problem"]["lost"] and host["problem"]["stopped"]
    if not host.get("switched") or "went_back" in host:
        return False
    others = [other for other in failed(fleet) if sends_back(fleet, other)]
    if on_failure == "batch":
        return any(host["host"] in other["problem"]["batch"] for other in others)
    return on_failure == "fleet" and bool(others)


def sends_back(fleet: Fleet, host: Host) -> bool:
    """Whether others go back for its problem. Not where too few hosts serve, or too few are connected: to go back is to be taken out as well. But one that
    has been switched may be to blame."""
    lacks = host["problem"].get("lacks")
    if lacks:
        nodes = [other.get("up", {}).get("node") or "" for other in fleet if other.get("switched")]
        return any(_node.host(node) in lacks for node in nodes)
    return bool(host["problem"].get("sends_back", True))


def stays(fleet: Fleet, host: Host, on_failure: str) -> bool:
    return "switched" in host and "went_back" not in host and "stuck" not in host and not goes_back(fleet, host, on_failure)


def reason(fleet: Fleet, host: Host) -> str | None:
    """Why this host goes back, in a line: its own problem, or that of the first host that has one."""
    if "problem" in host:
        return _first_line(host["problem"]["msg"])
    others = sorted(failed(fleet), key=lambda other: not sends_back(fleet, other))
    return _first_line(f"{others[0]['host']}: {others[0]['problem']['msg']}") if others else None


def went_back(fleet: Fleet) -> list[Host]:
    return [host for host in fleet if "went_back" in host]


def serving_older(fleet: Fleet, event: str) -> list[Host]:
    """Where the older release serves now, if nothing of the newer one is left in the fleet."""
    new = [host for host in fleet if (host.get("switched") or "stuck" in host) and "went_back" not in host]
    if event == "deploy":
        return [] if new else went_back(fleet)
    return [] if failed(fleet) else new


def timer_was_quicker(host: Host) -> bool:
    return bool(host.get("timer", {}).get("fired"))


def looks_the_same(host: Host) -> bool:
    """Whether the release before fails the look that the new one failed, in the same way: then the look is wrong, or what both depend on."""
    look, problem = host.get("same_look", {}), host.get("problem", {})
    return look.get("ready") is False and (look["look"], look["seen"]) == (problem.get("look"), problem.get("seen"))


def is_bad(host: Host) -> bool:
    """Whether its release is: it was started, it failed a look of its own, and the release before would have passed it."""
    return "problem" in host and bool(host["problem"]["blames"]) and not timer_was_quicker(host) and not looks_the_same(host)


def takes_over(host: Host) -> bool:
    """Whether what it replaces was started from elsewhere, as on the first deploy to a host that a script deployed to."""
    new = host.get("new", {})
    root = new["path"].rpartition("/")[0].rpartition("/")[0] if new.get("path") else None
    return any(replaced["root"] != root for replaced in new.get("replaces") or [])


def targets(fleet: Fleet) -> list[str]:
    """The builds that the hosts would go back to, each once."""
    return list(dict.fromkeys(host["new"]["sha256"] for host in fleet if "sha256" in host.get("new", {})))


def targets_by_host(fleet: Fleet) -> str:
    return ", ".join(f"{host['host']}: {host['new']['release']}" for host in fleet if "new" in host)


def unknown_migrations(fleet: Fleet) -> list[str]:
    """Those that the older release does not know, without those that the newer one does not know either. The host that was asked has the listings."""
    listings = next((host["listings"]["results"] for host in fleet if host.get("listings", {}).get("results")), [])
    lines = [listing.get("stdout_lines") or [] for listing in listings]
    ancient = [line for listing in lines[1:] for line in listing]
    found = (UNKNOWN_MIGRATION.fullmatch(line) for line in (lines[0] if lines else []) if line not in ancient)
    return [match[1] for match in found if match]


def applied_migrations(fleet: Fleet) -> list[str]:
    said = " ".join(str(host.get("migrations", {}).get(stream) or "") for host in fleet for stream in ("msg", "stdout", "stderr"))
    return list(dict.fromkeys(MIGRATED.findall(said)))


def has_migrated(fleet: Fleet) -> bool:
    return any(host.get("migrations", {}).get("changed") for host in fleet)


def batch_sizes(hosts: int, batches: t.Sequence[t.Any]) -> list[int]:
    """How many hosts each batch has, as `serial` of a play divides them: the last size counts for all that are left."""
    sizes, left, found = [_size(batch, hosts) for batch in batches] or [hosts], hosts, []
    while left > 0:
        size = sizes.pop(0) if len(sizes) > 1 else sizes[0]
        found.append(min(size, left))
        left -= size
    return found


def most_out(hosts: int, batches: t.Sequence[t.Any]) -> int:
    """How many hosts the largest batch has."""
    return max(batch_sizes(hosts, batches), default=0)


def _size(batch: t.Any, hosts: int) -> int:
    text = str(batch)
    size = int(int(text[:-1]) / 100 * hosts) or 1 if text.endswith("%") else int(text)
    return size if size > 0 else hosts


def taken_out(fleet: Fleet, batch: t.Container[str]) -> list[Host]:
    """Whom a batch takes out of service: where something runs that is to be stopped."""
    return [host for host in fleet if host["host"] in batch and _stops(host)]


def _stops(host: Host) -> bool:
    if "to_start" in host:
        return bool(host["to_start"]["asked"])
    return "new" in host and not host["new"]["live"] and bool(host["new"]["replaces"])


def others(fleet: Fleet, batch: t.Container[str]) -> list[Host]:
    """Who is to serve while a batch is out."""
    out = names(taken_out(fleet, batch))
    return [host for host in fleet if host["host"] not in out]


def out_and_looks(fleet: Fleet, batch: t.Container[str]) -> dict[str, t.Any]:
    """Whom a batch takes out, and which of the others each of those looks at: each of the others is looked at once."""
    out, rest = names(taken_out(fleet, batch)), names(others(fleet, batch))
    return {"out": out, "looks": {host: rest[index :: len(out)] for index, host in enumerate(out)}}


class Availability(t.NamedTuple):
    serving: list[str]
    not_serving: dict[str, str]  # why
    may_be_to_blame: bool  # whether one that does not serve has been switched by this run


def availability(fleet: Fleet, batch: t.Container[str]) -> Availability | None:
    """Which of the others serve, as those that are about to be taken out saw it; None where they have not looked."""
    looked = [host["others"]["results"] for host in taken_out(fleet, batch) if "others" in host]
    if not looked:
        return None
    seen = {look["item"]: look for looks in looked for look in looks}
    rest = others(fleet, batch)
    serving = [host for host in rest if seen.get(host["host"], {}).get("ready")]
    lacking = [host for host in rest if host not in serving]
    why = {host["host"]: _first_line(str(seen.get(host["host"], {}).get("msg") or "It was not looked at.")) for host in lacking}
    return Availability(names(serving), why, any(host.get("switched") for host in lacking))


def decisions(fleet: Fleet, on_failure: str, event: str) -> dict[str, t.Any]:
    """All of the above by the names that the role has for them; hosts by their names."""
    return {
        "failed": names(failed(fleet)),
        "to_switch": names(to_switch(fleet)),
        "going_back": [host["host"] for host in fleet if goes_back(fleet, host, on_failure)],
        "went_back": names(went_back(fleet)),
        "staying": [host["host"] for host in fleet if stays(fleet, host, on_failure)],
        "serving_older": names(serving_older(fleet, event)),
        "bad": [host["host"] for host in fleet if is_bad(host)],
        "taking_over": [host["host"] for host in fleet if takes_over(host)],
        "reasons": {host["host"]: reason(fleet, host) for host in fleet},
        "targets": targets(fleet),
        "targets_by_host": targets_by_host(fleet),
        "migrated": has_migrated(fleet),
        "applied_migrations": applied_migrations(fleet),
        "unknown_migrations": unknown_migrations(fleet),
    }


def _first_line(text: str) -> str:
    return text.splitlines()[0]
