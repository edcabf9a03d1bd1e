# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the pages of this project show: their blocks of code, the commands in them, and the files that a reader is told to write."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Of the fragments, and of commands that were run for it
MADE = {"CHANGELOG.md", "transcript.md"}
PAGES = sorted(
    str(path.relative_to(ROOT))
    for pattern in ("*.md", "docs/*.md", "docs/site/*.md", "examples/**/README.md", "roles/*/README.md")
    for path in ROOT.glob(pattern)
    if path.name not in MADE
)

_FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_NAMED = re.compile(r"^# ([\w./-]+\.\w+)\b.*\n")
_PROMPT = re.compile(r"^\$ ((?:.*\\\n)*.*)$", re.MULTILINE)


class Block(t.NamedTuple):
    page: str
    line: int
    language: str
    text: str


class Command(t.NamedTuple):
    page: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: {self.text}"


def text_of(page: str) -> str:
    return (ROOT / page).read_text()


def blocks(page: str, *languages: str) -> list[Block]:
    text = text_of(page)
    found = [Block(page, text.count("\n", 0, match.start(2)) + 1, match[1], match[2]) for match in _FENCE.finditer(text)]
    return [block for block in found if not languages or block.language in languages]


def commands(page: str) -> list[Command]:
    """What follows a prompt, with the comment that may stand behind it."""
    return [
        Command(page, block.line + block.text.count("\n", 0, match.start()), match[1])
        for block in blocks(page, "console")
        for match in _PROMPT.finditer(block.text)
    ]


def files(page: str) -> dict[str, str]:
    """The blocks whose first line is a comment with a file's name."""
    return {match[1]: block.text for block in blocks(page) if (match := _NAMED.match(block.text))}
