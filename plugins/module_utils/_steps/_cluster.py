# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""With which nodes a release is connected, seen from both sides, and whether these are the ones that it was connected with before.

A connection that one side has lost is one to the other side until it notices. So the node itself asks all that it is connected with, over these very
connections, whom they see: what answers is there, and what it says is the other side. Nobody else is asked: to ask is to connect, and would mend what is
to be seen.
"""

from __future__ import annotations

import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._host import _node, _processes, _text
from ansible_collections.beamops.elixir.plugins.module_utils._root import _layout, _releases
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _node_calls, _readiness
from ansible_collections.beamops.elixir.plugins.module_utils._steps._peers import Peers
from ansible_collections.beamops.elixir.plugins.module_utils._tarball import _rel

# They join nodes, or are nothing without others
LIBRARIES = ("dns_cluster", "horde", "libcluster", "mnesia", "swarm", "syn")

# For all of those that it asks together: one that is silent is not waited for any longer than all of them. Then for itself
PEER_SECONDS = 2
SECONDS = 5
STARTED, SILENT = "started", "silent"
# A line of its own, then one of each that it is connected with: its name, how far it has booted, and whom it sees. Hidden nodes, such as a remote console,
# are not among them. Each answer is kept apart, so that one that does not come says nothing of the others
ASK = f"""
peers = Node.list()
ask = fn module, function -> Task.async(fn -> :erpc.multicall(peers, module, function, [], {PEER_SECONDS * 1000}) end) end
[statuses, views] = Enum.map([ask.(:init, :get_status), ask.(:erlang, :nodes)], &Task.await(&1, :infinity))
lines =
  for {{peer, status, view}} <- Enum.zip([peers, statuses, views]) do
    case {{status, view}} do
      {{{{:ok, {{status, _}}}}, {{:ok, seen}}}} -> Enum.join([peer, status | seen], " ")
      _ -> "#{{peer}} {SILENT}"
    end
  end
Enum.join([node() | lines], "\\n")
"""


class Peer(t.NamedTuple):
    name: str
    status: str  # of its boot; SILENT where it did not answer
    sees: t.Sequence[str]


class View(t.NamedTuple):
    """What a node sees."""

    node: str
    peers: t.Sequence[Peer]

    def joined(self) -> dict[str, Peer]:
        """Those that see it as well, and are there: one that boots is not yet."""
        return {peer.name: peer for peer in self.peers if peer.status == STARTED and self.node in peer.sees}

    def others(self) -> dict[str, Peer]:
        """Without what else runs on its own host, as in the other slot."""
        return {name: peer for name, peer in self.joined().items() if _node.host(name) != _node.host(self.node)}


def parse(text: str) -> View:
    own, *lines = text.split("\n")
    return View(own, [Peer(name, status, seen) for name, status, *seen in (line.split(" ") for line in lines)])


def look(process: _processes.Process) -> View | str:
    """A text says why it could not be asked."""
    answer = _node_calls.evaluate(process, ASK, SECONDS)
    return parse(answer.text) if answer.came else answer.text


def name(process: _processes.Process) -> str | None:
    """With its host, which a short name's command line does not tell. None where it does not say."""
    answer = _node_calls.evaluate(process, "to_string(node())", SECONDS)
    return answer.text if answer.came else None


def speaker(layout: _layout.Layout, scan: _processes.Scan) -> _processes.Process | None:
    """Who serves here: what is kept warm beside it is not the current one."""
    current = _releases.current(layout)
    return min(scan.of_root(layout.root), key=lambda process: not current or process.root != current.path, default=None)


def noted(layout: _layout.Layout, applications: t.Iterable[str] | None, wanted: str, scan: _processes.Scan) -> dict[str, t.Any]:
    """What a run has to know before it stops anything here. `applications` are those of the release that is to be started."""
    process = speaker(layout, scan)
    made_of = {*(applications or ()), *(_rel.of_directory(process.root).applications if process else ())}
    view = look(process) if process and process.node else ""
    seen = view.others() if isinstance(view, View) else {}
    return {
        "wanted": wanted,
        "libraries": sorted(made_of.intersection(LIBRARIES)),
        "node": view.node if isinstance(view, View) else None,
        "peers": sorted(seen),
        "whole": not strangers(seen, seen),
        **({"msg": view} if isinstance(view, str) and view else {}),
    }


def strangers(seen: t.Mapping[str, Peer], among: t.Iterable[str]) -> list[tuple[str, str]]:
    """Of those, who does not see whom."""
    return [(name, other) for name in among for other in among if other not in (name, *seen[name].sees)]


def verdict(wanted: Peers, view: View | str) -> _readiness.Verdict:
    """`seen` names the hosts that are missing."""
    if isinstance(view, str):
        return _readiness.not_yet(f"with whom it is connected cannot be told: {_text.sentence(view)}", "cluster", "no answer")
    missing, joined = lacking(wanted, view), view.joined()
    hosts = sorted({_node.host(name) or name for name in (view.node, *joined)})
    if len(hosts) >= wanted.least if wanted.least else not missing:
        return _readiness.yes(f"{view.node} is connected with {', '.join(sorted(joined)) or 'nobody, and nobody is expected'}.", "cluster", "whole")
    why = "; ".join(missing.values())
    if wanted.least:
        told = f"nodes of {len(hosts)} hosts are connected ({', '.join(hosts)}), and {wanted.least} are to be"
        why = f"{told}: {why}" if why else told
    return _readiness.not_yet(f"{why}.", "cluster", ", ".join(sorted(missing)) or f"{len(hosts)} hosts")


def lacking(wanted: Peers, view: View) -> dict[str, str]:
    """The hosts whose nodes are not connected as they were, and why not."""
    joined, found, missing = view.joined(), [], {}
    for name in reachable(wanted, view.node):
        match = next((peer for peer in sorted(joined) if name in (peer, _node.host(peer))), None)
        if match:
            found.append(match)
        else:
            missing[_node.host(name) or name] = _why(view, name)
    apart = strangers(joined, found) if wanted.whole else []
    return {**missing, **{_node.host(other) or other: f"{name} is not connected with {other}" for name, other in apart}}


def reachable(wanted: Peers, node: str) -> list[str]:
    """Those of them that a node of this name can find at all."""
    if not wanted.one_name:
        return [*wanted.names, *wanted.hosts]
    own = _node.short(node)
    return [*(name for name in wanted.names if _node.short(name) == own), *(wanted.hosts if _node.short(wanted.node) == own else ())]


def _why(view: View, name: str) -> str:
    """Why that one does not count."""
    peer = next((peer for peer in view.peers if name in (peer.name, _node.host(peer.name))), None)
    if not peer:
        return f"{view.node} is not connected with {name}"
    if peer.status == SILENT:
        return f"{peer.name} did not answer {view.node} within {PEER_SECONDS} s"
    if peer.status != STARTED:
        return f"{peer.name} is still {peer.status}"
    return f"{view.node} is connected with {peer.name}, which does not see it"
