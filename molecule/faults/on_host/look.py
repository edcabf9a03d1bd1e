# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""look ROOT: on a host, tells what runs and what lies under ROOT, as JSON. It knows nothing of the collection's own code."""

import glob
import json
import os
import re
import subprocess
import sys

NAMES = r"^(GUESTBOOK_ENV|GUESTBOOK_FAULT_\w+)=(.*)$"


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read().decode(errors="replace")
    except OSError:
        return None


def parsed(text):
    try:
        return json.loads(text)
    except ValueError:
        return {"unreadable": text}


def environ_of(pid):
    """Read with the rights of the process's own user: root in a container may lack the right to."""
    owner = os.stat(f"/proc/{pid}")
    argv = ["cat", f"/proc/{pid}/environ"]
    result = subprocess.run(argv, stdout=subprocess.PIPE, check=False, user=owner.st_uid, group=owner.st_gid, extra_groups=[])
    return result.stdout.decode(errors="replace").replace("\0", "\n")


def beams():
    found = []
    for pid in sorted(map(int, filter(str.isdigit, os.listdir("/proc")))):
        arguments = (read(f"/proc/{pid}/cmdline") or "").split("\0")
        boot = arguments[arguments.index("-boot") + 1] if "-boot" in arguments else ""
        match = re.match(r"(.*)/releases/([^/]+)/start$", boot)
        if re.fullmatch(r"beam(\.\w+)*", os.path.basename(arguments[0])) and match:
            environ = dict(re.findall(NAMES, environ_of(pid), re.MULTILINE))
            state = re.search(r"^State:\s+(\w)", read(f"/proc/{pid}/status") or "", re.MULTILINE)
            found.append({"pid": pid, "root": match[1], "version": match[2], "environ": environ, "state": state and state[1]})
    return found


def releases(root):
    try:
        names = sorted(os.listdir(f"{root}/releases"))
    except OSError:
        return {}
    records = {name: read(f"{root}/releases/{name}/.deploy.json") for name in names}
    return {name: parsed(text) for name, text in records.items() if text is not None}


def mark(path):
    """The mark in an env file, or in the one that it loads."""
    text = read(path) or ""
    found = re.findall(r"^export GUESTBOOK_ENV=(.*)$", text, re.MULTILINE)
    loaded = re.findall(r"^\. (/\S+)$", text, re.MULTILINE)
    return found[-1] if found else mark(loaded[-1]) if loaded else None


def starting(root):
    """The slots that start with the host."""
    names = (os.path.basename(path) for path in glob.glob(f"/etc/systemd/system/multi-user.target.wants/{os.path.basename(root)}-*.service"))
    return sorted(re.sub(r".*-(\w+)\.service", r"\1", name) for name in names)


def look(root):
    current = os.readlink(f"{root}/current") if os.path.islink(f"{root}/current") else None
    unpacked = (read(f"{root}/releases/start_erl.data") or "").split()
    return {
        "beams": beams(),
        "current": current and os.path.basename(current),
        "releases": releases(root),
        "ledger": [parsed(line) for line in (read(f"{root}/ledger.jsonl") or "").splitlines()],
        "lock": parsed(read(f"{root}/deploy.lock")) if os.path.exists(f"{root}/deploy.lock") else None,
        "env_file": mark(f"{root}/.env"),
        "starting": starting(root),
        "unpacked": unpacked[1] if len(unpacked) == 2 else None,
    }


print(json.dumps(look(sys.argv[1])))
