# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._build import _said

# As Elixir 1.14 and BuildKit of Docker 20.10 said it
COMPILE = """\
#8 [build 4/4] RUN mix compile
#8 sha256:8442d144142dc9a684b8bb8dccb1a4315ebe37f92bf0338de9849c491af696ba
#8 0.794 Compiling 19 files (.ex)
#8 1.303
#8 1.303 == Compilation error in file lib/guestbook.ex ==
#8 1.303 ** (CompileError) lib/guestbook.ex:2: undefined function nowhere/0 (expected Guestbook to define such a function)
#8 1.400     (elixir 1.14.0) lib/kernel/parallel_compiler.ex:346: anonymous fn/5 in Kernel.ParallelCompiler.spawn_workers/7
#8 ERROR: executor failed running [/bin/sh -c mix compile]: exit code: 1
------
 > [build 4/4] RUN mix compile:
------
executor failed running [/bin/sh -c mix compile]: exit code: 1
"""


def test_a_compile_error_is_told_by_its_lines():
    lines = _said.reason(COMPILE).splitlines()
    assert lines[:2] == [
        "== Compilation error in file lib/guestbook.ex ==",
        "** (CompileError) lib/guestbook.ex:2: undefined function nowhere/0 (expected Guestbook to define such a function)",
    ]
    assert "sha256" not in "".join(lines)


def test_without_a_reason_the_last_lines_are_told():
    assert _said.reason("".join(f"line {number}\n" for number in range(40))).splitlines() == [f"line {number}" for number in range(28, 40)]


@pytest.mark.parametrize(
    "said, hint",
    [
        ('** (ArgumentError) could not fetch environment variable "DATABASE_URL" because it is not set', "belongs into config/runtime.exs"),
        ("COPY failed: no source files were specified", "steps: [:assemble, :tar]"),
        ("the --mount option requires BuildKit. Refer to", "buildx"),
        ('Get "https://registry.example.com/v2/": dial tcp: lookup registry.example.com on 10.0.0.1:53: no such host', "elixir_release_build_image"),
        ("exec /bin/sh: exec format error", "another machine"),
    ],
)
def test_what_to_do(said, hint):
    assert hint in _said.reason(said)


def test_what_the_classic_builder_says_beside():
    said = ["Sending build context", "\x1b[91m** (Mix) Could not", "\x1b[0mDEPRECATED: The", "            BuildKit is currently"]
    assert _said.reason("\n".join(said)) == "** (Mix) Could not"


def test_nothing_said():
    assert _said.reason("") == ""
