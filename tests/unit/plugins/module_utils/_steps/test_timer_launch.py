# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import inspect
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
    program = f"import sys; sys.path.insert(0, {second!r}); import {_timer_launch.__name__} as it; print(it.entries()[1]._going_back.go_back.__name__)"
    result = subprocess.run([sys.executable, "-I", "-B", "-S", "-c", program], check=True, stdout=subprocess.PIPE, universal_newlines=True)
    assert result.stdout == "go_back\n"


def test_the_process_has_loaded_all_that_it_may_need_before_its_time_is_over(place):
    """Going back looks over HTTP, which no other look of the timer's loads."""
    program, directory = str(place / "timer.pyz"), place / "timer"
    directory.mkdir()
    _timer_launch.ship(program)
    run = f"import runpy, sys; sys.argv[1:] = [{str(directory)!r}, {str(directory / 'alive.lock')!r}]; runpy.run_path({program!r}); print(*sys.modules)"
    subprocess.run([sys.executable, "-I", "-B", "-S", "-c", run], check=True)
    loaded = (directory / "timer.log").read_text(encoding="utf-8").split()
    steps = _timer_launch.__name__.rpartition(".")[0]
    assert {f"{steps}._going_back", f"{steps}._http", "ssl"} <= set(loaded)


def test_what_the_programs_begin_with_is_packed_by_ansible():
    """It finds imports in the source, and ships nothing that it has not found."""
    source = inspect.getsource(_timer_launch)
    imported = {name.strip() for line in source.splitlines() if "._steps import " in line for name in line.partition(" import ")[2].split(",")}
    assert {"_http", "_timer_process", "_warm"} <= imported
    assert {module.__name__.rpartition(".")[2] for module in _timer_launch.entries()} <= imported
