# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where things lie."""

from __future__ import annotations

import pathlib

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent
HERE = CHECKOUT / "benchmarks"
FLEETS = CHECKOUT / ".cache" / "fleets"
# Of this run, made anew by each
WORK = CHECKOUT / ".cache" / "bench" / "work"
# Of runs that are not the whole benchmark
PARTIAL = CHECKOUT / ".cache" / "bench"
SCRIPT = CHECKOUT / "molecule" / "shared" / "bash-script"
MODULES = "ansible_collections.beamops.elixir.benchmarks"
