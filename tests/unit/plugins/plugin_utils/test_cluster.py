# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.beamops.elixir.plugins.plugin_utils import _cluster

NODES = {name: f"guestbook@{name}.x" for name in ("web1", "web2", "web3")}


def host(name, *peers, node="", wanted="auto", libraries=(), whole=True, looked="before", **facts):
    """A host whose node was connected with those of these hosts, or with the nodes that are named in full."""
    names = [NODES.get(peer, peer) for peer in peers]
    seen = {"wanted": wanted, "libraries": list(libraries), "node": NODES[name] if node == "" else node, "peers": names, "whole": whole}
    return {"host": name, looked: {"running": [{}] if seen["node"] else [], "cluster": seen}, **facts}


def up(node):
    return {"up": {"ready": True, "node": node}, "switched": True}


WHOLE = [host("web1", "web2", "web3"), host("web2", "web1", "web3"), host("web3", "web1", "web2")]
APART = [host(name) for name in NODES]
FIRST = [host(name, node=None) for name in NODES]
UNKNOWN = {**host("web1", libraries=["dns_cluster"], node=None)["before"]["cluster"], "msg": "It is silent."}
SILENT = [{"host": "web1", "before": {"running": [{}], "cluster": UNKNOWN}}]


def peers(fleet, own="web1", batch=("web1",), looked="before"):
    return _cluster.expected(fleet, own, batch, looked)


@pytest.mark.parametrize(
    ("fleet", "batches"),
    [
        (WHOLE, [1]),
        (APART, [1, "25%", "100%"]),
        (FIRST, [1, "25%", "100%"]),
        ([host("web1", libraries=["libcluster"]), *APART[1:]], [1]),
        ([host("web1", wanted="3", node=None), *FIRST[1:]], [1]),
        # Every new Phoenix application has it
        ([host(name, libraries=["dns_cluster"]) for name in NODES], [1, "25%", "100%"]),
        ([host("web1", "web2", libraries=["dns_cluster"]), host("web2", "web1")], [1]),
        ([host("web1", libraries=["dns_cluster", "syn"])], [1]),
        (SILENT, [1]),
        # Nobody was to look, or nobody has
        ([{"host": "web1", "before": {"running": [], "cluster": None}}, {"host": "web2"}], [1, "25%", "100%"]),
        ([], [1, "25%", "100%"]),
    ],
)
def test_a_cluster_is_taken_host_by_host(fleet, batches):
    assert _cluster.batches(fleet, "before") == batches
    assert _cluster.batches(fleet, "to_start") == [1, "25%", "100%"], "that is of a restart"


def test_a_host_has_to_be_connected_with_whom_it_was():
    assert peers(WHOLE) == {
        "node": "guestbook@web1.x",
        "names": ["guestbook@web2.x", "guestbook@web3.x"],
        "hosts": [],
        "whole": True,
        "one_name": False,
        "least": 0,
    }
    assert peers(APART) == {} and peers(FIRST) == {}
    assert peers([host("web1", "web2", "web3", looked="to_start")], looked="to_start")["hosts"] == ["web2.x", "web3.x"]


def test_who_is_out_at_the_same_time_is_not_missed():
    """RabbitMQ's alarm for a node that is in maintenance was a false one."""
    assert peers(WHOLE, batch=("web1", "web2"))["names"] == ["guestbook@web3.x"]


def test_who_has_switched_is_known_by_its_name_of_now():
    """By its host, what is kept warm there would pass for it."""
    fleet = [host("web1", "web2", "web3", **up("guestbook-green@web1.x")), *WHOLE[1:]]
    assert peers(fleet, "web2", ("web2",))["names"] == ["guestbook-green@web1.x", "guestbook@web3.x"]
    # In a play with serial of one's own, a later batch looks when it has that name already
    later = [fleet[0], host("web2", "guestbook-green@web1.x", "web3"), host("web3", "guestbook-green@web1.x", "web2")]
    assert peers(later, "web2", ("web2",))["names"] == ["guestbook-green@web1.x", "guestbook@web3.x"]


def test_others_are_known_by_their_host():
    fleet = [host("web1", "web2", "worker-9f8e@jobs1.x"), host("web2", "web1", "worker-9f8e@jobs1.x")]
    assert (peers(fleet)["names"], peers(fleet)["hosts"]) == (["guestbook@web2.x"], ["jobs1.x"])


@pytest.mark.parametrize(
    ("fleet", "least"),
    [
        ([host("web1", wanted="3"), *WHOLE[1:]], 3),
        # A first deploy: each one that is up has to be connected
        ([host("web1", wanted="3", node=None), *FIRST[1:]], 1),
        ([host("web1", wanted="3", node=None), host("web2", node=None, up={"ready": True}), FIRST[2]], 2),
        # Beside hosts that are not of this run
        ([host("web1", wanted="5", node=None), *FIRST[1:]], 3),
    ],
)
def test_how_many_hosts_have_to_be_connected(fleet, least):
    assert peers(fleet)["least"] == least


def test_who_is_out_at_the_same_time_is_to_be_there_where_hosts_are_counted():
    assert peers([host("web1", wanted="3", node=None), *FIRST[1:]], batch=NODES)["least"] == 3


def test_alone_there_is_nobody_to_be_connected_with():
    assert peers([host("web1", wanted="3")]) == {}
    assert peers([host("web1", "web2", wanted="3")])["least"] == 3, "not alone: it is the only one of this run"


@pytest.mark.parametrize("fleet", [WHOLE, APART, FIRST, [], WHOLE[:1], APART[:1]])
def test_whole_or_no_cluster_at_all(fleet):
    assert _cluster.split(fleet, "before") == ""


def test_a_split_is_told_before_anything_is_stopped():
    fleet = [host("web1", "web2"), host("web2", "web1"), host("web3")]
    said = _cluster.split(fleet, "before").splitlines()
    assert said[0] == "The nodes of these hosts are no whole cluster, so nothing was stopped:"
    assert said[1:4] == [
        "web1: guestbook@web1.x is connected with guestbook@web2.x, and not with guestbook@web3.x.",
        "web2: guestbook@web2.x is connected with guestbook@web1.x, and not with guestbook@web3.x.",
        "web3: guestbook@web3.x is connected with nobody, and not with guestbook@web1.x, guestbook@web2.x.",
    ]
    assert "-e elixir_release_cluster=N" in said[4] and "-e elixir_release_cluster=off" in said[4]
    # Seen from one side only
    one_sided = [WHOLE[0], WHOLE[1], host("web3", "web2")]
    assert _cluster.split(one_sided, "before").splitlines()[1].startswith("web3: ")


def test_what_this_run_has_started_under_another_name_is_not_missed_by_who_told_of_the_old_one():
    """As a restart in the other slot does, before the next host is looked at."""
    assert _cluster.split([host("web1", "web2", "web3", **up("guestbook-green@web1.x")), *WHOLE[1:]], "before") == ""


def test_what_this_run_has_started_where_nothing_ran_was_nobody_to_be_connected_with():
    fleet = [host("web1", node=None, wanted="3", up={"ready": True, "node": NODES["web1"]}), host("web2", node=None, wanted="3"), host("web3", wanted="3")]
    assert _cluster.split(fleet, "before") == ""
    assert peers(fleet, "web2", ("web2",))["least"] == 3, "from now on it is"


def test_where_nothing_runs_nobody_is_missing_yet():
    assert _cluster.split([host("web1", "web2"), host("web2", "web1"), host("web3", node=None)], "before") == ""


def test_whose_node_cannot_be_asked_is_not_in_it():
    hung = host("web3", node=None)
    hung["before"]["cluster"]["msg"] = "it did not end within 5 s"
    assert "web3: with whom its node is connected cannot be told: it did not end within 5 s" in _cluster.split([*WHOLE[:2], hung], "before")
    assert _cluster.split([*APART[:2], hung], "before") == "", "there is no cluster"


def test_dns_cluster_does_not_find_another_name():
    """As where an earlier run ended with one host in the other slot: the next one has to get through."""
    dns = {"libraries": ["dns_cluster"]}
    fleet = [host("web1", node="guestbook-green@web1.x", **dns), host("web2", "web3", **dns), host("web3", "web2", **dns)]
    assert _cluster.split(fleet, "before") == ""
    fleet[0]["before"]["cluster"]["libraries"] = fleet[1]["before"]["cluster"]["libraries"] = []
    assert "web2: " in _cluster.split(fleet, "before")


@pytest.mark.parametrize(("wanted", "lacks"), [("2", ["web3"]), ("3", ["web1", "web2", "web3"]), ("1", [])])
def test_fewer_than_are_asked_for(wanted, lacks):
    fleet = [host("web1", "web2", wanted=wanted), host("web2", "web1", wanted=wanted), host("web3", wanted=wanted)]
    assert [line.partition(":")[0] for line in _cluster.split(fleet, "before").splitlines()[1:-1]] == lacks
