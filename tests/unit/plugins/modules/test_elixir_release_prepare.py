# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import pwd

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._modules import _info
from ansible_collections.beamops.elixir.plugins.module_utils._root import _current, _releases
from ansible_collections.beamops.elixir.plugins.module_utils._tarball import _tarball
from ansible_collections.beamops.elixir.plugins.modules import (
    elixir_release_prepare as module,
    elixir_release_stage,
    elixir_release_start,
)

KAI = {"owner": "kai@laptop", "place": "laptop boot pid:[1]", "pid": 4711, "started": 99}
ADA = {"owner": "ada@ci", "place": "ci boot pid:[1]", "pid": 815, "started": None}


@pytest.fixture
def prepare(run_module, layout):
    """Runs the module as the action plugin does."""
    return lambda run=KAI, **arguments: run_module(module, root=layout.root, run=run, **arguments)


@pytest.fixture
def described(tarball, release_files):
    return _tarball.describe(tarball(release_files))


def test_looks_and_locks(prepare, described, layout, monkeypatch):
    monkeypatch.setattr(_info._preflight, "problems", lambda *_arguments: [])
    answer = prepare(tarball=described, what="deploy of 0.2.0")
    assert (answer["held"], answer["owner"], answer["problems"], answer["current"]) == (True, "kai@laptop", [], None)
    assert os.path.exists(layout.lock)
    other = prepare(ADA, tarball=described)
    assert (other["held"], other["problems"]) == (False, []) and "is held by kai@laptop" in other["msg"]
    assert other["holder"]["pid"] == 4711
    assert prepare(ADA, tarball=described, takeover=other["holder"])["held"]


def test_what_cannot_take_the_release_is_left_as_it_is(prepare, described, layout):
    answer = prepare(tarball={**described, "machine": "riscv64"})
    assert not answer["held"] and "was built for riscv64" in answer["problems"][0]
    assert answer["msg"] == " ".join(answer["problems"])
    assert not os.path.exists(layout.root)


def test_an_account_of_the_hosts_own_has_to_be_named(prepare, described, monkeypatch):
    monkeypatch.setattr(_info._preflight, "problems", lambda *_arguments: [])
    entry = pwd.struct_passwd(("guestbook", "x", 34, 34, "", "/var/backups", "/usr/sbin/nologin"))
    monkeypatch.setattr(_info.pwd, "getpwnam", {"guestbook": entry}.__getitem__)
    refused = prepare(tarball=described)
    assert not refused["held"] and "is an account of this host's own (uid 34" in refused["msg"]
    assert prepare(tarball=described, user="guestbook")["held"]


def test_without_a_tarball_it_locks_what_is_there(prepare, staged, layout):
    release = staged()
    answer = prepare(what="rollback")
    assert (answer["held"], answer["problems"], [found["id"] for found in answer["releases"]]) == (True, [], [release.id])


def test_check_mode_locks_nothing(prepare, layout):
    assert prepare(_ansible_check_mode=True)["held"]
    assert not os.path.exists(layout.root)


def test_of_what_serves_already_it_says_what_stage_would_say(prepare, run_module, layout, described, make_tarball, node, monkeypatch):
    monkeypatch.setattr(_info._preflight, "problems", lambda *_arguments: [])
    user, tarball = pwd.getpwuid(os.geteuid()).pw_name, {**described, **make_tarball()}
    paired = {"user": user, "env": f"RELEASE_NODE={node}\nPORT=8080\nPASSWORD=hunter22\n", "cookie": "COOKIE"}

    def stage(**arguments):
        return run_module(elixir_release_stage, root=layout.root, tarball=tarball, remote_src=True, **{**paired, **arguments})

    def live(**arguments):
        there = prepare(tarball=tarball, **{**paired, **arguments})["there"]
        assert there["builds"] == [tarball["sha256"]] and ("files" in there) is ("live" not in there)
        return there.get("live")

    release_id = stage()["release"]
    run_module(elixir_release_start, root=layout.root, release=release_id, point=True)
    assert live() is None, "it is not proven yet"
    _current.mark(layout, _releases.find(layout, release_id), "good", None)
    told = stage()
    assert told["live"] and {"changed", "diff"} <= set(told) - set(live())
    assert live() == {key: told[key] for key in live()}
    assert "hunter22" not in str(prepare(tarball=tarball, **paired))
    assert live(env=paired["env"] + "A=1\n") is None and live(cookie="OTHER") is None and live(env="'") is None
    os.remove(layout.current)
    assert live() is None


def test_with_whom_it_is_connected(prepare, staged, layout, run_module, node, evaluates):
    release = staged(env=f"RELEASE_NODE={node}\n")
    run_module(elixir_release_start, root=layout.root, release=release.id, point=True)
    asked = evaluates("guestbook@web1.x\nguestbook@web2.x started guestbook@web1.x")
    assert prepare()["cluster"] is None and asked() == [], "nobody wants to know"
    told = prepare(cluster="3")["cluster"]
    assert (told["wanted"], told["node"], told["peers"]) == ("3", "guestbook@web1.x", ["guestbook@web2.x"])
    assert prepare(ADA, cluster="auto")["cluster"] is None, "it is another run's"
    evaluates("** (exit) :x", "raised")
    answer = prepare(cluster="auto")
    assert answer["cluster"]["peers"] == [] and "cannot be told: ** (exit) :x" in str(answer["warnings"])


def test_the_names_of_nodes_are_no_secrets_and_what_is_one_is_hidden_in_a_warning_too(
    prepare, staged, layout, run_module, node, evaluates, described, monkeypatch
):
    monkeypatch.setattr(_info._preflight, "problems", lambda *_arguments: [])
    release = staged(env=f"RELEASE_NODE={node}\nPEER=guestbook@web2.x\nPASSWORD=hunter22\n")
    run_module(elixir_release_start, root=layout.root, release=release.id, point=True)
    evaluates("guestbook@web1.x\nguestbook@web2.x started guestbook@web1.x")
    wanted = {"tarball": {**described, "sha256": release.sha256}, "user": pwd.getpwuid(os.geteuid()).pw_name, "env": "PEER=guestbook@web2.x\n"}
    assert prepare(cluster="auto", **wanted)["cluster"]["peers"] == ["guestbook@web2.x"]
    evaluates("** (exit) hunter22", "raised")
    assert "hunter22" not in str(prepare(cluster="auto"))


def test_what_a_tarball_has_to_join_nodes(prepare, described, monkeypatch):
    monkeypatch.setattr(_info._preflight, "problems", lambda *_arguments: [])
    told = prepare(tarball={**described, "applications": ["kernel", "libcluster", "dns_cluster"]}, cluster="auto")["cluster"]
    assert (told["libraries"], told["node"], told["peers"]) == (["dns_cluster", "libcluster"], None, [])
