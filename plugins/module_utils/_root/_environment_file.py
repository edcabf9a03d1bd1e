# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The environment of a release as systemd's EnvironmentFile has it. Text only: nothing here touches the disk.

Measured with 252 and 257: in double quotes, with a backslash before each of \\ " $ `, systemd takes every character as it is, line ends too. What is not
UTF-8, or one of Unicode's noncharacters, makes it refuse the whole file.
"""

from __future__ import annotations

import re
import typing as t

SPECIAL = re.compile(r'[\\"$`]')
NONCHARACTERS = "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
UNCARRIED = re.compile(f"[\ud800-\udfff\ufdd0-\ufdef{NONCHARACTERS}]")


def text(environ: t.Mapping[str, str]) -> str:
    return "".join(f'{key}="{SPECIAL.sub(_escaped, value)}"\n' for key, value in sorted(environ.items()))


def uncarried(environ: t.Mapping[str, str]) -> list[str]:
    """The names of the variables whose values it cannot have."""
    return sorted(key for key, value in environ.items() if UNCARRIED.search(value))


def _escaped(match: re.Match[str]) -> str:
    return f"\\{match[0]}"
