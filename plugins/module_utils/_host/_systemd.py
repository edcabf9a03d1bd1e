# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""systemd, where it is PID 1: asked and told by its own program, since all that it speaks otherwise is D-Bus."""

from __future__ import annotations

import os
import time
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _cgroup, _command

# Here only where systemd is PID 1
RUNTIME = "/run/systemd/system"
SECONDS = 30
ENV = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "SYSTEMD_COLORS": "0", "SYSTEMD_PAGER": ""}
# Between two starts: it has no process then, and would have one again
RESTARTING = "auto-restart"
# How long one may take to come to rest, once its main process is gone. Nobody is served meanwhile
RESTS_WITHIN = 2.0
LOOKS_EVERY = 0.1


class Unit(t.NamedTuple):
    """What systemd says of one of its services. One that it does not know is `inactive`, and has no file."""

    name: str
    state: str  # active, inactive, failed, activating, ...
    sub: str  # running, dead, auto-restart, ...
    pid: int  # 0 where none runs
    restarts: int  # since somebody started it last
    result: str  # how it ended: success, exit-code, signal, oom-kill, ...
    file: str  # empty where there is none
    enabled: bool  # whether it starts with the host
    invocation: str  # which of its starts this is; empty where it has not been started
    job: int  # what systemd is just doing to it: a stop, a start, a restart; 0 for nothing

    @property
    def is_restarting(self) -> bool:
        return self.sub == RESTARTING

    @property
    def is_up(self) -> bool:
        return self.pid != 0 and self.state in ("activating", "active")

    @property
    def is_at_rest(self) -> bool:
        return not self.job and self.state != "deactivating"


ASKED = ("ActiveState", "SubState", "MainPID", "NRestarts", "Result", "FragmentPath", "UnitFileState", "InvocationID", "Job")


def is_pid_1() -> bool:
    return os.path.isdir(RUNTIME)


def may_be_told() -> bool:
    """Whether this may start and stop services here."""
    return is_pid_1() and os.geteuid() == 0


def show(name: str) -> Unit:
    result = systemctl("show", f"--property={','.join(ASKED)}", "--", name)
    return parsed(name, result.stdout)


def at_rest(name: str) -> Unit:
    """Whose main process has died. In the middle of a restart it would pass for one that only ends."""
    deadline = time.monotonic() + RESTS_WITHIN
    unit = show(name)
    while not unit.is_at_rest and time.monotonic() < deadline:
        time.sleep(LOOKS_EVERY)
        unit = show(name)
    return unit


def parsed(name: str, text: str) -> Unit:
    told = dict(line.partition("=")[::2] for line in text.splitlines())
    state, sub, pid, restarts, result, file, enabled, invocation, job = (told.get(key, "") for key in ASKED)
    return Unit(name, state or "inactive", sub or "dead", _number(pid), _number(restarts), result, file, enabled == "enabled", invocation, _number(job))


def of_process(pid: int) -> Unit | None:
    """The service whose main process it is. A daemon that was started from a login, or by cron, is in a service too, and is not what that is about."""
    name = _cgroup.unit(pid)
    unit = show(name) if name and is_pid_1() else None
    return unit if unit and unit.pid == pid else None


def failed() -> list[str]:
    """What `systemctl --failed` lists."""
    listed = systemctl("list-units", "--state=failed", "--plain", "--no-legend", "--full", "--no-pager").stdout
    return [line.split()[0] for line in listed.splitlines() if line.strip()]


def has_changed_on_disk(name: str) -> bool:
    """Whether systemd knows an older text of it than there is."""
    return systemctl("show", "--property=NeedDaemonReload", "--value", "--", name).stdout.strip() == "yes"


def ask_to_stop(name: str) -> None:
    """Does not wait. Until it is started again, systemd starts it no more."""
    tell("stop", "--no-block", "--", name)


def tell(*arguments: str) -> None:
    result = systemctl(*arguments)
    if result.rc != 0:
        what = (result.stderr or result.stdout).strip() or f"exit code {result.rc}"
        raise ReleaseError(f"systemctl {' '.join(argument for argument in arguments if argument != '--')} failed: {what}")


def systemctl(*arguments: str) -> _command.Result:
    return run("systemctl", "--no-ask-password", *arguments)


def run(program: str, *arguments: str) -> _command.Result:
    return _command.run([program, *arguments], env=ENV, cwd="/", account=_command.account(None), timeout=SECONDS)


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0
