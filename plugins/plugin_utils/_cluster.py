# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is decided about a fleet whose nodes are connected with each other. Pure, as _fleet is.

Each host has told whom its node was connected with before anything was stopped: its record, in `before` or, of a restart, in `to_start`. That is what it
has to be connected with when it comes back, and again before it is stopped itself.
"""

from __future__ import annotations

import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._host import _node
from ansible_collections.beamops.elixir.plugins.plugin_utils import _fleet

BATCHES = [1, "25%", "100%"]  # as the playbooks say to what counts on them
ONE_BY_ONE = [1]
# Every new Phoenix application has it, and few use it: it counts where it has joined somebody
UNCHOSEN = {"dns_cluster"}


def record(host: _fleet.Host, looked: str) -> t.Mapping[str, t.Any]:
    """Empty where nobody was to look, or where the host has not told yet."""
    return host.get(looked, {}).get("cluster") or {}


def is_one(fleet: _fleet.Fleet, looked: str) -> bool:
    """Where a library was taken to join nodes, where nodes are joined, or where the operator says how many are to be."""
    return any(_least(told) or _joins(told) or told["peers"] for told in (record(host, looked) for host in fleet) if told)


def batches(fleet: _fleet.Fleet, looked: str) -> list[t.Any]:
    """As long as the operator wants no others."""
    return ONE_BY_ONE if is_one(fleet, looked) else BATCHES


def expected(fleet: _fleet.Fleet, own: str, batch: t.Iterable[str], looked: str) -> dict[str, t.Any]:
    """With whom the node of this host has to be connected; nothing where it was alone.

    What this run knows of is named as it is now, so that nobody passes for it who is only kept warm beside it. Of all others only the host counts: their
    names may become others meanwhile. Who is out at the same time is not there to be seen.
    """
    by_name = {host["host"]: host for host in fleet}
    told = record(by_name[own], looked)
    if not told or not told["peers"] and (not _least(told) or len(fleet) == 1):
        return {}
    known = {name: host for host in fleet for name in _names(host, looked)}
    names, hosts = [], []
    for peer in told["peers"]:
        host = known.get(peer)
        if host is None:
            hosts.append(_node.host(peer) or peer)
        elif host["host"] not in batch and host["host"] != own:
            names.append(_names(host, looked)[0])
    return {
        "node": told["node"] or "",
        "names": sorted(set(names)),
        "hosts": sorted(set(hosts)),
        "whole": told["whole"],
        "one_name": _one_name(told),
        "least": _needed(by_name[own], [host for host in fleet if host["host"] not in (own, *batch) and not _runs(host, looked)], looked),
    }


def split(fleet: _fleet.Fleet, looked: str) -> str:
    """Why the cluster is not whole, before anything is stopped; empty where it is, or where there is none."""
    if len(fleet) == 1 or not any(record(host, looked).get("peers") or _least(record(host, looked)) for host in fleet):
        return ""
    lines = [f"{host['host']}: {why}" for host in fleet for why in _outside(fleet, host, looked)]
    if not lines:
        return ""
    return "\n".join([
        "The nodes of these hosts are no whole cluster, so nothing was stopped:",
        *lines,
        "See to that first: each host is only waited for until it has those back that it had. If it is as it is meant to be, as where one run has several "
        "clusters, say how many hosts have to be connected with -e elixir_release_cluster=N. To go on without a look, give -e elixir_release_cluster=off.",
    ])


def _outside(fleet: _fleet.Fleet, host: _fleet.Host, looked: str) -> t.Iterator[str]:
    """Why it is not in the cluster, or not with all of it. Where nothing runs, nothing is missing yet."""
    told = record(host, looked)
    if told.get("msg"):
        yield f"with whom its node is connected cannot be told: {told['msg']}"
    if not told.get("node"):
        return
    there = ", ".join(told["peers"]) or "nobody"
    # As it was when all of them told
    least = _needed(host, [other for other in fleet if other is not host and not _ran(other, looked)], looked)
    others = [_names(other, looked) for other in fleet if other is not host and record(other, looked).get("node")]
    # Who was told of by this name may have another one by now
    lacks = [names[0] for names in others if not set(names).intersection(told["peers"]) and _may_join(told, names[0])]
    hosts = {_node.host(name) or name for name in (told["node"], *told["peers"])}
    if least and len(hosts) < least:
        yield f"{told['node']} is connected with {there}, and with its own that are {len(hosts)} of the {least} hosts that are to be."
    elif lacks and not least:
        yield f"{told['node']} is connected with {there}, and not with {', '.join(lacks)}."


def _least(told: t.Mapping[str, t.Any]) -> int:
    """How many hosts the operator asks for; 0 for those that there were."""
    return int(told["wanted"]) if str(told.get("wanted", "")).isdigit() else 0


def _joins(told: t.Mapping[str, t.Any]) -> bool:
    """Where it cannot be told with whom a node is connected, any library may have joined it."""
    return bool(set(told["libraries"]) - (set() if told.get("msg") else UNCHOSEN))


def _one_name(told: t.Mapping[str, t.Any]) -> bool:
    """dns_cluster finds nodes of its own name only."""
    return "dns_cluster" in told["libraries"]


def _may_join(told: t.Mapping[str, t.Any], name: str) -> bool:
    return not _one_name(told) or _node.short(name) == _node.short(told["node"])


def _names(host: _fleet.Host, looked: str) -> list[str]:
    """Of its node, the present one first: what this run has started there may have another one than what it replaced."""
    up = host.get("up", {})
    return [name for name in (up.get("ready") and up.get("node"), record(host, looked).get("node")) if name]


def _needed(host: _fleet.Host, down: _fleet.Fleet, looked: str) -> int:
    """How many hosts have to be connected; 0 where those that were are to be. Nobody is connected with one on which nothing runs yet, as on a first deploy."""
    least = _least(record(host, looked))
    return max(1, least - len(down)) if least else 0


def _runs(host: _fleet.Host, looked: str) -> bool:
    return _ran(host, looked) or bool(host.get("up", {}).get("ready"))


def _ran(host: _fleet.Host, looked: str) -> bool:
    """Before this run started anything."""
    told = host.get(looked, {})
    return bool(record(host, looked).get("node") or told.get("running") or told.get("asked"))
