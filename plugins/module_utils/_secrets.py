# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which values of an environment must not be seen in any output."""

from __future__ import annotations

import re
import typing as t
import urllib.parse

# Shorter values would mask half of every message, and protect nothing
SHORTEST = 6
PLAIN = re.compile(r"^(PATH|HOME|USER|LOGNAME|SHELL|PWD|TZ|TERM|PORT|MIX_ENV|LANG|LC_.*|.*_HOST|.*_PORT|PHX_SERVER|ERL_.*|ELIXIR_.*|RELEASE_(?!COOKIE$).*)$")


def of(environ: t.Mapping[str, str], shown: t.Iterable[str] = ()) -> set[str]:
    """The values to mask: all but those of well-known harmless variables and those that stand in `shown` anyway (paths, names)."""
    values = {value for key, value in environ.items() if not PLAIN.match(key)}
    for value in list(values):
        values |= _password(value) | set(value.splitlines())  # an error may print one line of a key
    return {value for value in values if len(value) >= SHORTEST and not any(value in text for text in shown)}


def _password(value: str) -> set[str]:
    """The password of a URL is a secret by itself: an error may print it apart, as it was or decoded."""
    match = re.match(r"[a-z][a-z0-9+.-]*://[^:/@]*:([^@/]+)@", value)
    return {match[1], urllib.parse.unquote(match[1])} if match else set()
