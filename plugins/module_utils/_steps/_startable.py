# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can be known to keep a release from starting, or to make it start as something else, before anything is stopped for it."""

from __future__ import annotations

import os
import re
import socket
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _node, _processes
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _bin_app

# They run in every BEAM
OF_ERLANG = {"kernel", "stdlib"}
FORCE = "set 'force' (elixir_release_force of the role)"


class Start(t.NamedTuple):
    """A start that is wanted."""

    application: _bin_app.Application
    dry_run: str  # the command line of bin/NAME start
    replaces: list[_processes.Process]  # what is stopped before, this release itself where it is to be started again
    port: int | None = None  # where the user says that it listens; 0 if nowhere
    force: bool = False
    service: bool = False  # whether systemd starts it

    @property
    def given(self) -> list[_node.Given]:
        return _node.given(self.dry_run, self.application.environ)


def refuse(start: Start) -> None:
    found = problems(start)
    if found:
        raise ReleaseError(" ".join(found))


def problems(start: Start) -> list[str]:
    """A sentence each: what was found, and what to do."""
    looks = [node_name(start.given), boot_script(start.dry_run), heart(start)]
    if not start.force:
        node = _node.taken(start.given)
        looks += [mnesia(start, node.name if node else None), port(start)]
    return [found for found in looks if found]


def node_name(given: list[_node.Given]) -> str | None:
    taken, addressed = _node.taken(given), _node.addressed(given)
    if not taken:
        return None
    complaint = _node.complaint(taken)
    if complaint:
        by = next(one.by for one in given if one.node == taken)
        return f"The node name '{taken.option}' ({by}) is not valid: {complaint}. Set another RELEASE_NODE in the env file{_hint(taken)}."
    # What stands before RELEASE_NODE is given to rpc and stop as well, whose own node it would rename
    other = next((one for one in given if one.by in ("ERL_AFLAGS", "ELIXIR_ERL_OPTIONS") or one.node == taken != addressed), None)
    if not addressed or not other:
        return None
    return (
        f"{other.by} gives erl '{other.node.option}', and RELEASE_NODE '{addressed.option}'. erl takes '{taken.option}', and bin/NAME asks for "
        f"{addressed.name}, so neither rpc nor stop would reach the node: take that option out of {other.by} and, if it is the name that you want, "
        f"set RELEASE_NODE={other.node.name} and RELEASE_DISTRIBUTION={'name' if other.node.long else 'sname'} in the env file."
    )


def boot_script(dry_run: str) -> str | None:
    boot = _processes.option(dry_run.split(), "-boot")
    directory, name = os.path.split(boot or "")
    advice = "Take RELEASE_BOOT_SCRIPT out of the env file (and out of env.sh)."
    if name == "start_clean":
        return f"The release would boot from {name}, which starts no application. {advice}"
    if not os.path.isdir(directory):  # only planned
        return None
    if not os.path.exists(f"{boot}.boot"):
        there = ", ".join(sorted(entry[: -len(".boot")] for entry in os.listdir(directory) if entry.endswith(".boot"))) or "none"
        return f"The release would boot from {boot}.boot, which is not there; there are: {there}. {advice}"
    if _starts_nothing(f"{boot}.script"):
        return f"The release would boot from {boot}.boot, which starts no application. {advice}"
    return None


def heart(start: Start) -> str | None:
    """Two that start it again would fight: what heart starts is a process that systemd knows nothing of."""
    if not start.service or not _node.has_heart(start.dry_run, start.application.environ):
        return None
    return (
        "erl is given -heart, and systemd is to start the release again where it ends: take -heart out of vm.args, or of the variable of the env file that "
        "has it, or set elixir_release_service_manager to daemon."
    )


def mnesia(start: Start, node: str | None) -> str | None:
    """Its files belong to the node that wrote them: under another name it makes new ones, and they are empty."""
    if "mnesia" not in start.application.content.applications:
        return None
    host = socket.gethostname()
    other = next((process for process in start.replaces if not _node.same(process.node, node, host)), None)
    if not other:
        return None
    return (
        f"The release has mnesia, whose database belongs to a node name: {other.node or 'no name'} runs (pid {other.pid}), {node or 'no name'} would be "
        f"started, with an empty database. Set RELEASE_NODE to the name that runs or, if nothing in it is to be kept, {FORCE}."
    )


def port(start: Start) -> str | None:
    number = start.application.port if start.port is None else start.port
    owners = _processes.port_owners(number) if number else {}
    # One that cannot be seen from here may well be what it replaces
    known = (_processes.UNSEEN, *(process.pid for process in start.replaces))
    strangers = {pid: command for pid, command in owners.items() if pid not in known}
    if not strangers or len(strangers) < len(owners):
        return None
    pid, command = next(iter(strangers.items()))
    return (
        f"Port {number}, where the release would listen, is held by pid {pid} ({command}), which is none of those that it replaces: stop that one, or set "
        f"another PORT in the env file. If the release listens elsewhere, say where with 'port' (elixir_release_port of the role), or {FORCE}."
    )


def _hint(node: _node.Node) -> str:
    host = node.name.partition("@")[2]
    return ", or RELEASE_DISTRIBUTION=name for a long one" if not node.long and "." in host else ""


def _starts_nothing(script: str) -> bool:
    """A release may come without it: then nobody can tell."""
    if not os.path.exists(script):
        return False
    with open(script, encoding="utf-8", errors="replace") as file:
        started = re.findall(r"application\s*,\s*start_boot\s*,\s*\[\s*'?(\w+)", file.read())
    return not set(started) - OF_ERLANG
