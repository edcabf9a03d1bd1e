# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a command as another user, in an environment of its own, within a time limit.

AnsibleModule.run_command can do none of the three: it hands down the caller's environment and has no limit.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import signal
import subprocess
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError

# What a daemon writes (logs, pipes, a crash dump) is for its user and group alone
UMASK = 0o027
# A BEAM asked by SIGTERM needs a moment; after that it is killed
GRACE_SECONDS = 5
OOM_SCORE = "/proc/self/oom_score_adj"
FIRST_TO_BE_KILLED = "1000"


class Account(t.NamedTuple):
    name: str
    uid: int
    gid: int
    home: str


class Result(t.NamedTuple):
    rc: int
    stdout: str
    stderr: str
    timed_out: bool

    @property
    def killed(self) -> bool:
        """By SIGKILL, which it was not sent from here. A shell tells of the death of its child by a number."""
        return not self.timed_out and self.rc in (-signal.SIGKILL, 128 + signal.SIGKILL)


def account(name: str | None) -> Account:
    """The user of that name, by default the one who runs the module."""
    try:
        entry = pwd.getpwnam(name) if name else pwd.getpwuid(os.geteuid())
    except KeyError:
        raise ReleaseError(f"There is no user {name!r} on this host: create it, or name another one with 'user'.") from None
    if os.geteuid() not in (0, entry.pw_uid):
        raise ReleaseError(
            f"Only root can run a release as {entry.pw_name!r}, and this is {pwd.getpwuid(os.geteuid()).pw_name!r}: use 'become', or leave 'user' out."
        )
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, entry.pw_dir)


def account_to_be(user: str | None, check_mode: bool) -> Account:
    """The user that will run a release. In check mode it may not be there yet: then nobody loads the env file."""
    try:
        return account(user)
    except ReleaseError:
        if check_mode and os.geteuid() == 0:
            return account("nobody")
        raise


def owner(uid: int) -> Account:
    """The user of that uid."""
    try:
        return account(pwd.getpwuid(uid).pw_name)
    except KeyError:
        raise ReleaseError(f"The uid {uid} has no name on this host: give it one in /etc/passwd.") from None


def run(argv: list[str], *, env: dict[str, str], cwd: str, account: Account, timeout: float, expendable: bool = False) -> Result:
    """Run a command to its end. After the time limit its whole process group is ended.

    Of what is expendable, the kernel kills each process before any other where memory is short.
    """

    def become() -> None:
        os.umask(UMASK)
        if expendable:
            _go_first()
        if os.geteuid() == 0:
            os.initgroups(account.name, account.gid)
            os.setgid(account.gid)
            os.setuid(account.uid)

    try:
        # run_command can neither limit the time nor change the user
        process = subprocess.Popen(  # pylint: disable=ansible-bad-function
            argv,
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=become,
            start_new_session=True,
        )
    except OSError as error:
        raise ReleaseError(f"Cannot run {argv[0]} in {cwd} as {account.name}: {error.strerror}.") from error
    try:
        stdout, stderr = process.communicate(timeout=timeout)
        timed_out = False
    except subprocess.TimeoutExpired:
        stdout, stderr = _end(process)
        timed_out = True
    return Result(process.returncode, _text(stdout), _text(stderr), timed_out)


def leave(argv: list[str], *, env: dict[str, str], cwd: str) -> None:
    """Start a process that outlives this one, and the login that this one came by: of a session of its own, and tied to no terminal."""
    subprocess.Popen(  # pylint: disable=ansible-bad-function,consider-using-with
        argv,
        env=env,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _go_first() -> None:
    # Anybody may raise it. Where /proc is read-only, what else is done against a lack of memory has to do
    with contextlib.suppress(OSError), open(OOM_SCORE, "w", encoding="ascii") as file:
        file.write(FIRST_TO_BE_KILLED)


def _end(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """Ask the group to end, then kill who is left of it: a child may have closed its output and ignore the signal."""
    output = b"", b""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            output = process.communicate(timeout=GRACE_SECONDS)
    return output


def _text(output: bytes) -> str:
    # A BEAM without a UTF-8 locale writes Latin-1: what cannot be read is shown as such, never an error
    return output.decode("utf-8", "replace")
