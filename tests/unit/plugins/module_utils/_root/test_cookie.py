# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._root._cookie import cookie_problem


@pytest.mark.parametrize("cookie", ["A", "OVWQJKIVCEOLVKSRGYDC", "aB9_-+/=.:@%,", "a!b#c*d~e^f", "a$b&c;d|e", "a(b)c<d>e?f[g]h{i}", "=x", "x" * 255])
def test_what_was_seen_to_reach_a_node_as_it_is(cookie):
    assert cookie_problem(cookie) is None


@pytest.mark.parametrize(
    "cookie, problem",
    [
        ("", "is empty"),
        ("-x", "begins with '-'"),
        ("+x", r"begins with '\+'"),
        ("x" * 256, "has 256 characters, and erl takes 255"),
        *((cookie, "has a blank, a quote, a backslash or another") for cookie in ("a\\b", "a b", "a'b", 'a"b', "a`b", "a\n", "\u00fc", "a\tb", "a\x7fb")),
    ],
)
def test_what_erl_cannot_take(cookie, problem):
    assert re.match(problem, cookie_problem(cookie))
