# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""However often a task looks whether what it replaces is gone, that is asked to stop once."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
import threading

import pytest

pytest.importorskip("ansible.plugins.action", reason="a host has no role")

# Says in a file how often it was asked to stop, and stops when it is told in another one
BEAM = """
import os, signal, sys, time
here = sys.argv[1]
signal.signal(signal.SIGTERM, lambda number, frame: open(f"{here}/asked", "a").write("once "))
open(f"{here}/up", "w").close()
while not os.path.exists(f"{here}/go"):
    time.sleep(0.05)
"""


@pytest.fixture
def beam(place):
    """What runs from the root, as far as its command line tells: only SIGTERM reaches it."""
    emulator = place / "guestbook" / "releases" / "0.1.0-1a2b3c4d" / "erts-13.1.5" / "bin" / "beam.smp"
    emulator.parent.mkdir(parents=True)
    emulator.symlink_to(sys.executable)
    boot = f"{emulator.parents[2]}/releases/0.1.0/start"
    process = subprocess.Popen([str(emulator), "-c", BEAM, str(place), "-boot", boot], env={})
    while not (place / "up").exists():
        assert process.poll() is None
    yield process
    process.kill()
    process.wait()


def test_it_is_asked_once(play, place, beam):
    release = place / "guestbook" / "releases" / "0.2.0-9f8e7d6c"
    (release / "bin").mkdir(parents=True)
    (place / "guestbook" / "tmp").mkdir()
    (release / "bin" / "guestbook").write_text("#!/bin/sh\nexit 9\n")
    (release / "bin" / "guestbook").chmod(0o755)
    record = {"name": "guestbook", "version": "0.2.0", "sha256": "9f8e7d6c", "state": "staged", "staged_at": "2026-11-25T01:02:03+00:00"}
    (release / ".deploy.json").write_text(json.dumps(record))
    threading.Timer(8, (place / "go").touch).start()
    variables = {"elixir_release_root": str(place / "guestbook"), "elixir_release_user": None, "elixir_release_deadman": 0}
    run = play("start", "-e", '{"elixir_release__watch": 1}', elixir_release__new={"release": release.name, "live": False}, **variables)
    assert "FAILED - RETRYING" in run.stdout, run.stdout
    assert "bin/guestbook daemon failed (exit code 9)" in run.stdout
    assert pathlib.Path(place / "asked").read_text() == "once "
