# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a build that failed said of its reason, out of all that it said."""

from __future__ import annotations

import re

LINES = 12
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
# BuildKit begins each line with its step and its time
PREFIX = re.compile(r"^(?:#\d+ (?:\d+\.\d+ ?)?|\s*> )")
# Of Mix and the compiler, of apt and npm, of the engine itself
REASONS = re.compile(
    r"^\s*(?:== Compilation error|\*\* \(|\s*error: |error\b|E: |npm ERR|.*: not found$|failed to |pull access denied|manifest for )", re.IGNORECASE
)
# What repeats the step that failed, or says no more than that it did
NOISE = re.compile(
    r"^(?:-{3,}|executor failed|The command '|sha256:|DONE|CANCELED|ERROR: failed to solve|Dockerfile:\d+|Step \d+/| --->|Removing intermediate"
    r"|DEPRECATED: |\s+BuildKit is currently|\s+environment-variable|Sending build context)"
)

HINTS = (
    (
        re.compile(r"could not fetch environment variable|environment variable \S+ is (?:missing|not set)"),
        "What the servers' environment says belongs into config/runtime.exs: no build knows it.",
    ),
    (re.compile(r"\.tar\.gz\b.*(?:not found|no such|No such|no source files)|no source files"), "Does the release have `steps: [:assemble, :tar]` in mix.exs?"),
    (re.compile(r"the --mount option requires BuildKit"), "Install Docker's buildx component on the build host, which brings BuildKit."),
    (
        re.compile(r"pull access denied|manifest (?:for|unknown)|no such host|failed to resolve source metadata|failed to load cache key"),
        "Docker cannot get the image that the build begins with: see what `docker pull` says of it, or name another one with elixir_release_build_image.",
    ),
    (re.compile(r"exec format error|qemu: uncaught"), "The image is for another machine than the engine's."),
    (re.compile(r"unable to find user|Hex.*(?:403|401)|No authenticated organization"), "Give what a private package needs with elixir_release_build_secrets."),
)


def reason(output: str) -> str:
    """The lines that matter, and what to do where that can be told."""
    lines = [PREFIX.sub("", COLOUR.sub("", line)).rstrip() for line in output.splitlines()]
    lines = [line for line in lines if line.strip() and not NOISE.match(line)]
    first = next((number for number, line in enumerate(lines) if REASONS.match(line)), max(0, len(lines) - LINES))
    told = lines[first : first + LINES]
    hints = [hint for pattern, hint in HINTS if pattern.search(output)]
    return "\n".join([*told, *hints])
