# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""watch: on a host, waits for a moment, then runs a shell command at once. Ends when its standard input does."""

import glob
import json
import os
import re
import select
import subprocess
import sys


def file_there(moment):
    """The first file of these names that has come to that size, and to its whole size where that is told."""
    for pattern in moment["files"]:
        for path in glob.glob(pattern):
            try:
                if os.stat(path).st_size >= moment["bytes"]:
                    return path
            except OSError:
                pass
    return None


def process_there(moment):
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                line = file.read().decode(errors="replace").replace("\0", " ")
        except OSError:
            continue
        if re.search(moment["process"], line):
            return pid
    return None


def main():
    moment, command = json.loads(sys.argv[1]), sys.argv[2]
    look = file_there if "files" in moment else process_there
    while True:
        found = look(moment)
        if found:
            rc = subprocess.run(["sh", "-euc", command, "sh", found], check=False).returncode if command else 0
            print(f"fired {rc}", flush=True)
            return
        if select.select([sys.stdin], [], [], 0.005 if "files" in moment else 0.02)[0]:
            return


main()
