# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command by which a person does on a host what Ansible itself cannot: what goes on, and what wants a terminal."""

from __future__ import annotations

import os
import shlex
import typing as t

from ansible.errors import AnsibleActionFail

# Several logins over one connection, which is for Ansible's own many
MULTIPLEXING = ("Control", "-C")
# How one becomes another user, and how one asks whether one may without being asked for a password
BECOMES = {"sudo": ["sudo"], "doas": ["doas"]}
MAY = {"sudo": "sudo -n -l -u {user} sh", "doas": "doas -n -u {user} true"}
WANTS_PASSWORD = ("password is required", "Authentication required")


def command(connection: t.Any, remote: str) -> str:
    """What to run on the controller, so that a host runs `remote`: with all that the inventory says of the way there.

    With a terminal, so that Ctrl+C ends what runs there.
    """
    if connection.transport == "local":
        return remote
    if connection.transport != "ssh":
        raise AnsibleActionFail(f"This host is reached by {connection.transport}, and not by ssh. Run this on it: {remote}")
    return shlex.join([*ssh(connection.get_option), "-t", target(connection.get_option), remote])


def ssh(option: t.Callable[[str], t.Any]) -> list[str]:
    words = [option("ssh_executable") or "ssh", *_without_multiplexing(shlex.split(option("ssh_args") or ""))]
    if option("host_key_checking") is False:
        words += ["-o", "StrictHostKeyChecking=no"]
    if option("port"):
        words += ["-p", str(option("port"))]
    if option("private_key_file"):
        words += ["-i", os.path.expanduser(option("private_key_file"))]
    return [*words, *shlex.split(option("ssh_common_args") or ""), *shlex.split(option("ssh_extra_args") or "")]


def target(option: t.Callable[[str], t.Any]) -> str:
    return f"{option('remote_user')}@{option('host')}" if option("remote_user") else option("host")


def method(connection: t.Any) -> str | None:
    """By which Ansible becomes another user, if it does."""
    return connection.become.name if connection.become else None


def as_user(method: str | None, user: str | None, words: t.Sequence[str]) -> str:
    """Run by another user, by default root; by the login itself where there is no method."""
    if method is None:
        return shlex.join(words)
    name = _known(method, f"As {user or 'root'}, run: {shlex.join(words)}")
    return shlex.join([*BECOMES[name], *(["-u", user] if user else []), *words])


def may_become(method: str, user: str) -> str:
    """What tells whether the login may."""
    return MAY[_known(method, "")].format(user=shlex.quote(user))


def wants_password(said: str) -> bool:
    """Then that is not known: a person has one, and Ansible may not."""
    return any(words in said for words in WANTS_PASSWORD)


def _known(method: str, instead: str) -> str:
    name = method.rpartition(".")[2]
    if name not in BECOMES:
        raise AnsibleActionFail(f"Ansible becomes another user by {name} here, and this knows sudo and doas only. {instead}".strip())
    return name


def _without_multiplexing(words: list[str]) -> list[str]:
    kept: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "-o":
            word = f"-o{next(rest, '')}"
        if not word.removeprefix("-o").startswith(MULTIPLEXING):
            kept += ["-o", word[2:]] if word.startswith("-o") else [word]
    return kept
