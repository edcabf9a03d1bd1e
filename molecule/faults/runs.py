# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a deploy in a process group of its own, so that it can be interrupted as Ctrl-C or a cancelled job does it."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import time
import typing as t

# How long before its end a run that is ended still has to have said something to count as one that loops
STILL_TALKING = 10.0


class Ended(t.NamedTuple):
    rc: int
    output: str
    seconds: float
    limit: float | None = None  # after so many seconds it had not ended by itself
    talking: bool = False  # until the limit it went on to say something

    def plain(self) -> str:
        """The output without line breaks and quoting, in which a message is found whole."""
        return " ".join(self.output.replace("\\n", " ").replace('\\"', '"').split())


class Running:
    def __init__(self, argv: list[str], log: pathlib.Path, cwd: pathlib.Path, environ: t.Mapping[str, str] | None = None):
        self.log = log
        self.began = time.monotonic()
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                argv, cwd=cwd, env={**os.environ, **(environ or {})}, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
            )

    def signal(self, number: int) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, number)

    def wait(self, limit: float = 600) -> Ended:
        try:
            self.process.wait(limit)
        except subprocess.TimeoutExpired:
            talking = time.time() - self.log.stat().st_mtime < STILL_TALKING
            self.signal(signal.SIGKILL)
            self.process.wait()
            return self._ended(limit, talking)
        return self._ended()

    def _ended(self, limit: float | None = None, talking: bool = False) -> Ended:
        return Ended(self.process.returncode, self.log.read_text(errors="replace"), time.monotonic() - self.began, limit, talking)
