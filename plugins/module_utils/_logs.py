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
    path = newest(tmp)
    lines = last_lines(end_of(path)) if path else []
    return "\n".join([f"\nThe last lines of {path}:", *(f"  {line}" for line in lines)]) if lines else ""


def newest(tmp: str) -> str | None:
    """The erlang.log.N that is written to: run_erl begins the next one when it is full."""
    directory = os.path.join(tmp, "log")
    try:
        logs = [os.path.join(directory, name) for name in os.listdir(directory) if name.startswith("erlang.log.")]
        return max(logs, key=os.path.getmtime, default=None)
    except OSError:
        return None


def last_lines(text: str, count: int = LINES) -> list[str]:
    """The last lines that say something, without colours. What run_erl and a run before this one wrote is left out."""
    text = plain(text)
    text = text.rpartition("===== LOGGING STARTED")[2]
    lines = [line.rstrip() for line in text.splitlines()[1:]]
    return [line for line in lines if line and not line.startswith("=====")][-count:]


def plain(text: str) -> str:
    return ANSI.sub("", text).replace("\r", "")


def end_of(path: str, size: int = BYTES) -> str:
    with open(path, "rb") as file:
        file.seek(max(0, os.path.getsize(path) - size))
        return file.read().decode("utf-8", "replace")
