# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An exit code of 0 is no rehearsal."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("ansible.plugins.action", reason="a host has no role")


@pytest.fixture
def rehearse(play, place):
    """Rehearses a release whose bin/NAME is the given script."""
    release = place / "guestbook" / "releases" / "0.1.0-1a2b3c4d"

    def run(script):
        (release / "bin").mkdir(parents=True)
        (place / "guestbook" / "tmp").mkdir()
        (release / "bin" / "guestbook").write_text(f"#!/bin/sh\n{script}\n")
        (release / "bin" / "guestbook").chmod(0o755)
        record = {"name": "guestbook", "version": "0.1.0", "sha256": "1a2b3c4d", "state": "staged", "staged_at": "2026-11-25T01:02:03+00:00"}
        (release / ".deploy.json").write_text(json.dumps(record))
        variables = {"elixir_release_root": str(place / "guestbook"), "elixir_release_user": None}
        variables["elixir_release__new"] = {"release": release.name, "live": False}
        return play("rehearse", **variables)

    return run


# The stand-in for Elixir: what evaluates the last expression prints this
WHOLE = "printf '\\nelixir_release has rehearsed\\n'"


def test_what_was_evaluated_to_its_end(rehearse):
    run = rehearse(f"echo Hello; {WHOLE}; echo bye")
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize(
    "script, printed",
    [
        pytest.param("exit 0", "It printed nothing", id="a wrapper that ends with 0"),
        pytest.param('echo "$@"', "It printed eval root =", id="a script that only shows what it would run"),
    ],
)
def test_what_was_not(rehearse, script, printed):
    run = rehearse(script)
    assert run.returncode != 0
    assert "bin/guestbook eval of 0.1.0-1a2b3c4d ended with exit code 0 without evaluating the rehearsal to its end" in run.stdout, run.stdout
    assert printed in run.stdout


def test_what_fails_tells_so_itself(rehearse):
    run = rehearse("echo 'cannot load: x' >&2; exit 9")
    assert run.returncode != 0 and "failed (exit code 9)" in run.stdout and "to its end" not in run.stdout.partition("fatal:")[2]
