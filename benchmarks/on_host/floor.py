# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""floor AT: at that time, stops the release of this user with SIGTERM and starts it again; prints how long either took.

What no deploy in place can be quicker than: there is nothing between the end of the old process and the start of the next.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time

PORT = 4000
LIMIT = 60
# Set by erl for the process that it starts
ERL = ("ROOTDIR", "BINDIR", "EMU", "PROGNAME")


def find_beam():
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/comm", encoding="utf-8") as comm:
                if comm.read() == "beam.smp\n" and os.stat(f"/proc/{pid}").st_uid == os.getuid():
                    return int(pid)
        except OSError:
            continue  # it has ended
    sys.exit("no BEAM of this user runs")


def environment(pid):
    """As the deploy had it."""
    with open(f"/proc/{pid}/environ", "rb") as environ:
        pairs = [os.fsdecode(entry).partition("=") for entry in environ.read().split(b"\0") if entry]
    return {name: value for name, _equals, value in pairs if name not in ERL}


def is_gone(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            return stat.read().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def is_healthy():
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=1)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def until(condition, every):
    deadline = time.monotonic() + LIMIT
    while not condition():
        if time.monotonic() > deadline:
            sys.exit(f"not within {LIMIT} s")
        time.sleep(every)


def main():
    pid = find_beam()
    environ = environment(pid)
    daemon = [os.path.join(environ["RELEASE_ROOT"], "bin", environ["RELEASE_NAME"]), "daemon"]
    late = time.time() - float(sys.argv[1])
    time.sleep(max(0, -late))

    began = time.monotonic()
    os.kill(pid, signal.SIGTERM)
    until(lambda: is_gone(pid), 0.001)
    gone = time.monotonic()
    with subprocess.Popen(daemon, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
        until(is_healthy, 0.002)
        healthy = time.monotonic()
    print(json.dumps({"stop": gone - began, "start": healthy - gone, "late": max(0, late)}))


main()
