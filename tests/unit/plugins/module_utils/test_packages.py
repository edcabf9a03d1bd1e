# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each package knows only itself and those under it."""

from __future__ import annotations

import ast
import pathlib

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils import _errors

PLUGINS = pathlib.Path(_errors.__file__).resolve().parents[1]
MODULE_UTILS = PLUGINS / "module_utils"
PREFIX = "ansible_collections.beamops.elixir.plugins."
# From the top down; what stands under all of them is the last
ORDER = ["modules", "_modules", "_module", "_steps", "_root", "_build", "_host", "_tarball", "_errors"]

FILES = [path for path in [*MODULE_UTILS.rglob("*.py"), *(PLUGINS / "modules").glob("*.py")] if path.name != "__init__.py"]


def place_of(path):
    inside = path.relative_to(PLUGINS)
    return inside.parts[0] if inside.parts[0] == "modules" else inside.parts[1].replace(".py", "")


def known(path):
    """The places of this collection that a file imports from."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PREFIX):
            parts = node.module[len(PREFIX) :].split(".")
            yield from [parts[1]] if len(parts) > 1 else [alias.name for alias in node.names]


def test_every_file_has_its_place():
    assert len(FILES) > 50
    assert {place_of(path) for path in FILES} == set(ORDER)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{place_of(path)}/{path.name}")
def test_nobody_knows_what_stands_above(path):
    place = place_of(path)
    # Beside _steps stands _module: neither needs the other
    beneath = [name for name in ORDER[ORDER.index(place) :] if (place, name) != ("_module", "_steps")]
    assert set(known(path)) <= set(beneath) - {"modules"}
