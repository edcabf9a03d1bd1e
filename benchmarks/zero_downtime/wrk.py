# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""wrk beside the clients of this program: a judge that somebody else has written.

What it says is read from its output. It counts an answer that never comes not at all, so the longest gap is measured by the script that it runs. With a rate it
waits between two requests of a connection, and then it takes for a read error that the server closes a connection on which nothing was asked.
"""

from __future__ import annotations

import asyncio
import ctypes
import math
import pathlib
import re
import signal
import typing as t

from ansible_collections.beamops.elixir.benchmarks.zero_downtime.connection import Site
from ansible_collections.beamops.elixir.benchmarks.zero_downtime.settings import Settings

SCRIPT = pathlib.Path(__file__).resolve().parent / "count.lua"
ERRORS = ("connect", "read", "write", "timeout")
# It wants to know how long, and is ended before that
A_DAY = 86400
TO_END = 5.0
PR_SET_PDEATHSIG = 1
KEPT_OF_OUTPUT = 500


class Wrk:
    def __init__(self, settings: Settings, site: Site):
        self._site = site
        delay = settings.interval(settings.wrk_connections, settings.wrk_rate) if settings.wrk_rate > 0 else 0.0
        self.argv = [str(settings.wrk), "-t1", f"-c{settings.wrk_connections}", f"-d{math.ceil(settings.seconds or A_DAY)}s", "--timeout", "30s"]
        self.argv += [part for header in settings.headers for part in ("-H", header)]
        self.argv += ["-s", str(SCRIPT), f"{site.url}/version", "--", str(round(1000 * delay))]
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *self.argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            # A Ctrl-C is for the load, which ends it; but it must not outlive a load that was killed
            start_new_session=True,
            preexec_fn=end_with_parent,
        )

    async def end(self) -> dict[str, t.Any]:
        """It tells what it has seen when it is interrupted."""
        process = t.cast(asyncio.subprocess.Process, self._process)
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        try:
            output, _none = await asyncio.wait_for(process.communicate(), TO_END)
        except asyncio.TimeoutError:
            process.kill()
            return {"error": "it did not end when it was interrupted"}
        return parse(output.decode(errors="replace"))


def end_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)


def parse(output: str) -> dict[str, t.Any]:
    requests = re.search(r"^ *(\d+) requests in ", output, re.MULTILINE)
    gap = re.search(r"^longest gap (\S+) at (\S+)$", output, re.MULTILINE)
    if not requests or not gap:
        return {"error": output.strip()[-KEPT_OF_OUTPUT:] or "it said nothing"}
    errors = dict.fromkeys(ERRORS, 0)
    errors.update({name: int(count) for line in re.findall(r"Socket errors: (.*)", output) for name, count in re.findall(r"(\w+) (\d+)", line)})
    others = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    statuses = {status: int(count) for status, count in re.findall(r"^status (\d+) (\d+)$", output, re.MULTILINE)}
    wrong = sum(count for status, count in statuses.items() if status != "200")
    return {
        "sent": int(requests[1]) + sum(errors[name] for name in ("connect", "read", "write")),
        # A timeout is an answer that was late
        "failed": sum(errors.values()) + wrong,
        "answered": statuses.get("200", 0),
        "requests": int(requests[1]),
        "errors": errors,
        "non_2xx": int(others[1]) if others else 0,
        "statuses": statuses,
        "longest_gap": float(gap[1]),
        "longest_gap_at": float(gap[2]),
    }
