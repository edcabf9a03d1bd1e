# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._root import _environment_file


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("plain", '"plain"'),
        ("", '""'),
        (" # a ; b ", '" # a ; b "'),
        ("two\nlines", '"two\nlines"'),
        ('a"b', r'"a\"b"'),
        ("a\\b", r'"a\\b"'),
        ("$HOME `id`", r'"\$HOME \`id\`"'),
        ("%h 'x'", "\"%h 'x'\""),
    ],
)
def test_what_is_special_in_double_quotes(value, written):
    assert _environment_file.text({"KEY": value}) == f"KEY={written}\n"


def test_in_one_order():
    assert _environment_file.text({"B": "2", "A": "1"}) == 'A="1"\nB="2"\n'


@pytest.mark.parametrize("value", ["a\udce9b", "a\uffffb", "\U0010fffe", "\ufdd0"])
def test_what_systemd_refuses(value):
    assert _environment_file.uncarried({"GOOD": "é🌷\x01\n\ufeff", "BAD": value}) == ["BAD"]
