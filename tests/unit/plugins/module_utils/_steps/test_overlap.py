# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import subprocess

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _overlap


@pytest.mark.parametrize(
    ("given", "release_id", "node"),
    [
        ({}, "0.2.0-9f8e7d6c", "guestbook-9f8e7d6c"),
        ({}, "0.2.0-9f8e7d6c.2", "guestbook-9f8e7d6c_2"),
        ({}, "1.0.0-rc.1-9f8e7d6c", "guestbook-9f8e7d6c"),
        ({"RELEASE_NODE": "app"}, "0.2.0-9f8e7d6c", "app-9f8e7d6c"),
        ({"RELEASE_NODE": "app@10.0.0.1"}, "0.2.0-9f8e7d6c", "app-9f8e7d6c@10.0.0.1"),
    ],
)
def test_variables(layout, given, release_id, node):
    tmp = f"{layout.tmp}/{release_id}"
    own = _overlap.variables(layout, "guestbook", given, release_id)
    assert own == {"RELEASE_NODE": node, "RELEASE_TMP": tmp, "ERL_CRASH_DUMP": f"{tmp}/erl_crash.dump"}


@pytest.mark.parametrize("env", ["", "A=1", "A=1\n", "export RELEASE_NODE=other\nA=1\n\n"])
def test_its_own_variables_have_the_last_word(layout, env, place):
    (place / "env").write_text(_overlap.text(env, _overlap.variables(layout, "it's", {}, "0.2.0-9f8e7d6c")), encoding="utf-8")
    program = f'. {place}/env; printf "%s %s" "$RELEASE_NODE" "$A"'
    said = subprocess.run(["sh", "-c", program], check=True, stdout=subprocess.PIPE, universal_newlines=True).stdout
    assert said == f"it's-9f8e7d6c {'1' if env else ''}"


@pytest.mark.parametrize(
    ("applications", "given", "words"),
    [
        ({"mnesia": "4.21"}, {}, "has mnesia, whose database belongs to one node name"),
        ({}, {"ERL_AFLAGS": "-sname app"}, "gives the node name in ERL_AFLAGS"),
        ({}, {"ELIXIR_ERL_OPTIONS": "-name a@b.c"}, "gives the node name in ELIXIR_ERL_OPTIONS"),
    ],
)
def test_refused(applications, given, words):
    with pytest.raises(ReleaseError, match=words):
        _overlap.refuse(applications, given)


@pytest.mark.parametrize("given", [{}, {"ERL_AFLAGS": "+S 2"}, {"RELEASE_DISTRIBUTION": "none", "ERL_AFLAGS": "-sname x"}])
def test_not_refused(given):
    _overlap.refuse({"phoenix": "1.7"}, given)
