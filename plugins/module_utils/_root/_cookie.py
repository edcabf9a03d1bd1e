# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which cookies reach a node as they are."""

from __future__ import annotations

import re

# It is an atom
LONGEST = 255
# What bin/NAME, run_erl, its shell and erl all hand on unchanged. A backslash and what is not ASCII they do not; blanks and quotes only some of them do
CARRIED = re.compile(r"[!#-&(-\[\]-_a-~]*")


def cookie_problem(cookie: str) -> str | None:
    """Why erl cannot take that cookie, as the rest of a sentence that begins with what it is of; None where it can."""
    if not cookie:
        return "is empty, and the one that came with the build would be used in its place"
    if cookie[0] in "-+":
        return f"begins with '{cookie[0]}', which erl takes for an option"
    if len(cookie) > LONGEST:
        return f"has {len(cookie)} characters, and erl takes {LONGEST}"
    if not CARRIED.fullmatch(cookie):
        return "has a blank, a quote, a backslash or another character in it that does not come through erl's command line as it is"
    return None
