# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an application or its log says, made fit to be shown: it may hold anything, and a terminal obeys some of it."""

from __future__ import annotations

import re

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
# Control characters but for tab and line feed, what turns the direction of writing around, and bytes that are no text (surrogates)
UNSHOWABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# A binary as Erlang prints one when it holds anything but Latin-1, such as "environment variable X is not set – see the README"
BINARY = re.compile(r"<<(\d{1,3}(?:,\s*\d{1,3})*)(,\s*\.\.\.)?>>")


def decoded(raw: bytes) -> str:
    """Bytes that are no UTF-8 show as what they are."""
    return raw.decode("utf-8", "backslashreplace")


def shown(text: str) -> str:
    """Without colours and with nothing that a terminal would obey."""
    return UNSHOWABLE.sub(_escaped, COLOUR.sub("", text).replace("\r\n", "\n"))


def readable(text: str) -> str:
    """With the text of the binaries that are one."""
    return BINARY.sub(_of_binary, text)


def sentence(text: str) -> str:
    """Ends with one full stop, whatever it ended with."""
    return f"{text.rstrip('. ')}."


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:  # a byte that surrogateescape kept
        return f"\\x{code - 0xDC00:02x}"
    return match[0].encode("unicode_escape").decode("ascii")


def _of_binary(match: re.Match[str]) -> str:
    numbers = [int(number) for number in match[1].split(",")]
    try:
        # The last character may have been cut off
        text = bytes(numbers).decode("utf-8", "ignore" if match[2] else "strict")
    except ValueError:
        return match[0]
    printable = len(numbers) > 1 and all(character.isprintable() or character in "\n\t" for character in text)
    return f'<<"{text}{"..." if match[2] else ""}">>' if printable else match[0]
