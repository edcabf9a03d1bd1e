# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Loads an env file the way `sh` does, and notices what `sh` loses without a word."""

from __future__ import annotations

import os
import re
import shlex

from ansible_collections.beamops.elixir.plugins.module_utils import _command
from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Printed only when the file was read to its end: an `exit` in it would look like an empty environment
LOADED = "\036loaded\036"
UNREADABLE = "\036unreadable\036"
LOADER = f"""
[ -r "$1" ] || {{ printf '{UNREADABLE}'; exit 1; }}
set -a
. "$1" >&2
set +a
printf '{LOADED}'
exec /usr/bin/env -0
"""
# What the shell itself sets
SHELL_OWN = {"PWD", "OLDPWD", "SHLVL", "_"}
SECONDS = 10
ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=")
ADVICE = "put single quotes around every value that has a blank or one of & ; | < > ( ) $ in it, and close every quote."
CONTROL = re.compile(r"^\s*(if|case|for|while|until|unset|function)\b|(&&|\|\|)\s|^\s*\w+\s*\(\)", re.MULTILINE)
# What stands in it are words of another command: `$(printf 'port=%s' 1)` assigns nothing
SUBSTITUTION = re.compile(r"\$\((?:[^()]|\([^()]*\))*\)|`[^`]*`")


def base(account: _command.Account) -> dict[str, str]:
    """What every process of a release starts from. Nothing of the caller's environment comes along."""
    return {"PATH": PATH, "HOME": account.home, "USER": account.name, "LOGNAME": account.name, "LANG": "C.UTF-8"}


def load(path: str, account: _command.Account, shown: str | None = None) -> dict[str, str]:
    """The variables that the file sets. In errors it is called by the name `shown`; its values are in none of them."""
    shown = shown or path
    text = _text(path)
    if "\r\n" in text:
        raise ReleaseError(f"{shown} has Windows line ends, which a shell takes for a part of each value: save it with Unix line ends.")
    before = base(account)
    result = _command.run(["/bin/sh", "-c", LOADER, "sh", os.path.abspath(path)], env=before, cwd="/", account=account, timeout=SECONDS)
    if result.timed_out:
        raise ReleaseError(f"{shown} was not loaded within {SECONDS} s: a command in it waits. An env file should only assign variables.")
    if result.stdout == UNREADABLE:
        raise ReleaseError(f"{shown} cannot be read by {account.name}: give that user the right to read it and to enter the directories above it.")
    if not result.stdout.startswith(LOADED):
        raise ReleaseError(f"{shown}{_where(result.stderr, text)} ends the shell that loads it, by a syntax error or an 'exit': {ADVICE}")
    if result.stderr:
        raise ReleaseError(f"{shown}{_where(result.stderr, text)} makes the shell complain, for a part of a value was run as a command: {ADVICE}")
    variables = _parse(result.stdout[len(LOADED) :])
    lost = [key for key in assigned(text) if key not in variables]
    if lost:
        raise ReleaseError(f"{shown} assigns {', '.join(lost)}, but a shell that loads it does not get the value: {ADVICE}")
    return {key: value for key, value in variables.items() if before.get(key) != value and key not in SHELL_OWN}


def assigned(text: str) -> list[str]:
    """The variables that a reader believes the file to set. None are told where it has control flow: only a shell knows then."""
    if CONTROL.search(text):
        return []
    # An open quote: the shell has complained already
    found = (ASSIGNMENT.match(word) for word in _words(SUBSTITUTION.sub("", text)) or ())
    return sorted({match[1] for match in found if match})


def _words(text: str) -> list[str] | None:
    """None where a quote is left open."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars=False)
    lexer.whitespace_split = True
    try:
        return list(lexer)
    except ValueError:
        return None


def _parse(output: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in output.split("\0") if "=" in pair)


def _where(complaint: str, text: str) -> str:
    """The line that the shell complains of, and the variable on it. The complaint itself may hold a piece of a secret."""
    number = re.search(r":\s*(?:line )?(\d+):", complaint)
    if not number:
        return ""
    lines = text.splitlines()
    at = min(int(number[1]), len(lines))
    if "nterminated quoted" in complaint:  # noticed at the end of the file, and of no use to a reader there
        at = max(last for last in range(len(lines)) if _words("\n".join(lines[:last])) is not None) + 1
    match = re.match(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=", lines[at - 1])
    return f", line {at}" + (f" ({match[1]})" if match else "")


def _text(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace", newline="") as file:
        return file.read()
