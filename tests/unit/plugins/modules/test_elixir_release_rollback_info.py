# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import socket

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._root import _current
from ansible_collections.beamops.elixir.plugins.modules import (
    elixir_release_rollback_info as module,
    elixir_release_start,
)


@pytest.fixture
def rollback_info(run_module, layout):
    return lambda **arguments: run_module(module, **{"root": layout.root, **arguments})


@pytest.fixture
def two(layout, staged, node):
    """Two good releases, the second of them current."""
    env = f"RELEASE_NODE={node}\nPASSWORD=hunter22\n"
    old = staged("0.1.0-a", staged_at="1", good_at="1", state="good", env=env, node=node)
    new = staged("0.2.0-b", staged_at="2", good_at="2", state="good", env=env, node=node, version="0.2.0")
    _current.point(layout, new.id)
    return old, new


def test_tells_what_a_switch_needs_to_know(rollback_info, run_module, layout, two, node):
    old, new = two
    pid = run_module(elixir_release_start, root=layout.root)["pid"]
    answer = rollback_info()
    told = {
        "changed": False,
        "release": old.id,
        "path": old.path,
        "name": "guestbook",
        "version": "0.1.0",
        "sha256": old.sha256,
        "mark": "good",
        "node": node,
        "live": False,
        "previous": new.id,
        "replaces": [{"pid": pid, "version": "0.1.0", "root": layout.root}],
    }
    assert {key: answer[key] for key in told} == told


def test_the_current_release_may_be_named_and_is_live_where_it_runs(rollback_info, run_module, layout, two):
    assert rollback_info(release="0.2.0")["live"] is False
    run_module(elixir_release_start, root=layout.root)
    answer = rollback_info(release="0.2.0")
    assert (answer["release"], answer["live"]) == ("0.2.0-b", True)


def test_going_back_twice_leads_further_back(rollback_info, layout, two, staged):
    staged("0.0.9-z", staged_at="0", good_at="0", state="good")
    _current.point(layout, rollback_info()["release"])
    assert rollback_info()["release"] == "0.0.9-z"
    _current.point(layout, "0.0.9-z")
    answer = rollback_info()
    assert answer["failed"] and "no good release from before 0.0.9-z to go back to" in answer["msg"]


def test_a_bad_release_is_refused_unless_forced(rollback_info, two, layout):
    old, new = two
    _current.mark(layout, old, "bad", "it died")
    assert "0.1.0-a is marked bad on this host: it died." in rollback_info(release="0.1.0")["msg"]
    answer = rollback_info(release="0.1.0", force=True)
    assert (answer["release"], answer["mark"]) == ("0.1.0-a", "bad")


def test_what_is_not_there(rollback_info, two):
    answer = rollback_info(release="0.9.0")
    assert answer["failed"] and "There is no release 0.9.0 on this host; there are: 0.1.0-a (good), 0.2.0-b (good)." in answer["msg"]


def test_a_virgin_host(rollback_info):
    answer = rollback_info()
    assert answer["failed"] and "This host has no good release to go back to; there are: none. Deploy one first." in answer["msg"]


def test_an_env_file_that_no_longer_loads_is_noticed_before_anything_is_stopped(rollback_info, two):
    old, new = two
    with open(f"{old.path}/.env", "w", encoding="utf-8") as file:
        file.write("PASSWORD='hunter22\n")
    answer = rollback_info()
    assert answer["failed"] and f"{old.path}/.env" in answer["msg"] and "hunter22" not in str(answer)


def test_no_secret_is_shown(rollback_info, two):
    assert "hunter22" not in str(rollback_info())


def test_a_value_that_equals_the_name_of_the_application_hides_nothing_that_later_tasks_need(rollback_info, layout, staged):
    release = staged("0.10.12-a", version="0.10.12", state="good", env="APP=guestbook\nSENTRY_RELEASE=0.10.12\n")
    answer = rollback_info()
    assert (answer["release"], answer["name"], answer["version"], answer["path"]) == (release.id, "guestbook", "0.10.12", release.path)


@pytest.mark.parametrize("arguments, words", [({"root": "/"}, "root is '/'"), ({"user": "no-such-user"}, "There is no user 'no-such-user'")])
def test_bad_input(rollback_info, two, arguments, words):
    answer = rollback_info(**arguments)
    assert answer["failed"] and words in answer["msg"]


def test_what_cannot_start_any_more_is_refused(rollback_info, two):
    old, _new = two
    with open(f"{old.path}/.env", "a", encoding="utf-8") as file:
        file.write("ERL_AFLAGS='-sname other'\n")
    answer = rollback_info()
    assert answer["failed"] and "erl takes '-sname other'" in answer["msg"]


def test_a_port_that_somebody_else_holds(rollback_info, two):
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen(1)
        port = stranger.getsockname()[1]
        assert f"Port {port}, where the release would listen" in rollback_info(port=port)["msg"]
        assert rollback_info(port=port, force=True)["release"] == two[0].id


def test_what_systemd_would_start_is_not_to_have_a_heart_as_well(rollback_info, layout, staged, node):
    """As a deploy of it would be told."""
    service = {"stop_timeout": 90, "writable_paths": []}
    staged("0.1.0-a", turn=1, state="good", env=f"RELEASE_NODE={node}\nERL_ZFLAGS=-heart\n", node=node, service=service)
    new = staged("0.2.0-b", turn=2, state="good", env=f"RELEASE_NODE={node}\n", node=node, service=service)
    _current.point(layout, new.id)
    answer = rollback_info()
    assert answer["failed"] and "erl is given -heart, and systemd is to start the release again" in answer["msg"]
