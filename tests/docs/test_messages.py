# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The messages of docs/troubleshooting.md are those that the code says."""

from __future__ import annotations

import ast
import re

import pytest
from ansible_collections.beamops.elixir.tests.docs import pages

PAGE = "docs/troubleshooting.md"
# These are of Ansible's own
OTHERS = "## Ansible says"


def of_python(text: str) -> list[str]:
    """Each string, with … for what is filled in."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(node.value)
        elif isinstance(node, ast.JoinedStr):
            found.append("".join(part.value if isinstance(part, ast.Constant) else "…" for part in node.values))
    return found


def of_jinja(text: str) -> list[str]:
    """A file of tasks or variables, with … for {{ ... }}, and once more for what stands between the strings of an expression."""
    return [re.sub(r"\{\{.*?\}\}", "…", text, flags=re.DOTALL), re.sub(r"""(["'])\s*~[^~]*~\s*\1""", "…", text)]


def said() -> list[str]:
    texts = [of_python(path.read_text()) for path in pages.ROOT.glob("plugins/**/*.py")]
    texts += [of_jinja(path.read_text()) for path in pages.ROOT.glob("roles/*/*/*.yml")]
    return [" ".join(text.split()) for found in texts for text in found]


def quoted() -> list[str]:
    return re.findall(r"^- `([^`\n]+)`", pages.text_of(PAGE).split(OTHERS)[0], re.MULTILINE)


@pytest.fixture(scope="module")
def texts():
    return said()


def is_said(message: str, texts: list[str]) -> bool:
    """All parts between the …, in one text and in that order."""
    wanted = re.compile(".{0,300}?".join(map(re.escape, filter(None, message.split("…")))))
    return any(wanted.search(text) for text in texts)


@pytest.mark.parametrize("message", quoted())
def test_the_code_says_it(message, texts):
    assert is_said(message, texts)


def test_there_are_many():
    assert len(quoted()) > 60


def test_what_nothing_says_is_not_found(texts):
    assert not is_said("The release … sings a song", texts)
