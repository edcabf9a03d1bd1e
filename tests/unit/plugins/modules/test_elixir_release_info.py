# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import pwd

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils import _current, _tarball
from ansible_collections.beamops.elixir.plugins.modules import elixir_release_info as module, elixir_release_start


@pytest.fixture
def info(run_module, layout):
    return lambda **arguments: run_module(module, root=layout.root, **arguments)


def test_a_virgin_host(info, layout):
    answer = info()
    assert (answer["changed"], answer["current"], answer["releases"], answer["running"]) == (False, None, [], [])
    assert not os.path.exists(layout.root)


def test_what_is_there_and_what_runs(info, run_module, layout, staged, node):
    old = staged("0.1.0-a", env=f"RELEASE_NODE={node}\nPASSWORD=hunter22\n", staged_at="1", state="good")
    new = staged("0.2.0-b", staged_at="2", version="0.2.0")
    _current.point(layout, new.id)
    pid = run_module(elixir_release_start, root=layout.root, release=old.id)["pid"]
    answer = info()
    assert answer["current"] == new.id
    assert answer["releases"] == [old._asdict(), new._asdict()]
    (running,) = answer["running"]
    assert running.pop("since").endswith("+00:00")
    assert running == {"pid": pid, "version": "0.1.0", "release": old.id, "root": old.path, "node": node}
    assert "hunter22" not in str(answer) and "COOKIEOFTHETARBALL" not in str(answer)


@pytest.mark.parametrize("user, exists", [(pwd.getpwuid(os.geteuid()).pw_name, True), ("no-such-user", False)])
def test_whether_its_user_is_there(info, user, exists):
    assert info(user=user)["user_exists"] is exists
    assert "user_exists" not in info()


def test_whether_it_can_run_a_tarball(info, tarball):
    small = {
        "releases/start_erl.data": b"13.1.5 0.2.0",
        "bin/guestbook": b"#!/bin/sh\n",
        "releases/0.2.0/guestbook.rel": b'{release,{"guestbook","0.2.0"},{erts,"13.1.5"},[]}.',
    }
    described = _tarball.describe(tarball(small))
    answer = info(tarball=described)
    assert (answer["problems"], answer["msg"]) == ([], "This host can run the release.")
    answer = info(tarball={**described, "system": "macos"})
    assert answer["problems"] == [answer["msg"]] and "was built on macOS" in answer["msg"]
    assert "problems" not in info()


def test_a_root_that_is_none(run_module):
    answer = run_module(module, root="/")
    assert answer["failed"] and "root is '/'" in answer["msg"]
