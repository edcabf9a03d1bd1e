# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a release is one of `mix release`, told by its files, before anything of it is run.

Only Mix's bin/NAME leads to releases/VERSION/elixir, and only that knows ELIXIR_CLI_DRY_RUN: any other `bin/NAME start` starts something.
"""

from __future__ import annotations

import os
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError

# Far more than any script of a release has
LONGEST_TEXT = 1 << 20

START_ERL = "releases/start_erl.data"
# In bin/NAME of every Elixir from 1.9 on: where it looks, and what it ends in
OF_MIX = ('REL_VSN_DIR="$RELEASE_ROOT/releases/$RELEASE_VSN"', 'exec "$REL_VSN_DIR/')
DRY_RUN = "ELIXIR_CLI_DRY_RUN"

# The text of a file of the release by its path, None where there is no such file
Read = t.Callable[[str], t.Optional[str]]


def refuse_others(source: str, name: str, read: Read) -> None:
    """`source` is what the release is called in the error."""
    version = started_version(read)
    script, elixir = read(f"bin/{name}"), read(f"releases/{version}/elixir")
    if script is None:
        raise ReleaseError(f"{source} is not whole: bin/{name} is not there, or is a link. Build the release again.")
    if is_of_mix(script) and elixir is not None and DRY_RUN in elixir:
        return
    maker = _maker(name, version, script, read)
    if maker:
        raise ReleaseError(
            f"{source} is a release made by {maker}, not by `mix release`: nothing of it was run, for its bin/{name} starts what Mix's only shows. "
            "Give the tarball that `MIX_ENV=prod mix release` makes with `steps: [:assemble, :tar]` in mix.exs."
        )
    if elixir is None or DRY_RUN not in elixir:
        found = "is missing" if elixir is None else "is not the script of Elixir"
        raise ReleaseError(
            f"{source} is not a release made by `mix release`: its releases/{version}/elixir {found}. Nothing of it was run. "
            "Give the tarball that `MIX_ENV=prod mix release` makes with `steps: [:assemble, :tar]` in mix.exs."
        )
    raise ReleaseError(
        f"{source} has another bin/{name} than `mix release` writes, and what that does when it is run cannot be known: nothing of it was run. "
        f"Leave bin/{name} out of rel/overlays; what has to happen before the start belongs in rel/env.sh.eex (`mix release.init` makes one)."
    )


def started_version(read: Read) -> str:
    """The version that bin/NAME starts; empty where none is told."""
    return (read(START_ERL) or "").partition(" ")[2].strip()


def is_of_mix(script: str) -> bool:
    return all(line in script for line in OF_MIX)


def in_directory(path: str) -> Read:
    """Reads from an unpacked release."""

    def read(name: str) -> str | None:
        try:
            with open(os.path.join(path, name), encoding="utf-8", errors="replace") as file:
                return file.read(LONGEST_TEXT)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return None

    return read


def _maker(name: str, version: str, script: str, read: Read) -> str | None:
    """Distillery's bin/NAME of some versions does not tell its name, but leads to a script that no other has."""
    if "distillery" in script.lower() or read(f"releases/{version}/{name}.sh") is not None or read(f"bin/{name}_rc_exec.sh") is not None:
        return "Distillery"
    if "RELEASE_ROOT_DIR" in script or "RELX_" in script:
        return "relx (rebar3)"
    return None
