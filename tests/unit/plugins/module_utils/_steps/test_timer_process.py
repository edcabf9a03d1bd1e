# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import subprocess
import sys

from ansible_collections.beamops.elixir.plugins.module_utils._steps import _timer_launch


def test_a_timer_without_a_plan_ends(place):
    os.mkdir(str(place / "timer"))
    program = str(place / "timer" / "timer.pyz")
    _timer_launch.ship(program)
    argv = [sys.executable, "-I", "-B", program, str(place / "timer"), str(place / "timer" / "alive.lock")]
    assert subprocess.run(argv, check=False, timeout=10).returncode == 0
