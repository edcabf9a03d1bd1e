# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pathlib
import importlib.util
import subprocess
import sys

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils import _modules
from ansible_collections.beamops.elixir.plugins.modules import elixir_release_step as module

# Themselves what packs, and what is done on the controller
UNPACKED = ("elixir_release_step", "elixir_release_say")
MODULES = sorted(path.stem for path in pathlib.Path(module.__file__).parent.glob("elixir_release_*.py") if path.stem not in UNPACKED)


def test_every_module_is_packed():
    packed = {it.__name__.rpartition("._")[2] for it in module.packed()}
    assert {f"elixir_release_{name}" for name in packed} == set(MODULES)


def test_a_step_is_done_as_the_module_does_it(run_module, layout, staged):
    release = staged()
    answer = run_module(module, step="info", root=layout.root)
    assert [found["id"] for found in answer["releases"]] == [release.id]


def test_a_secret_of_a_step_is_none_of_the_answer(run_module, layout, make_tarball):
    answer = run_module(module, step="stage", root=layout.root, tarball=make_tarball(), env="PASSWORD=hunter22\n", cookie="COOKIE")
    assert answer["changed"] and "hunter22" not in str(answer)
    if "invocation" in answer:  # which core 2.21 leaves out
        assert answer["invocation"]["module_args"]["env"] == "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"


def test_an_argument_that_the_step_does_not_have_is_refused(run_module, layout):
    answer = run_module(module, step="info", root=layout.root, release="x")
    assert "Unsupported parameters" in answer["msg"] and "release" in answer["msg"]


@pytest.mark.parametrize("step", ["", None])
def test_without_a_step_nothing_is_done(run_module, layout, step):
    assert run_module(module, step=step, root=layout.root)["failed"]


@pytest.mark.parametrize(
    "step, seldom",
    [
        ("_prepare", ["_steps._going_back", "_steps._http", "_steps._timer_launch"]),
        ("_stage", ["_steps._going_back", "_steps._http", "_steps._timer_launch"]),
        ("_start", ["_steps._going_back", "_steps._http", "_steps._timer_launch", "_tarball._archive"]),
        ("_wait", ["_steps._going_back", "_steps._http", "_steps._timer_launch", "_tarball._archive"]),
        ("_settle", ["_steps._going_back", "_steps._wait", "_tarball._archive"]),
    ],
)
def test_what_a_step_does_not_need_is_not_loaded(step, seldom):
    """On a host each file is compiled anew with every task."""
    program = f"import sys; import {_modules.__name__}.{step}; print(*sys.modules)"
    environ = {"PYTHONPATH": ":".join(sys.path)}
    loaded = subprocess.run([sys.executable, "-c", program], env=environ, check=True, stdout=subprocess.PIPE, universal_newlines=True).stdout.split()
    names = [f"{_modules.__name__.rpartition('.')[0]}.{name}" for name in seldom]
    assert all(importlib.util.find_spec(name) for name in names)  # else it is not there under any name
    assert not set(names) & set(loaded)
