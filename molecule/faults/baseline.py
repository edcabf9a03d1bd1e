# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every row begins with: the old version serves on all hosts, and nothing else is there."""

from __future__ import annotations

import subprocess
import time
import typing as t
from concurrent.futures import ThreadPoolExecutor

from ansible_collections.beamops.elixir.molecule.faults.language import OLD, ROOT
from ansible_collections.beamops.elixir.molecule.faults.machines import Machine

# As its migration of 0.2.0 never was; no entries
OLD_SCHEMA = "ALTER TABLE entries DROP COLUMN IF EXISTS mood; DELETE FROM schema_migrations WHERE version = 2; TRUNCATE entries"
# As a person makes it for the bash script
NEW_SCHEMA = "ALTER TABLE entries ADD COLUMN IF NOT EXISTS mood text NOT NULL DEFAULT 'cheerful'"
SCRIPT_HOME = "/home/deploy/guestbook"
SECONDS = 20


def keep_pristine(machines: t.Iterable[Machine], name: str, path: str) -> None:
    """Remember what lies in a directory on each host, so that it can be made again."""
    script = f"""
    [ ! -e /var/pristine/{name} ] || exit 0
    mkdir -p /var/pristine
    cp -a {path} /var/pristine/{name}.unfinished
    [ ! -d /var/pristine/{name}.unfinished/tmp ] || find /var/pristine/{name}.unfinished/tmp ! -type d -delete
    mv /var/pristine/{name}.unfinished /var/pristine/{name}
    """
    for machine in machines:
        machine.sh(script)


def collection(machines: t.Mapping[str, Machine], database: Machine, root: str = ROOT, old: str = "", old_on: t.Iterable[str] = ()) -> None:
    """As the collection left it."""

    def reset(machine: Machine) -> None:
        machine.reset(root, "guestbook", "/var/pristine/collection", old if machine.name in old_on else "")
        until_healthy(machine)

    in_parallel(reset, machines.values())
    query(database, OLD_SCHEMA)


def script(machine: Machine, root: str, old: str) -> None:
    """As the bash script left it. Its directory is a link here, so that it may lie on a small disk."""
    machine.sh(f"ln -sfn {root} {SCRIPT_HOME}; chown -h deploy: {SCRIPT_HOME}")
    machine.reset(root, "deploy", "/var/pristine/script", old)
    until_healthy(machine)


def until_healthy(machine: Machine) -> None:
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            if machine.site.get("/health")[0] == 200 and machine.site.version()["version"] == OLD:
                return
        except OSError:
            pass
        assert time.monotonic() < deadline, f"{machine.name} does not serve {OLD} within {SECONDS} s of its reset"
        time.sleep(0.05)


def query(database: Machine, sql: str) -> list[str]:
    argv = database.command("psql", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1", "--command", sql, "guestbook", user="postgres")
    return subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()


def in_parallel(do: t.Callable[[Machine], t.Any], machines: t.Iterable[Machine]) -> list[t.Any]:
    with ThreadPoolExecutor() as pool:
        return list(pool.map(do, machines))
