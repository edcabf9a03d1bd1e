# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a Dockerfile makes a release's tarball in. Only read, so far as that tells."""

from __future__ import annotations

import posixpath
import re
import typing as t

CONTINUED = re.compile(r"\\[ \t]*\n(?:[ \t]*#[^\n]*\n)*")
INSTRUCTION = re.compile(r"^[ \t]*([A-Za-z]+)[ \t]+(.*?)[ \t]*$", re.MULTILINE)
FROM = re.compile(r"^[ \t]*FROM[ \t]", re.MULTILINE | re.IGNORECASE)
COMMENT = re.compile(r"^[ \t]*#.*$", re.MULTILINE)
STAGE = re.compile(r"(?:--\S+\s+)*(\S+)(?:\s+as\s+(\S+))?", re.IGNORECASE)
RELEASES = re.compile(r"\bmix\b[^&;|]*[\s,]release\b")
VARIABLE = re.compile(r"\$\{?(\w+)(?::-([^}]*))?\}?")

ADDED = "elixir_release_tarball"


class Stage(t.NamedTuple):
    name: str
    image: str
    instructions: list[tuple[str, str]]


class Use(t.NamedTuple):
    """How to use it."""

    text: str
    target: str


def use(text: str) -> Use | None:
    """A stage that has the tarball and no more is used as it is. Behind one that runs `mix release`, such a stage is put. None where there is neither.

    What follows there is left out: without BuildKit, each stage above the one that is asked for is made.
    """
    stages = _stages(text)
    for stage in reversed(stages):
        if stage.image == "scratch" and any(key in ("COPY", "ADD") and ".tar.gz" in value for key, value in stage.instructions):
            return Use(text, stage.name)
    for stage in reversed(stages):
        if any(key == "RUN" and RELEASES.search(value) for key, value in stage.instructions):
            added = f"FROM scratch AS {ADDED}\nCOPY --from={stage.name} {_directory(stages, stage)}/_build/*/*.tar.gz /\n"
            return Use(f"{_up_to(text, stages.index(stage))}\n\n{added}", ADDED)
    return None


def _stages(text: str) -> list[Stage]:
    stages: list[Stage] = []
    for key, value in INSTRUCTION.findall(CONTINUED.sub(" ", COMMENT.sub("", text))):
        if key.upper() == "FROM":
            image, name = STAGE.match(value).groups()
            stages.append(Stage(name or str(len(stages)), image, []))
        elif stages:
            stages[-1].instructions.append((key.upper(), value))
    return stages


def _up_to(text: str, index: int) -> str:
    """The Dockerfile with that stage as its last."""
    begins = [match.start() for match in FROM.finditer(text)]
    return text[: (begins[index + 1 :] or [len(text)])[0]].rstrip()


def _directory(stages: list[Stage], stage: Stage) -> str:
    """Where it works in the end; what the stage under it says counts as well."""
    under = next((other for other in stages if other.name == stage.image and other is not stage), None)
    directory, variables = (_directory(stages, under) if under else "/"), {}
    for key, value in stage.instructions:
        if key in ("ARG", "ENV"):
            variables.update(pair.split("=", 1) for pair in value.replace('"', "").split() if "=" in pair)
        if key == "WORKDIR":
            directory = posixpath.join(directory, VARIABLE.sub(lambda match: variables.get(match.group(1), match.group(2) or ""), value.strip("\"'")))
    return posixpath.normpath(directory).rstrip("/")
