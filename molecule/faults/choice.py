# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which rows are run: the quick ones, or with FAULTS=all all of them. And what a scenario has before its first one."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.beamops.elixir.molecule.conftest import FLEET
from ansible_collections.beamops.elixir.molecule.faults import rows, versions
from ansible_collections.beamops.elixir.molecule.faults.language import Fault
from ansible_collections.beamops.elixir.molecule.faults.machines import Machine, machines

ALL = os.environ.get("FAULTS") == "all"


def quick(faults: t.Iterable[Fault]) -> list[Fault]:
    return [fault for fault in faults if ALL or fault.quick]


def parametrize(metafunc: t.Any, name: str, faults: t.Sequence[Fault]) -> None:
    """A test a row, where it asks for one of that name."""
    if name in metafunc.fixturenames:
        metafunc.parametrize(name, faults, ids=[fault.name for fault in faults])


def hosts() -> dict[str, Machine]:
    found = machines()
    for folder in (FLEET / "logs", rows.FOLDER):
        folder.mkdir(exist_ok=True)
    versions.keep(rows.FOLDER / "versions.json", found)
    return found
