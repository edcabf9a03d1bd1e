# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import shutil
import subprocess

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._host import _clock


def test_it_is_what_other_programs_see():
    told = _clock.is_synchronised()
    if told is None or not shutil.which("timedatectl"):
        pytest.skip("this kernel does not tell, or nobody else asks it here")
    said = subprocess.run(["timedatectl", "show", "--property=NTPSynchronized", "--value"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if said.returncode != 0:
        pytest.skip("timedatectl does not tell")
    assert said.stdout.decode().strip() == ("yes" if told else "no")


def test_where_the_kernel_does_not_tell(monkeypatch):
    monkeypatch.setattr(_clock.ctypes, "CDLL", lambda name: object())
    assert _clock.is_synchronised() is None
