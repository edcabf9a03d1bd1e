# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import pwd
import signal
import stat
import time

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _command, _processes

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
not_as_root = pytest.mark.skipif(os.geteuid() == 0, reason="root may do it")

PATH = {"PATH": "/usr/bin:/bin"}


@pytest.fixture
def sh(place, account):
    def run(script, env=None, timeout=5, user=account):
        return _command.run(["/bin/sh", "-c", script], env={**PATH, **(env or {})}, cwd=str(place), account=user, timeout=timeout)

    return run


def test_what_it_answers(sh):
    assert sh("echo out; echo err >&2; exit 3") == _command.Result(rc=3, stdout="out\n", stderr="err\n", timed_out=False)


def test_the_environment_is_what_was_given_and_nothing_else(sh, monkeypatch):
    monkeypatch.setenv("RELEASE_COOKIE", "of-the-caller")
    environ = dict(line.split("=", 1) for line in sh("/usr/bin/env", env={"A": "1"}).stdout.splitlines())
    assert {key for key in environ if key not in ("PWD", "OLDPWD", "SHLVL", "_")} == {"A", "PATH"}


def test_the_current_directory(sh, place):
    assert sh("pwd -P").stdout == f"{place}\n"


def test_what_it_writes_is_for_its_user_and_group_alone(sh, place):
    mask = os.umask(0)
    try:
        sh("echo log >file")
    finally:
        os.umask(mask)
    assert stat.S_IMODE((place / "file").stat().st_mode) == 0o640


def test_there_is_no_input_to_wait_for(sh):
    assert sh("read -r line || echo end").stdout == "end\n"


def test_output_that_is_not_utf_8_is_no_error(sh):
    assert sh(r"printf 'caf\351'").stdout == "caf\ufffd"


def test_a_process_in_the_background_is_left_alone(sh, place, eventually):
    sh("sleep 5 </dev/null >/dev/null 2>&1 & echo $! >pid")
    pid = int((place / "pid").read_text())
    assert _processes.alive(pid)
    os.kill(pid, signal.SIGKILL)


def test_a_process_that_is_left_is_of_a_session_of_its_own(place, eventually):
    _command.leave(["/bin/sh", "-c", "echo said; echo $$ >pid; read -r line; echo end $A >end; sleep 5"], env={**PATH, "A": "1"}, cwd=str(place))
    assert eventually(lambda: (place / "end").exists() and (place / "end").read_text() == "end 1\n")
    pid = int((place / "pid").read_text())
    assert os.getsid(pid) == pid != os.getsid(0)
    assert [os.readlink(f"/proc/{pid}/fd/{number}") for number in range(3)] == ["/dev/null"] * 3
    os.killpg(pid, signal.SIGKILL)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("sleep 30 & echo $! >pid; wait", id="a child"),
        pytest.param("sh -c 'trap : TERM; echo $$ >pid; while :; do sleep 0.1; done' & wait", id="a child that ignores the signal"),
        pytest.param("sh -c 'trap : TERM; echo $$ >pid; while :; do sleep 0.1; done' >/dev/null 2>&1 & wait", id="one that holds no output open, too"),
        pytest.param("trap : TERM; echo $$ >pid; while :; do sleep 0.1; done", id="itself ignores it"),
    ],
)
def test_the_time_limit_ends_all_that_it_started(sh, place, eventually, monkeypatch, script):
    monkeypatch.setattr(_command, "GRACE_SECONDS", 0.1)
    began = time.monotonic()
    result = sh(f"echo before; {script}", timeout=0.2)
    assert result.timed_out and result.rc != 0
    assert result.stdout == "before\n"
    assert time.monotonic() - began < 1
    pid = int((place / "pid").read_text())
    assert eventually(lambda: not _processes.alive(pid))


def test_a_beam_may_end_by_itself_when_its_time_is_over(sh):
    result = sh("trap 'echo cleaned; exit 1' TERM; sleep 30 & wait", timeout=0.1)
    assert (result.timed_out, result.rc, result.stdout) == (True, 1, "cleaned\n")


@pytest.mark.parametrize(
    "name, mode, words",
    [("missing", None, ["No such file"]), ("not-executable", 0o644, ["Permission denied"]), ("garbage", 0o755, ["Exec format error"])],
)
def test_what_cannot_be_run(place, account, name, mode, words):
    program = place / name
    if mode:
        program.write_bytes(b"\0garbage")
        program.chmod(mode)
    with pytest.raises(ReleaseError) as error:
        _command.run([str(program)], env=PATH, cwd=str(place), account=account, timeout=5)
    for word in [str(program), account.name, *words]:
        assert word in str(error.value)


def test_a_directory_that_is_not_there(place, account):
    with pytest.raises(ReleaseError, match=f"in {place}/nowhere as {account.name}: No such file"):
        _command.run(["/bin/true"], env=PATH, cwd=f"{place}/nowhere", account=account, timeout=5)


def test_account_is_by_default_who_runs_the_module():
    entry = pwd.getpwuid(os.geteuid())
    assert _command.account(None) == (entry.pw_name, entry.pw_uid, entry.pw_gid, entry.pw_dir) == _command.account(entry.pw_name)


def test_account_that_is_not_there():
    with pytest.raises(ReleaseError, match="no user 'no-such-user' on this host: create it"):
        _command.account("no-such-user")


@not_as_root
def test_only_root_can_run_as_another_user():
    with pytest.raises(ReleaseError, match="Only root can run a release as 'root'.*become"):
        _command.account("root")


@as_root
def test_another_user_with_none_of_roots_rights(sh):
    nobody, groups = _command.account("nobody"), os.getgroups()
    os.setgroups([0, 4])
    try:
        result = sh("id -u; id -g; id -G; cat /etc/shadow", user=nobody)
    finally:
        os.setgroups(groups)
    assert result.stdout.split() == [str(number) for number in (nobody.uid, nobody.gid, *os.getgrouplist("nobody", nobody.gid))]
    assert "Permission denied" in result.stderr
