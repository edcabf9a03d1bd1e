# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeps what the rows saw on the hosts of this scenario, a file each, for report.py."""

from __future__ import annotations

import json
import pathlib
import typing as t

from ansible_collections.beamops.elixir.molecule.conftest import FLEET
from ansible_collections.beamops.elixir.molecule.faults.language import Fault

FOLDER = FLEET / "rows"
HALVES = ("script", "collection")


def folder_of(scenario: str) -> pathlib.Path:
    return FLEET.with_name(f"molecule-{scenario}") / FOLDER.name


def path(fault: Fault, half: str, folder: pathlib.Path = FOLDER) -> pathlib.Path:
    return folder / f"{fault.name}.{half}.json"


def keep(fault: Fault, half: str, row: dict[str, t.Any]) -> None:
    FOLDER.mkdir(exist_ok=True)
    path(fault, half).write_text(json.dumps(row, indent=2, sort_keys=True) + "\n")


def forget(fault: Fault, half: str) -> None:
    path(fault, half).unlink(missing_ok=True)


def read(fault: Fault, half: str, folder: pathlib.Path = FOLDER) -> dict[str, t.Any] | None:
    try:
        return json.loads(path(fault, half, folder).read_text())
    except FileNotFoundError:
        return None
