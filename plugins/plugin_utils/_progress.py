# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A line at the bottom of a terminal that is drawn anew each second, and gone before anything else is said.

Only a thread can draw it while Ansible waits for its workers. These are forks, and a lock that a thread holds at that moment stays locked in the fork for
ever. So the thread writes by Display.display alone, as the one does by which Ansible itself shows what its workers say: what a fork needs of that, Ansible
keeps from being held while it forks. The lock below no fork ever needs: callbacks are called in the main process.
"""

from __future__ import annotations

import atexit
import contextlib
import threading
import time
import typing as t

EVERY = 1.0  # seconds; what takes less is not shown
CLEAR = "\x1b[K"


class Progress:
    """`write` shows a text where the cursor stands. With what is drawn, the cursor goes back to the first column. What is not visible is never drawn."""

    def __init__(self, write: t.Callable[[str], None], visible: bool = True, clock: t.Callable[[], float] = time.monotonic):
        self.visible = visible
        self._write, self._clock = write, clock
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._tell: t.Callable[[float], str] | None = None
        self._since = 0.0
        self._drawn = False

    def begin(self) -> None:
        """What is shown from now on has begun now."""
        with self._lock:
            self._since = self._clock()

    def show(self, tell: t.Callable[[float], str] | None) -> None:
        """Says what is to be drawn, from the seconds that have passed; None for nothing."""
        with self.away():
            self._tell = tell
        if tell and self.visible and not self._thread:
            # Not when the interpreter ends, for it could not be ended cleanly then
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()
            atexit.register(self.end)

    @contextlib.contextmanager
    def away(self) -> t.Iterator[None]:
        """While something else is written."""
        with self._lock:
            if self._drawn:
                self._write(f"{CLEAR}\r")
                self._drawn = False
            yield

    def end(self) -> None:
        self._ended.set()
        if self._thread:
            self._thread.join()
        with self.away():
            self._tell = None

    def _run(self) -> None:
        while not self._ended.wait(EVERY):
            with self._lock:
                passed = self._clock() - self._since
                if self._tell and passed >= EVERY:
                    self._write(f"{CLEAR}{self._tell(passed)}\r")
                    self._drawn = True
