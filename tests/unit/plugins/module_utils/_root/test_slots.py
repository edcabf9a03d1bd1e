# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._host import _processes
from ansible_collections.beamops.elixir.plugins.module_utils._root import _current, _slots
from ansible_collections.beamops.elixir.plugins.module_utils._root._layout import Slot

BLUE, GREEN = Slot("blue", 4000), Slot("green", 4001)


@pytest.mark.parametrize(
    ("given", "node"),
    [
        ({}, "guestbook-green"),
        ({"RELEASE_NODE": "shop"}, "shop-green"),
        ({"RELEASE_NODE": "shop@10.0.0.1"}, "shop-green@10.0.0.1"),
        ({"RELEASE_NODE": "shop-green@10.0.0.1"}, "shop-green@10.0.0.1"),
    ],
)
def test_what_a_release_has_there(layout, given, node):
    own = _slots.variables(layout, "guestbook", given, GREEN)
    assert own == {
        "PORT": "4001",
        "RELEASE_NODE": node,
        "RELEASE_TMP": f"{layout.root}/tmp/green",
        "ERL_CRASH_DUMP": f"{layout.root}/tmp/green/erl_crash.dump",
    }


def process(layout, node="guestbook", **environ):
    return _processes.Process(2**22 + 1, 1, 1.0, 0, f"{layout.root}/releases/a", "guestbook", "0.1.0", node, False, environ)


def test_where_it_runs_is_told_by_itself(layout):
    assert _slots.of_process(layout, process(layout, RELEASE_TMP=layout.slot_tmp("green"))) == "green"
    assert _slots.of_process(layout, process(layout, RELEASE_TMP=layout.tmp)) is None
    assert _slots.of_process(layout, process(layout, node="guestbook-blue@web1")) == "blue", "another user's environment cannot be read"
    assert _slots.of_process(layout, process(layout, node="guestbook-blue", RELEASE_TMP=layout.tmp)) is None


def test_without_slots_all_is_in_one_place(layout):
    assert _slots.is_in(layout, process(layout, RELEASE_TMP=layout.slot_tmp("green")), None)
    assert not _slots.is_in(layout, process(layout, RELEASE_TMP=layout.slot_tmp("green")), BLUE)
    assert not _slots.is_in(layout, process(layout, RELEASE_TMP=layout.tmp), BLUE), "it listens nowhere"


def test_of_and_other():
    assert (_slots.of("blue", [4000, 4001]), _slots.of("green", [4000, 4001])) == (BLUE, GREEN)
    assert (_slots.other("blue"), _slots.other("green")) == ("green", "blue")


def test_assign_and_clear(layout, staged, account):
    release = staged("0.1.0-a", env="A=1\n")
    _slots.assign(layout, GREEN, release, _slots.variables(layout, "guestbook", {}, GREEN), account)
    assert _slots.release_in(layout, "green") == "0.1.0-a" and _slots.release_in(layout, "blue") is None
    assert os.path.realpath(layout.slot("green")) == release.path
    with open(layout.slot_env("green"), encoding="utf-8") as file:
        text = file.read()
    assert text.startswith(f". {release.path}/.env\n") and f"export RELEASE_TMP={layout.slot_tmp('green')}\n" in text
    _slots.clear(layout, "green")
    _slots.clear(layout, "green")
    assert os.listdir(layout.slots) == []


def test_the_env_file_of_the_root_leads_to_the_live_slot(layout, staged):
    staged("0.1.0-a")
    _current.point(layout, "0.1.0-a", "green")
    assert os.readlink(layout.env_link) == "slots/green.env"
    _current.point(layout, "0.1.0-a")
    assert os.readlink(layout.env_link) == "current/.env"
    _current.unpoint(layout)
    assert not os.path.lexists(layout.env_link)


def test_an_env_file_of_somebody_elses_is_left_alone(layout, staged):
    staged("0.1.0-a")
    with open(layout.env_link, "w", encoding="utf-8") as file:
        file.write("OWN=1\n")
    _current.point(layout, "0.1.0-a", "green")
    assert not os.path.islink(layout.env_link)
