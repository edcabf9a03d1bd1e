# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import subprocess
import sys

from ansible_collections.beamops.elixir.plugins.module_utils._steps import _timer_launch


def test_what_is_shipped_runs_without_ansible_and_from_a_zip_too(place):
    """Modules run from a zip themselves, so the code is shipped from there."""
    first, second = str(place / "first.pyz"), str(place / "second.pyz")
    _timer_launch.ship(first)
    program = f"import sys; sys.path.insert(0, {first!r}); import {_timer_launch.__name__} as it; it.ship({second!r}); print(it.__file__)"
    result = subprocess.run([sys.executable, "-I", "-B", "-S", "-c", program], check=True, stdout=subprocess.PIPE, universal_newlines=True)
    assert result.stdout.startswith(first)
    program = f"import sys; sys.path.insert(0, {second!r}); import {_timer_launch.__name__} as it; print(it._timer_process._going_back.go_back.__name__)"
    result = subprocess.run([sys.executable, "-I", "-B", "-S", "-c", program], check=True, stdout=subprocess.PIPE, universal_newlines=True)
    assert result.stdout == "go_back\n"
