# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whom a node sees, and what that means. Real nodes, and a network that is cut, are in the Molecule scenario cluster.

RabbitMQ's checks were the model. What they were known to get wrong has its line here: a member that is catching up counted as one that is there, a false alarm
for hosts that are out on purpose, ten seconds for each that is dead, an error where there is one node only, and one that is silent taken for all.
"""

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._host import _processes
from ansible_collections.beamops.elixir.plugins.module_utils._root import _current
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _bin_app, _cluster, _start
from ansible_collections.beamops.elixir.plugins.module_utils._steps._peers import Peers

# As a node of three says it
WHOLE = """guestbook@web1.x
guestbook@web2.x started guestbook@web1.x guestbook@web3.x
guestbook@web3.x started guestbook@web1.x guestbook@web2.x"""
OWN = "guestbook@web1.x"
BOTH = Peers(OWN, names=["guestbook@web2.x", "guestbook@web3.x"], whole=True)


def view(text=WHOLE, **changed):
    """With other lines for some of them: None for one that is not connected."""
    own, *lines = text.split("\n")
    names = {line.split()[0].partition("@")[2].partition(".")[0]: line for line in lines}
    lines = [line for line in {**names, **changed}.values() if line]
    return _cluster.parse("\n".join([own, *lines]))


def verdict(wanted, seen):
    ready, fatal, msg, look, missing = _cluster.verdict(wanted, seen)
    assert not fatal and look == "cluster"
    return ready, missing, msg


def test_alone():
    alone = _cluster.parse("guestbook@web1")
    assert (alone.node, alone.peers, alone.joined()) == ("guestbook@web1", [], {})
    assert verdict(Peers("guestbook@web1"), alone) == (True, "whole", "guestbook@web1 is connected with nobody, and nobody is expected.")


@pytest.mark.parametrize(
    ("changed", "missing", "words"),
    [
        pytest.param({}, "whole", "guestbook@web1.x is connected with guestbook@web2.x, guestbook@web3.x.", id="all are there"),
        pytest.param({"web2": None}, "web2.x", "guestbook@web1.x is not connected with guestbook@web2.x", id="one is not"),
        pytest.param({"web2": None, "web3": None}, "web2.x, web3.x", "; guestbook@web1.x is not connected with guestbook@web3.x.", id="none is"),
        pytest.param({"web3": "guestbook@web3.x silent"}, "web3.x", "guestbook@web3.x did not answer guestbook@web1.x within 2 s", id="one is silent"),
        pytest.param(
            {"web3": "guestbook@web3.x starting guestbook@web1.x guestbook@web2.x"}, "web3.x", "guestbook@web3.x is still starting", id="one boots"
        ),
        pytest.param(
            {"web3": "guestbook@web3.x started guestbook@web2.x"},
            "web3.x",
            "guestbook@web1.x is connected with guestbook@web3.x, which does not see it",
            id="from one side only",
        ),
        pytest.param(
            {"web2": "guestbook@web2.x started guestbook@web1.x"}, "web3.x", "guestbook@web2.x is not connected with guestbook@web3.x", id="two others"
        ),
        pytest.param({"web4": "other@web4.x started guestbook@web1.x"}, "whole", "other@web4.x", id="another one came"),
    ],
)
def test_whoever_was_there_has_to_be_again(changed, missing, words):
    ready, seen, msg = verdict(BOTH, view(**changed))
    assert (ready, seen) == (missing == "whole", missing) and words in msg


def test_two_others_need_not_be_connected_where_they_were_not():
    assert verdict(BOTH._replace(whole=False), view(web2="guestbook@web2.x started guestbook@web1.x"))[0]


def test_a_host_is_enough_where_the_name_may_be_another_one():
    versioned = view(web2="guestbook-9f8e@web2.x started guestbook@web1.x guestbook@web3.x")
    assert not verdict(BOTH, versioned)[0]
    by_host = Peers(OWN, names=["guestbook@web3.x"], hosts=["web2.x"])
    assert verdict(by_host, versioned)[0] and verdict(by_host, view(web2=None))[1] == "web2.x"


def test_what_is_kept_warm_on_a_host_is_not_what_serves_there():
    """By a host alone, it would also pass for the old one."""
    warm = view(web2="guestbook-blue@web2.x started guestbook@web1.x guestbook@web3.x")
    assert verdict(Peers(OWN, names=["guestbook-green@web2.x"]), warm)[1] == "web2.x"


@pytest.mark.parametrize(("node", "expected"), [(OWN, ["guestbook@web2.x", "web4.x"]), ("guestbook-green@web1.x", ["guestbook-green@web3.x"])])
def test_dns_cluster_finds_nodes_of_its_own_name_only(node, expected):
    wanted = Peers(OWN, names=["guestbook@web2.x", "guestbook-green@web3.x"], hosts=["web4.x"], one_name=True)
    assert _cluster.reachable(wanted, node) == expected
    assert len(_cluster.reachable(wanted._replace(one_name=False), node)) == 3


@pytest.mark.parametrize(
    ("least", "changed", "missing", "words"),
    [
        (3, {}, "whole", ""),
        (2, {"web2": None}, "whole", ""),
        (3, {"web2": None}, "web2.x", "nodes of 2 hosts are connected (web1.x, web3.x), and 3 are to be: guestbook@web1.x is not connected with"),
        (3, {"web2": "guestbook@web2.x silent"}, "web2.x", "did not answer"),
        (4, {}, "3 hosts", "nodes of 3 hosts are connected (web1.x, web2.x, web3.x), and 4 are to be."),
        # Two of one host are one
        (4, {"web2b": "guestbook-blue@web2.x started guestbook@web1.x"}, "3 hosts", "and 4 are to be."),
    ],
)
def test_so_many_hosts_have_to_be_connected(least, changed, missing, words):
    ready, seen, msg = verdict(BOTH._replace(least=least), view(**changed))
    assert (ready, seen) == (missing == "whole", missing) and words in msg


def test_what_cannot_be_asked_is_not_ready():
    assert verdict(BOTH, "it did not end within 5 s") == (False, "no answer", "with whom it is connected cannot be told: it did not end within 5 s.")


# --- what a run notes of a host


@pytest.fixture
def process(layout, staged, account, node):
    """What runs, and is the current one. It has a library that joins nodes, and one that does not."""
    release = staged(env=f"RELEASE_NODE={node}@web1.x\nRELEASE_DISTRIBUTION=name\n")
    rel = pathlib.Path(release.path, "releases", "0.1.0", "guestbook.rel")
    rel.parent.mkdir(parents=True)
    rel.write_text('{release,{"guestbook","0.1.0"},{erts,"13.1.5"},[{kernel,"8.5",permanent},{libcluster,"3.3.3",permanent},{plug,"1.0",permanent}]}.')
    _current.point(layout, release.id)
    return _start.start(layout, release, _bin_app.staged(release.path, release.name, layout, account))


def noted(layout, *applications, wanted="auto"):
    return _cluster.noted(layout, applications, wanted, _processes.scan())


def test_what_is_noted_of_a_host(layout, process, evaluates):
    asked = evaluates(f"{WHOLE}\nguestbook-green@web1.x started guestbook@web1.x\nother@web4.x silent")
    assert noted(layout, "mnesia", "phoenix") == {
        "wanted": "auto",
        "libraries": ["libcluster", "mnesia"],
        "node": "guestbook@web1.x",
        "peers": ["guestbook@web2.x", "guestbook@web3.x"],  # neither what runs beside it nor who does not answer
        "whole": True,
    }
    assert "Node.list()" in asked()[1]
    evaluates(f"{OWN}\nguestbook@web2.x started {OWN}\nguestbook@web3.x started {OWN}")
    assert noted(layout, wanted="3")["whole"] is False


def test_where_nothing_runs_nobody_is_connected(layout):
    assert noted(layout, "dns_cluster") == {"wanted": "auto", "libraries": ["dns_cluster"], "node": None, "peers": [], "whole": True}


def test_where_it_cannot_be_asked_that_is_told(layout, process, evaluates):
    evaluates("** (UndefinedFunctionError) :erpc.multicall/5", "raised")
    told = noted(layout)
    assert (told["node"], told["peers"], told["msg"]) == (None, [], "** (UndefinedFunctionError) :erpc.multicall/5")


def test_what_is_current_speaks_for_the_host(layout, process, staged, account):
    assert _cluster.speaker(layout, _processes.scan()).pid == process.pid
    other = staged("0.2.0-b", env="RELEASE_NODE=other@web1.x\nRELEASE_DISTRIBUTION=name\n")
    started = _start.start(layout, other, _bin_app.staged(other.path, other.name, layout, account))
    assert _cluster.speaker(layout, _processes.scan()).pid == process.pid
    _current.point(layout, other.id)
    assert _cluster.speaker(layout, _processes.scan()).pid == started.pid


def test_the_name_with_its_host(process, evaluates):
    evaluates("guestbook@web1.x")
    assert _cluster.name(process) == "guestbook@web1.x"
    evaluates("** (exit) :x", "raised")
    assert _cluster.name(process) is None
