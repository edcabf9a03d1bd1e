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
# What stands in many a message, and in many a URL
HARMLESS = {"localhost", "postgres", "postgresql", "127.0.0.1", "0.0.0.0"}
# The one form in which it is known where the password stands, and that all the rest is none
ADDRESS = r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]*)(?::\d+)?(?:,[A-Za-z0-9_.:-]+)*"
WITH_PASSWORD = re.compile(rf"[A-Za-z][A-Za-z0-9+.-]*://([^\s/:@#?]*)(?::([^\s/:@#?]*))?@{ADDRESS}(?:[/?#][^@]*)?")
WITHOUT_PASSWORD = re.compile(rf"[A-Za-z][A-Za-z0-9+.-]*://{ADDRESS}(?:[/?#][^@]*)?")
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?=\S)")
# A parser of URLs may split at any of them
CUT = re.compile(r"[/:@#?]")
# With more of them it is no URL, but a document of its own
MOST_CUTS = 40
COOKIE_OPTION = re.compile(r"-setcookie\s+(\S+)")
PLAIN = re.compile(r"^(PATH|HOME|USER|LOGNAME|SHELL|PWD|TZ|TERM|PORT|MIX_ENV|LANG|LC_.*|.*_HOST|.*_PORT|PHX_SERVER|ERL_.*|ELIXIR_.*|RELEASE_(?!COOKIE$).*)$")


def of(environ: t.Mapping[str, str], shown: t.Iterable[str] = ()) -> set[str]:
    """The values to mask: all but those of well-known harmless variables and those that stand in `shown` anyway (paths, names)."""
    values = {value for key, value in environ.items() if not PLAIN.match(key)}
    values |= {cookie for value in environ.values() for cookie in COOKIE_OPTION.findall(value)}
    for value in environ.values():
        values |= _of_url(value.strip()) if value in values or "@" in value else set()
    values |= {line for value in values for line in value.splitlines()}  # an error may print one line of a key
    values |= {urllib.parse.unquote(value) for value in values}
    found = {value for value in values if len(value) >= SHORTEST and value not in HARMLESS and not any(value in text for text in shown)}
    return found | {_inspected(value) for value in found}


def mask(text: str, secrets: t.Iterable[str]) -> str:
    """The longest first: of one that has another in it nothing may be left."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "********")
    return text


def _of_url(value: str) -> set[str]:
    """The password of a URL is a secret by itself: an error may print it apart. Where it is not clear which piece that is, each may be it."""
    value = value.strip("'\" ")
    match = WITH_PASSWORD.fullmatch(value)
    if match:
        user, password = match.groups()
        return {_behind_scheme(value), f"{user}:{password}", password} if password is not None else {_behind_scheme(value), user}
    if WITHOUT_PASSWORD.fullmatch(value):
        return {_behind_scheme(value)}
    like_a_url = "//" in value or ("@" in value and ":" in value) or SCHEME.match(value)
    return _pieces(value) | _pieces(urllib.parse.unquote(value)) if like_a_url else set()


def _behind_scheme(value: str) -> str:
    return value.partition(":")[2].lstrip("/")


def _pieces(value: str) -> set[str]:
    """What is between two of the characters to split at, and all that is behind each, to the end and to the last @."""
    cuts = [match.start() for match in CUT.finditer(value)][:MOST_CUTS]
    before = value.rpartition("@")[0]
    # What stands before the first of them is the scheme
    words = CUT.split(value)[bool(SCHEME.match(value) or "//" in value) :]
    return {text.strip() for text in [*words, *(whole[cut:].lstrip("/:@#?") for whole in (value, before) for cut in cuts)]}


def _inspected(value: str) -> str:
    """As inspect() of Elixir prints it between its quotes."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("#{", "\\#{")
    return escaped.replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
