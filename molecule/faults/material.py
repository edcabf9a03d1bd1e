# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the deploys of a row are made from: tarballs, env files, ssh."""

from __future__ import annotations

import pathlib
import subprocess
import sys

from ansible_collections.beamops.elixir.molecule.conftest import FLEET, PROJECT
from ansible_collections.beamops.elixir.molecule.faults.language import Fault
from ansible_collections.beamops.elixir.molecule.faults.machines import read_inventory

SLOW = 1_000_000  # bytes a second
HERE = pathlib.Path(__file__).resolve().parent


def tarball(build: str) -> str:
    """A build of the example: VERSION, "VERSION SUITE" or "VERSION again"."""
    version, _blank, variant = build.partition(" ")
    options = ["--salt", variant] if variant == "again" else ["--suite", variant or "bookworm"]
    argv = [str(PROJECT / "examples" / "guestbook" / "build"), version, *options]
    return subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()[-1]


def env_text(fault: Fault, faulty: bool = True) -> str:
    """The new release's env file."""
    text = (FLEET / "env.new").read_text()
    if not faulty:
        return text
    if fault.env_without:
        text = "".join(line for line in text.splitlines(keepends=True) if fault.env_without not in line)
    return text + "".join(f"export {key}={value}\n" for key, value in fault.env.items()) + fault.env_lines


def common_ssh_args(slow: bool) -> str:
    relay = f"{sys.executable} {HERE / 'throttle.py'} %h %p {SLOW}"
    return read_inventory()["vars"]["ansible_ssh_common_args"] + (f" -o 'ProxyCommand={relay}'" if slow else "")


def ssh_config(slow: bool) -> str:
    """For a program that knows ssh only, the inventory as its configuration."""
    everything = read_inventory()
    common = everything["vars"]
    lines = ["Host *", f"  User {common['ansible_user']}", f"  HostName {common['ansible_host']}", f"  IdentityFile {common['ansible_ssh_private_key_file']}"]
    lines += ["  IdentitiesOnly yes", f"  UserKnownHostsFile {FLEET / 'known_hosts'}", "  LogLevel ERROR"]
    if slow:
        lines.append(f"  ProxyCommand {sys.executable} {HERE / 'throttle.py'} %h %p {SLOW}")
    for name, host in everything["children"]["elixir"]["hosts"].items():
        lines += [f"Host {name}", f"  Port {host['ansible_port']}"]
    return "\n".join(lines) + "\n"
