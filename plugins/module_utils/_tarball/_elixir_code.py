# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can be told from Elixir source files without running them: of the usual forms all, of the others nothing."""

from __future__ import annotations

import re
import typing as t

# Strings, heredocs, charlists and ?x may have a # in them that begins no comment
NO_COMMENT = r'"""[\s\S]*?"""|"(?:\\[\s\S]|[^"\\])*"|\'(?:\\[\s\S]|[^\'\\])*\'|\?\\?.'
COMMENT = re.compile(rf"({NO_COMMENT})|#[^\n]*")

# fetch_env!, and what `phx.new` writes: get_env, or else raise
ENV_KEYS = (
    re.compile(r'System\.fetch_env!\s*\(?\s*"([^"]+)"'),
    re.compile(r'"([^"]+)"\s*\|>\s*System\.fetch_env!'),
    re.compile(r'System\.get_env\s*\(?\s*"([^"]+)"\s*\)?\s*\|\|\s*\(?\s*raise\b'),
)

APP = re.compile(r"\bapp:\s*:(\w+)")
# A literal or an attribute is the version only where the value ends with it: "0.2.0" <> suffix() is another
VERSION = re.compile(r'\bversion:\s*(?:(?:"([^"#]+)"|@(\w+))(?=\s*[],})])|)')
ATTRIBUTE = re.compile(r'^[ \t]*@(\w+)[ \t]+(?:"([^"#]+)"[ \t]*(?=[;\n]|\Z)(?!\s*(?:<>|\|>))|)', re.MULTILINE)
RELEASES = re.compile(r"\breleases:\s*(?=\[)|\bdefp?\s+releases\b[^\[]*")
KEY_OR_BRACKET = re.compile(rf"{NO_COMMENT}|([\[{{(])|([\]}})])|\b(\w+):(?!:)")


class MixProject(t.NamedTuple):
    names: tuple[str, ...]  # of its releases; empty: not to be told
    versions: tuple[str, ...]  # of the project and its releases; empty: not to be told


def env_keys(code: str) -> list[str]:
    """The environment variables that config/runtime.exs raises without, so far as it asks for them by a literal name."""
    code = _without_comments(code)
    return sorted({key for form in ENV_KEYS for key in form.findall(code)})


def mix_project(code: str) -> MixProject:
    """What mix.exs says of the releases to build."""
    code = _without_comments(code)
    return MixProject(names=_release_names(code) or tuple(APP.findall(code)[:1]), versions=_versions(code))


def _without_comments(code: str) -> str:
    return COMMENT.sub(lambda match: match.group(1) or "", code)


def _versions(code: str) -> tuple[str, ...]:
    attributes = {}
    for name, literal in ATTRIBUTE.findall(code):
        # Of one that is set twice, it depends on the place which is meant
        attributes[name] = "" if name in attributes else literal
    versions = [literal or attributes.get(attribute) for literal, attribute in VERSION.findall(code)]
    # One that a function makes could be any
    return tuple(versions) if all(versions) else ()


def _release_names(code: str) -> tuple[str, ...]:
    """The keys of the list after `releases:`, or in the function of that name; not the keys of the lists in it."""
    start = RELEASES.search(code)
    names, depth = [], 0
    for match in KEY_OR_BRACKET.finditer(code, start.end()) if start else ():
        opening, closing, key = match.groups()
        depth += bool(opening) - bool(closing)
        if depth == 0 and closing:
            break
        if depth == 1 and key:
            names.append(key)
    return tuple(names)
