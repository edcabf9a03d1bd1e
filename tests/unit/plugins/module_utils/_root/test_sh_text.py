# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a shell makes of a text is asked of shells in test_env_file.py. Here is what a reader finds in it."""

from __future__ import annotations

import time

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._root import _sh_text


@pytest.mark.parametrize(
    "text, literals",
    [
        pytest.param("A=1\nexport B='x y' C=\"z\" D\n", {"A": "1", "B": "x y", "C": "z"}, id="quotes"),
        pytest.param("A=a\\ b\\\nc\n", {"A": "a bc"}, id="escapes, and a line that goes on"),
        pytest.param('A="a\\n\\"\\\nb"\n', {"A": 'a\\n"b'}, id="escapes in double quotes"),
        pytest.param("A=$(echo ')' x) B=`y z` C=${D:-{e f}}\n", {"A": None, "B": None, "C": None}, id="computed"),
        pytest.param("A='\n'x#y #z\nB=1", {"A": "\nx#y", "B": "1"}, id="a comment, and no line end"),
        pytest.param("cat <<-'E'\n\tA=1\n\tE\nB=1\n", {"B": "1"}, id="a here document"),
        pytest.param("echo A=1; alias B='1'; C=1 2>&1\n", {"C": "1"}, id="other commands"),
        pytest.param("if x; then A=1; else B=2; fi\n", {"A": "1", "B": "2"}, id="control flow"),
    ],
)
def test_what_it_assigns(text, literals):
    assert {word.key: word.literal for command in _sh_text.read(text).commands for word in command.assignments} == literals


@pytest.mark.parametrize(
    "text, control",
    [("A=1; B=2", False), ("A='if x'", False), ("x && A=1", True), ("A=1&&b", False), ("(A=1)", True), ("f() {\nA=1\n}", True), ("A=1\nunset A", True)],
)
def test_whether_only_a_shell_knows(text, control):
    assert _sh_text.read(text).control is control


def test_the_line_of_a_fault_and_of_a_key():
    script = _sh_text.read("# it's\nA='1\n2'\n\nexport B=x \\\n  C=y$$\n")
    assert [script.key_at(line) for line in range(1, 7)] == [None, "A", "A", None, "B", "C"]
    assert _sh_text.fault(script)[:2] == (6, "C")


@pytest.mark.parametrize("text, line", [("A='x'", None), ("A=1\nB='x\ny", 2), ('A="x\nB="y"\n', 1), ("A=1\n'", 2)])
def test_a_quote_that_is_left_open(text, line):
    assert _sh_text.read(text).open_at == line


@pytest.mark.parametrize("text", ['A="' + "$(" * 5000, "A=" + "$((" * 5000, "A=" + "${{" * 5000, "`" * 9999, "\\" * 9999, "<" * 9999])
def test_what_is_odd_is_read_in_no_time(text):
    began = time.monotonic()
    _sh_text.fault(_sh_text.read(text))
    assert time.monotonic() - began < 1
