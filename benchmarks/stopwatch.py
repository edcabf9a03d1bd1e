# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""stopwatch LIMIT COMMAND...: runs a command and prints its exit code, wall time and CPU time; then the CPU time of all that it left running.

ssh leaves a process behind for each host (ControlPersist), which has encrypted all that was sent: its time belongs to the run. As their subreaper this
process inherits them. It prints its first line when the command ends, waits for a line of input, which says that they have been ended, and prints the second.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import time

PR_SET_CHILD_SUBREAPER = 36
TO_END = 5.0  # seconds


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def reap() -> int:
    """Waits for what was inherited; how many of them did not end."""
    deadline = time.monotonic() + TO_END
    while time.monotonic() < deadline:
        try:
            pid, _status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return 0
        if not pid:
            time.sleep(0.01)
    return 1


def main() -> None:
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    report, limit = os.dup(1), float(sys.argv[1])
    began = time.monotonic()
    with subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL, stdout=sys.stderr, stderr=sys.stderr, start_new_session=True) as command:
        try:
            rc = command.wait(limit)
        except subprocess.TimeoutExpired:
            os.killpg(command.pid, signal.SIGKILL)
            rc = None
        except BaseException:
            # It is in a session of its own, where no Ctrl-C reaches it
            os.killpg(command.pid, signal.SIGKILL)
            raise
    wall = time.monotonic() - began
    os.write(report, (json.dumps({"rc": rc, "wall": wall, "cpu_command": cpu()}) + "\n").encode())
    sys.stdin.readline()
    left = reap()
    os.write(report, (json.dumps({"cpu": cpu(), "left": left}) + "\n").encode())


if __name__ == "__main__":
    main()
