# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which node name erl takes, and which one bin/NAME believes that it takes. Nothing else decides either.

erl is given names in several places, and takes the first of them: ERL_AFLAGS stands before its command line, the vm.args inside of it,
ERL_FLAGS and ERL_ZFLAGS behind it. bin/NAME knows RELEASE_NODE only, and asks that one whatever it is asked: rpc, remote, stop, pid.
"""

from __future__ import annotations

import os
import re
import shlex
import typing as t

EPMD_PORT = 4369
IS_LONG = {"-sname": False, "-name": True}
RELEASE_NODE = "RELEASE_NODE"
BEFORE = ("ERL_AFLAGS",)
BEHIND = re.compile(r"ERL_(OTP\d+_|Z)?FLAGS")


class Node(t.NamedTuple):
    name: str  # as it was given: a short one mostly without its host
    long: bool

    @property
    def option(self) -> str:
        return f"{'-name' if self.long else '-sname'} {self.name}"


class Given(t.NamedTuple):
    """A node name that erl is given, and by what."""

    by: str
    node: Node


def short(node: str) -> str:
    return node.partition("@")[0]


def host(node: str) -> str | None:
    """What stands behind the @, if it is told."""
    return node.partition("@")[2] or None


def of_process(arguments: t.Sequence[str]) -> Node | None:
    """The name that a BEAM has by its own command line, where all of erl's places have become one."""
    return taken([Given("", node) for node in _nodes(arguments)])


def taken(given: t.Sequence[Given]) -> Node | None:
    """The first, and a short one before any long one. None where it is not distributed."""
    names = [one.node for one in given]
    return next((node for node in names if not node.long), next(iter(names), None))


def addressed(given: t.Sequence[Given]) -> Node | None:
    """The name by which bin/NAME will look for it."""
    return next((one.node for one in given if one.by == RELEASE_NODE), None)


def given(dry_run: str, environ: t.Mapping[str, str]) -> list[Given]:
    """All names, in erl's order, by the command line that bin/NAME start would run and the environment that it would run it in."""
    words = _own(dry_run.split())
    found = [Given(variable, node) for variable in BEFORE for node in _nodes(environ.get(variable, "").split())]
    at = _place_of_release_node(words)
    found += [Given("ELIXIR_ERL_OPTIONS", node) for node in _nodes(words if at is None else words[:at])]
    if at is not None:
        found.append(Given(RELEASE_NODE, Node(_until_option(words[at + 1 :]), IS_LONG[words[at]])))
    for path in _values(words, "-args_file"):
        found += [Given(path, node) for node in _nodes(_own(_of_file(path)))]
    behind = [variable for variable in sorted(environ) if BEHIND.fullmatch(variable)]
    return found + [Given(variable, node) for variable in behind for node in _nodes(environ[variable].split())]


def complaint(node: Node) -> str | None:
    """Why erl would refuse that name."""
    head, at, host = node.name.partition("@")
    if not re.match(r"[0-9A-Za-z_-]+\Z", head):
        return f"what stands before its @ is {head!r}, and erl takes letters, digits, _ and - there only"
    if at and not re.match(r"[!-?A-\u00ff]+\Z", host):
        return f"what stands behind its @ is {host!r}, which is no name of a host"
    if at and not node.long and "." in host:
        return f"a short name's host has no dot, and this one's is {host}"
    if at and node.long and not re.search(r"[.:]", host):
        return f"a long name's host has a dot, and this one's is {host}"
    return None


def same(one: str | None, other: str | None, host: str) -> bool:
    """Whether the two are one node to who remembers it. `host` is that of a short name that names none."""
    return one == other or bool(one and other and _whole(one, host) == _whole(other, host))


def epmd_port(environ: t.Mapping[str, str], arguments: t.Sequence[str] = ()) -> int:
    """Where its epmd listens."""
    number = environ.get("ERL_EPMD_PORT") or next(iter(_values(arguments, "-epmd_port")), "")
    return int(number) if number.isdigit() else EPMD_PORT


def starts_epmd(dry_run: str, environ: t.Mapping[str, str]) -> bool:
    """Whether erl starts one where none answers."""
    return not any(option == "-start_epmd" and value == "false" for words in _all_words(dry_run, environ) for option, value in zip(words, words[1:]))


def has_heart(dry_run: str, environ: t.Mapping[str, str]) -> bool:
    return any("-heart" in words for words in _all_words(dry_run, environ))


def _all_words(dry_run: str, environ: t.Mapping[str, str]) -> list[list[str]]:
    """Of all places where erl is given options."""
    words = _own(dry_run.split())
    variables = [variable for variable in sorted(environ) if variable in BEFORE or BEHIND.fullmatch(variable)]
    return [words, *(_own(_of_file(path)) for path in _values(words, "-args_file")), *(_own(environ[variable].split()) for variable in variables)]


def _whole(node: str, host: str) -> str:
    return node if "@" in node else f"{node}@{host.partition('.')[0]}"


def _own(arguments: t.Sequence[str]) -> list[str]:
    """What is for erl itself."""
    words = list(arguments)
    return words[: words.index("-extra")] if "-extra" in words else words


def _nodes(arguments: t.Sequence[str]) -> list[Node]:
    words = _own(arguments)
    return [Node(value, IS_LONG[option]) for option, value in zip(words, words[1:]) if option in IS_LONG and not value.startswith("-")]


def _place_of_release_node(words: list[str]) -> int | None:
    """bin/NAME puts the name right behind the cookie, if it gives one. A cookie may be empty."""
    cookie = len(words) - 1 - words[::-1].index("-setcookie") if "-setcookie" in words else len(words)
    return next((at for at in (cookie + 1, cookie + 2) if at < len(words) and words[at] in IS_LONG), None)


def _until_option(words: list[str]) -> str:
    """A name with blanks in it is no longer seen to be one."""
    end = next((at for at, word in enumerate(words) if word.startswith("-")), len(words))
    return " ".join(words[:end])


def _values(words: t.Sequence[str], option: str) -> list[str]:
    return [value for key, value in zip(words, words[1:]) if key == option]


def _of_file(path: str) -> list[str]:
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8", errors="replace") as file:
        text = file.read()
    try:
        return shlex.split(text, comments=True)
    except ValueError:  # a quote that is left open
        return text.split()
