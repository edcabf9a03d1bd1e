# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lines that tell why a daemon died: bin/NAME daemon itself never does."""

from __future__ import annotations

import os
import re

LINES = 30  # as many as a release of Elixir 1.14 writes about a variable that is missing
BYTES = 16384
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def tail(tmp: str) -> str:
    """The end of the newest erlang.log.N, as one indented text; empty where there is none, or nothing in it."""
    directory = os.path.join(tmp, "log")
    try:
        logs = [os.path.join(directory, name) for name in os.listdir(directory) if name.startswith("erlang.log.")]
    except OSError:
        return ""
    if not logs:
        return ""
    newest = max(logs, key=os.path.getmtime)
    lines = last_lines(_end(newest))
    return "\n".join([f"\nThe last lines of {newest}:", *(f"  {line}" for line in lines)]) if lines else ""


def last_lines(text: str) -> list[str]:
    """The last lines that say something, without colours. What run_erl and a run before this one wrote is left out."""
    text = ANSI.sub("", text).replace("\r", "")
    text = text.rpartition("===== LOGGING STARTED")[2]
    lines = [line.rstrip() for line in text.splitlines()[1:]]
    return [line for line in lines if line and not line.startswith("=====")][-LINES:]


def _end(path: str) -> str:
    with open(path, "rb") as file:
        file.seek(max(0, os.path.getsize(path) - BYTES))
        return file.read().decode("utf-8", "replace")
