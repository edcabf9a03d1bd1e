# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls bin/NAME of a release. What its exit code does not say is never concluded from it."""

from __future__ import annotations

import contextlib
import os
import re
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _command, _node, _processes
from ansible_collections.beamops.elixir.plugins.module_utils._root import _env_file, _layout, _releases, _slots
from ansible_collections.beamops.elixir.plugins.module_utils._tarball import _rel

# Set by bin/NAME and erl for the process that they start: wrong for any other
OF_THE_PROCESS = {"RELEASE_COMMAND", "ROOTDIR", "BINDIR", "EMU", "PROGNAME", "SHLVL", "OLDPWD", "PWD", "_"}
# How long bin/NAME itself may take to answer; a node that hangs takes it up to 15 s to notice
SECONDS = 20
# Where Phoenix listens unless PORT says otherwise
PHOENIX_PORT = "4000"
STATUS = 'IO.puts(inspect({:init.get_status(), System.pid(), System.get_env("RELEASE_VSN")}))'


class Application(t.NamedTuple):
    """A release with what it needs to be called: its directory, its environment, and as whom."""

    path: str  # empty while it is only planned: then it can be asked what it would be, and not be called
    name: str
    content: _rel.Content
    environ: dict[str, str]
    account: _command.Account
    cwd: str
    slot: str | None = None

    @property
    def is_phoenix(self) -> bool:
        return self.content.is_phoenix

    @property
    def port(self) -> int | None:
        """Where it is expected to listen, if anywhere."""
        number = self.environ.get("PORT") or (PHOENIX_PORT if self.is_phoenix else "")
        return int(number) if number.isdigit() else None

    def call(self, *arguments: str, timeout: float = SECONDS, environ: t.Mapping[str, str] | None = None) -> _command.Result:
        return self.run(self.name, *arguments, timeout=timeout, environ=environ)

    def run(
        self, script: str, *arguments: str, timeout: float, environ: t.Mapping[str, str] | None = None, expendable: bool = False
    ) -> _command.Result:
        program = _layout.script(self.path, script)
        if not os.path.exists(program):
            raise ReleaseError(f"{program} is not there: the release in {self.path} is not whole.")
        env = {**self.environ, **(environ or {})}
        return _command.run([program, *arguments], env=env, cwd=self.cwd, account=self.account, timeout=timeout, expendable=expendable)


def staged(path: str, name: str, layout: _layout.Layout, account: _command.Account, slot: _slots.Slot | None = None) -> Application:
    """A release as it would be started, with the env file that was staged with it, and in a slot with what it has there instead."""
    env_file = _layout.env_file(path)
    variables = _env_file.load(env_file, account) if os.path.exists(env_file) else {}
    content = _rel.of_directory(path)
    if slot:
        variables = {**variables, **_slots.variables(layout, name, variables, slot)}
    return Application(path, name, content, environment(content, variables, layout, account), account, layout.tmp, slot.name if slot else None)


def running(process: _processes.Process) -> Application:
    """A release as it runs: with its own cookie, name and directory, whatever lies on the disk by now."""
    environ = {key: value for key, value in process.environ.items() if key not in OF_THE_PROCESS}
    # What it is made of is asked of a release that is to be started: no file is read for one that runs
    return Application(process.root, process.name, _rel.Content(), environ, _command.owner(process.uid), "/")


def environment(content: _rel.Content, variables: t.Mapping[str, str], layout: _layout.Layout, account: _command.Account) -> dict[str, str]:
    """What bin/NAME gets: nothing of the caller's, RELEASE_* least of all, and what is written stays out of the release's directory."""
    defaults = {"RELEASE_TMP": layout.tmp, "ERL_CRASH_DUMP": os.path.join(layout.tmp, "erl_crash.dump")}
    if content.is_phoenix:  # without it a daemon is up and serves nothing
        defaults["PHX_SERVER"] = "true"
    return {**_env_file.base(account), **defaults, **variables}


def account_of(release: _releases.Release, layout: _layout.Layout, user: str | None = None) -> _command.Account:
    """The user that runs a release: unless told otherwise the one that it was staged for. An old record names none."""
    user = user or release.user
    if user:
        return _command.account(user)
    running_now = _processes.scan().of_release(release.path)
    if running_now:
        return _command.owner(running_now[0].uid)
    if os.geteuid() == 0 and os.path.exists(layout.tmp):
        return _command.owner(os.stat(layout.tmp).st_uid)
    return _command.account(None)


def epmd_port(layout: _layout.Layout) -> int:
    """Where the current release looks for epmd, as far as that can be told."""
    with contextlib.suppress(OSError, ReleaseError):
        release = _releases.current(layout)
        if release:
            return _node.epmd_port(staged(release.path, release.name, layout, account_of(release, layout)).environ)
    return _node.EPMD_PORT


def dry_run(application: Application) -> str:
    """The command line that `start` would run."""
    result = application.call("start", environ={"ELIXIR_CLI_DRY_RUN": "1"})
    if result.rc != 0:
        raise ReleaseError(f"{application.path}/bin/{application.name} cannot be run (exit code {result.rc}): {result.stderr.strip()}")
    return result.stdout


def status(application: Application, timeout: float) -> dict[str, str] | str:
    """What the running node itself says: its boot status, OS pid and version. A text says why it did not answer."""
    result = application.call("rpc", STATUS, timeout=timeout)
    if result.timed_out:
        return f"bin/{application.name} rpc did not answer within {timeout:g} s"
    match = re.search(r'\{\{:(?P<status>\w+), .+\}, "(?P<pid>\d+)", "(?P<version>[^"]*)"\}', result.stdout)
    if result.rc != 0 or not match:
        return f"bin/{application.name} rpc failed (exit code {result.rc}): {(result.stderr or result.stdout).strip()[:500]}"
    return match.groupdict()


def is_distributed(process: _processes.Process) -> bool:
    """Whether bin/NAME can reach it: it knows the node by RELEASE_NODE only, and erl may have taken another name."""
    if process.node is None or process.environ.get("RELEASE_DISTRIBUTION") == "none":
        return False
    return _node.short(process.environ.get("RELEASE_NODE") or process.node) == _node.short(process.node)
