# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _command, _processes
from ansible_collections.beamops.elixir.plugins.module_utils._root import _env_file, _layout
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _bin_app
from ansible_collections.beamops.elixir.plugins.module_utils._tarball import _rel


@pytest.fixture
def application(layout, staged, account):
    """The application of a release that is staged with this env file and these scripts."""

    def make(env="", scripts=()):
        release = staged(env=env)
        for name in scripts:
            with open(_layout.script(release.path, name), "w", encoding="utf-8"):
                pass
        return _bin_app.staged(release.path, release.name, layout, account)

    return make


@pytest.fixture
def answering(place, account):
    """An application whose bin/guestbook answers what was recorded."""

    def make(stdout="", stderr="", rc=0):
        (place / "bin").mkdir()
        for name, text in (("stdout", stdout), ("stderr", stderr)):
            (place / name).write_text(text)
        program = place / "bin" / "guestbook"
        program.write_text(f'#!/bin/sh\ncat "{place}/stdout"\ncat "{place}/stderr" >&2\nprintf "%s\\n" "$*" >"{place}/arguments"\nexit {rc}\n')
        program.chmod(0o755)
        return _bin_app.Application(str(place), "guestbook", _rel.Content(), _env_file.base(account), account, str(place))

    return make


def process(root="/opt/app", **fields):
    return _processes.Process(
        **{
            "pid": 1,
            "started": 1,
            "seconds": 1.0,
            "uid": os.geteuid(),
            "root": root,
            "name": "guestbook",
            "version": "0.1.0",
            "node": "guestbook",
            "heart": False,
            "environ": {},
            **fields,
        }
    )


@pytest.mark.parametrize(
    "env, scripts, expected",
    [
        pytest.param("", [], {}, id="a bare release"),
        pytest.param("", ["server"], {"PHX_SERVER": "true"}, id="Phoenix"),
        pytest.param("PHX_SERVER=false\n", ["server"], {"PHX_SERVER": "false"}, id="the env file has the last word"),
        pytest.param("RELEASE_TMP=/var/tmp/x\nPATH=/opt/bin\n", [], {"RELEASE_TMP": "/var/tmp/x", "PATH": "/opt/bin"}, id="on everything"),
    ],
)
def test_the_environment_that_a_release_is_started_with(application, layout, account, monkeypatch, env, scripts, expected):
    monkeypatch.setenv("RELEASE_COOKIE", "callers")
    defaults = {"RELEASE_TMP": layout.tmp, "ERL_CRASH_DUMP": f"{layout.tmp}/erl_crash.dump"}
    made = application(env, scripts)
    assert made.environ == {**_env_file.base(account), **defaults, **expected}
    assert made.cwd == layout.tmp


def test_a_release_without_an_env_file(layout, staged, account):
    release = staged()
    os.unlink(_layout.env_file(release.path))
    assert "RELEASE_COOKIE" not in _bin_app.staged(release.path, release.name, layout, account).environ


@pytest.mark.parametrize(
    "env, scripts, port, is_phoenix",
    [
        ("", [], None, False),
        ("", ["server"], 4000, True),
        ("PORT=8080\n", [], 8080, False),
        ("PORT=8080\n", ["server"], 8080, True),
        ("PORT=abc\n", [], None, False),
    ],
)
def test_port(application, env, scripts, port, is_phoenix):
    made = application(env, scripts)
    assert (made.port, made.is_phoenix) == (port, is_phoenix)


def test_phoenix_that_was_made_without_its_scripts(staged, layout, account):
    """A release that was made without `mix phx.gen.release` has no bin/server."""
    release = staged()
    os.makedirs(f"{release.path}/releases/{release.version}")
    with open(f"{release.path}/releases/{release.version}/guestbook.rel", "w", encoding="utf-8") as file:
        file.write('{release,{"guestbook","0.1.0"},{erts,"13.1.5"},[{phoenix,"1.7.14",permanent}]}.')
    application = _bin_app.staged(release.path, release.name, layout, account)
    assert (application.is_phoenix, application.port, application.environ["PHX_SERVER"]) == (True, 4000, "true")


def test_call(application, layout):
    result = application("A=1\n").call("eval", 'echo "$A $B"; pwd -P', environ={"B": "2"})
    assert (result.rc, result.stdout) == (0, f"1 2\n{layout.tmp}\n")


def test_a_release_whose_program_is_gone(application):
    made = application()
    os.unlink(_layout.script(made.path, "guestbook"))
    with pytest.raises(ReleaseError, match=f"{made.path}/bin/guestbook is not there: the release in {made.path} is not whole"):
        made.call("eval", ":")


@pytest.mark.parametrize("distribution", ["sname", "name", "none"])
def test_dry_run(answering, place, recorded, distribution):
    assert _bin_app.dry_run(answering(recorded["dry_run"][distribution])) == recorded["dry_run"][distribution]
    assert (place / "arguments").read_text() == "start\n"


def test_dry_run_of_a_release_that_cannot_run_here(answering, place):
    broken = answering(stderr="erlexec: error while loading shared libraries: libtinfo.so.6\n", rc=127)
    with pytest.raises(ReleaseError, match=rf"{place}/bin/guestbook cannot be run \(exit code 127\): erlexec: error .* libtinfo.so.6$"):
        _bin_app.dry_run(broken)


def test_dry_run_does_not_start_it(application):
    made = application("RELEASE_NODE=blue\n")
    assert " -sname blue " in _bin_app.dry_run(made)
    assert _processes.scan().of_release(made.path) == []


@pytest.mark.parametrize("situation, status", [("started", "started"), ("stopping", "stopping")])
def test_status(answering, place, recorded, situation, status):
    answer = _bin_app.status(answering(**recorded["rpc"][situation]), timeout=5)
    assert answer == {"status": status, "pid": answer["pid"], "version": "0.1.0"}
    assert int(answer["pid"]) > 0
    assert (place / "arguments").read_text().startswith("rpc IO.puts(inspect({:init.get_status(), System.pid()")


def test_status_among_what_else_is_printed(answering):
    printed = 'warning: something\n{{:starting, {:some, "tuple"}}, "42", ""}\n'
    assert _bin_app.status(answering(printed), timeout=5) == {"status": "starting", "pid": "42", "version": ""}


def test_status_of_a_node_that_does_not_answer(answering, recorded):
    answer = _bin_app.status(answering(**recorded["rpc"]["down"]), timeout=5)
    assert answer.startswith("bin/guestbook rpc failed (exit code 1): --rpc-eval : RPC failed with reason :no")


def test_status_is_none_where_rpc_failed_whatever_it_printed(answering, recorded):
    answer = _bin_app.status(answering(recorded["rpc"]["started"]["stdout"], rc=1), timeout=5)
    assert answer.startswith("bin/guestbook rpc failed (exit code 1)")


@pytest.mark.parametrize("stdout, words", [("nonsense", "nonsense"), ("", "(exit code 0): "), ("x" * 9999, "x" * 500)])
def test_status_that_is_none(answering, stdout, words):
    answer = _bin_app.status(answering(stdout), timeout=5)
    assert words in answer and len(answer) < 600


def test_status_of_a_node_that_hangs(place, account, monkeypatch):
    monkeypatch.setattr(_command, "GRACE_SECONDS", 0.1)
    (place / "bin").mkdir()
    (place / "bin" / "guestbook").write_text("#!/bin/sh\nsleep 30\n")
    (place / "bin" / "guestbook").chmod(0o755)
    hanging = _bin_app.Application(str(place), "guestbook", _rel.Content(), _env_file.base(account), account, str(place))
    assert _bin_app.status(hanging, timeout=0.1) == "bin/guestbook rpc did not answer within 0.1 s"


def test_a_running_release_is_called_with_what_it_has_itself(recorded, account):
    beam = next(beam for beam in recorded["running"].values() if "--no-halt" in beam["cmdline"] and beam["environ"])
    environ = dict(variable.split("=", 1) for variable in beam["environ"])
    made = _bin_app.running(process(root="/opt/guestbook/releases/0.1.0-1a2b3c4d", environ=environ))
    assert (made.path, made.name, made.account, made.cwd) == ("/opt/guestbook/releases/0.1.0-1a2b3c4d", "guestbook", account, "/")
    kept = ("RELEASE_COOKIE", "RELEASE_NODE", "RELEASE_VSN", "RELEASE_TMP", "RELEASE_DISTRIBUTION", "PATH", "HOME")
    assert {key: made.environ[key] for key in kept} == {key: environ[key] for key in kept}
    assert not {"RELEASE_COMMAND", "ROOTDIR", "BINDIR", "EMU", "PROGNAME", "PWD"} & set(made.environ)


def test_a_running_release_of_a_user_without_a_name():
    with pytest.raises(ReleaseError, match="The uid 54321 has no name on this host"):
        _bin_app.running(process(uid=54321))


@pytest.mark.parametrize(
    "fields, expected",
    [
        ({}, True),
        ({"environ": {"RELEASE_DISTRIBUTION": "sname"}}, True),
        ({"node": None}, False),
        ({"node": None, "environ": {"RELEASE_DISTRIBUTION": "none"}}, False),
        # A -sname in vm.args: the node has a name, but bin/NAME does not use it
        ({"environ": {"RELEASE_DISTRIBUTION": "none"}}, False),
        ({"environ": {"RELEASE_NODE": "guestbook@web1"}}, True),
        # Another -sname in ERL_AFLAGS: bin/NAME would ask for a node that is not there
        ({"node": "other", "environ": {"RELEASE_NODE": "guestbook"}}, False),
    ],
)
def test_is_distributed(fields, expected):
    assert _bin_app.is_distributed(process(**fields)) == expected


def test_the_account_is_that_of_the_record_then_of_the_process_then_of_the_directory(staged, layout, account):
    release = staged(user="root" if os.geteuid() == 0 else account.name)
    assert _bin_app.account_of(release, layout).name == release.user
    with pytest.raises(ReleaseError, match="There is no user 'no-such-user' on this host"):
        _bin_app.account_of(release._replace(user="no-such-user"), layout)
    assert _bin_app.account_of(release._replace(user="no-such-user"), layout, account.name) == account
    assert _bin_app.account_of(release._replace(user=None), layout) == account


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to another user")
def test_of_an_old_record_root_takes_the_owner_of_the_directory_that_is_written_to(staged, layout):
    release = staged()
    nobody = _command.account("nobody")
    os.chown(layout.tmp, nobody.uid, -1)
    assert _bin_app.account_of(release, layout) == nobody


def test_epmd_is_asked_where_the_current_release_looks_for_it(staged, layout):
    assert _bin_app.epmd_port(layout) == 4369
    os.symlink(staged(env="ERL_EPMD_PORT=5555\n").path, layout.current)
    assert _bin_app.epmd_port(layout) == 5555
