# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Loads an env file the way `sh` does, and notices what `sh` loses without a word."""

from __future__ import annotations

import os
import re
import shlex
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _command
from ansible_collections.beamops.elixir.plugins.module_utils._root import _sh_text

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Printed only when the file was read to its end: an `exit` in it would look like an empty environment
LOADED = "\036loaded\036"
UNREADABLE = "\036unreadable\036"
# The path stands in the script, so that the file finds no parameters of ours
LOADER = """
[ -r {path} ] || {{ printf '{unreadable}'; exit 1; }}
set {options}
. {path} >&2
set +au
printf '{loaded}'
exec /usr/bin/env -0
"""
# What the shell itself sets
SHELL_OWN = {"PWD", "OLDPWD", "SHLVL", "_"}
SECONDS = 10
ADVICE = "put single quotes around every value that has a blank or one of & ; | < > ( ) $ in it, and close every quote."
UNSET = re.compile(r"(\w+): (?:parameter not set|unbound variable)")
BOM = "\ufeff"


def base(account: _command.Account) -> dict[str, str]:
    """What every process of a release starts from. Nothing of the caller's environment comes along."""
    return {"PATH": PATH, "HOME": account.home, "USER": account.name, "LOGNAME": account.name, "LANG": "C.UTF-8"}


def load(path: str, account: _command.Account, shown: str | None = None) -> dict[str, str]:
    """The variables that the file sets. In errors it is called by the name `shown`; its values are in none of them.

    What was accepted once is loaded as it was then: a release with an env file that would be refused by now can still be gone back to.
    """
    with open(path, "rb") as file:
        text = file.read().decode("utf-8", "replace")
    return _ours(_loaded(path, account, shown or path, text, strict=False), account)


def accept(path: str, account: _command.Account, shown: str) -> dict[str, str]:
    """As `load`, of a file that is new: what a shell would make something else of without a word is an error."""
    with open(path, "rb") as file:
        text = _decoded(file.read(), shown)
    script = _sh_text.read(text)
    fault = _sh_text.fault(script)
    if fault:
        raise ReleaseError(f"{shown}{_place(fault.line, fault.key)}: {fault.text}.")
    # Not told about a value that was not asked for, as a condition does
    first, second = (_loaded(path, account, shown, text, strict=not script.control) for _time in range(2))
    _refuse_unlike(first, second, shown)
    if not script.control:
        _refuse_other_values(first, script, shown)
    return _ours(first, account)


def assigned(text: str) -> list[str]:
    """The variables that a reader believes the file to set. None are told where it has control flow: only a shell knows then."""
    script = _sh_text.read(text)
    return [] if script.control else sorted(_last(script))


def computed(text: str, variables: t.Iterable[str]) -> set[str]:
    """Those of the variables whose values do not stand in the text as they are."""
    literal = {key for key, word in _last(_sh_text.read(text)).items() if word.literal is not None}
    return set(variables) - literal


def _loaded(path: str, account: _command.Account, shown: str, text: str, strict: bool) -> dict[str, str]:
    """All that is in the environment then."""
    if "\r\n" in text:
        raise ReleaseError(f"{shown} has Windows line ends, which a shell takes for a part of each value: save it with Unix line ends.")
    script = LOADER.format(path=shlex.quote(os.path.abspath(path)), options="-au" if strict else "-a", loaded=LOADED, unreadable=UNREADABLE)
    result = _command.run(["/bin/sh", "-c", script], env=base(account), cwd="/", account=account, timeout=SECONDS)
    if result.timed_out:
        raise ReleaseError(f"{shown} was not loaded within {SECONDS} s: a command in it waits. An env file should only assign variables.")
    if result.stdout == UNREADABLE:
        raise ReleaseError(f"{shown} cannot be read by {account.name}: give that user the right to read it and to enter the directories above it.")
    if result.stderr:
        raise ReleaseError(_complaint(result, _sh_text.read(text), text, shown))
    if not result.stdout.startswith(LOADED):
        raise ReleaseError(f"{shown} ends the shell that loads it, by an 'exit': {ADVICE}")
    variables = dict(pair.split("=", 1) for pair in result.stdout[len(LOADED) :].split("\0") if "=" in pair)
    lost = [key for key in assigned(text) if key not in variables]
    if lost:
        raise ReleaseError(f"{shown} assigns {', '.join(lost)}, but a shell that loads it does not get the value: {ADVICE}")
    return variables


def _ours(variables: dict[str, str], account: _command.Account) -> dict[str, str]:
    before = base(account)
    return {key: value for key, value in variables.items() if before.get(key) != value and key not in SHELL_OWN}


def _decoded(content: bytes, shown: str) -> str:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ReleaseError(f"{shown}, line {line}, is not UTF-8, but perhaps Latin-1: save the file as UTF-8.") from None
    if text.startswith(BOM):
        raise ReleaseError(f"{shown} begins with a byte order mark, which a shell takes for a part of the first name: save it as UTF-8 without one.")
    return text


def _complaint(result: _command.Result, script: _sh_text.Script, text: str, shown: str) -> str:
    """What the shell complains of, in words of ours: its own may hold a piece of a secret."""
    line = _line(result.stderr, script, text)
    command = script.at(line) if line else None
    where = f"{shown}{_place(line, script.key_at(line) if line else None)}"
    unset = UNSET.search(result.stderr)
    if unset:
        # A name in braces is meant as one; without, it may be a piece of a password
        name = f"${{{unset[1]}}}" if f"${{{unset[1]}}}" in text else "a $ in it"
        word = next((word for word in command.assignments if word.last_line >= line), None) if command else None
        return f"{where}: {name} expands to nothing: " + (f"{_sh_text.right(word)}, or " if word else "") + "set that variable first."
    if script.open_at or not result.stdout.startswith(LOADED):
        return f"{where} ends the shell that loads it, by a syntax error or an 'exit': {ADVICE}"
    if command and not command.assignments and not command.exports:
        what = "a name without a value" if len(command.own) == 1 and _sh_text.NAME.fullmatch(command.own[0].raw) else "no assignment, but a command to a shell"
        return f"{where} is {what}, which makes the shell complain: each line has to be NAME=value, or begin with #. {ADVICE.capitalize()}"
    return f"{where} makes the shell complain, for a part of a value was run as a command: {ADVICE}"


def _refuse_unlike(first: dict[str, str], second: dict[str, str], shown: str) -> None:
    unlike = sorted(key for key in {*first, *second} - SHELL_OWN if first.get(key) != second.get(key))
    if unlike:
        raise ReleaseError(
            f"{shown} gives {', '.join(unlike)} another value each time it is loaded, and it is loaded at each start: put what does not change there. "
            "Where a $ is meant, put single quotes around the value."
        )


def _refuse_other_values(variables: dict[str, str], script: _sh_text.Script, shown: str) -> None:
    """What was read in the text is what the shell read, whatever shell it is, unless another command may have set it."""
    only_assigns = all(command.assignments or command.exports for command in script.commands)
    for key, word in _last(script).items():
        if only_assigns and word.literal is not None and variables[key] != word.literal and key not in SHELL_OWN:
            raise ReleaseError(f"{shown}{_place(word.line, key)}: a shell gets another value than the one that is written there: {_sh_text.right(word)}.")
    for command in script.commands:
        for word in command.own[1:] if command.exports else ():
            if _sh_text.NAME.fullmatch(word.raw) and word.raw not in variables:
                raise ReleaseError(f"{shown}{_place(word.line, word.raw)}: '{command.own[0].raw}' without a value, and it has none: write {word.raw}=...")


def _last(script: _sh_text.Script) -> dict[str, _sh_text.Word]:
    """The assignment of each variable that counts."""
    return {word.key: word for command in script.commands for word in command.assignments if word.key}


def _line(complaint: str, script: _sh_text.Script, text: str) -> int | None:
    number = re.search(r":\s*(?:line )?(\d+):", complaint)
    if not number:
        return None
    if script.open_at:  # noticed at the end of the file, and of no use to a reader there
        return script.open_at
    return min(int(number[1]), len(text.splitlines()))


def _place(line: int | None, key: str | None) -> str:
    return (f", line {line}" if line else "") + (f" ({key})" if line and key else "")
