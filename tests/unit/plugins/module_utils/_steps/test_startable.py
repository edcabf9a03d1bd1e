# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import pathlib
import socket

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _processes
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _bin_app, _startable

REL = """{{release,{{"guestbook","0.1.0"}},
         {{erts,"13.1.5"}},
         [{{kernel,"8.5.3",permanent}},
          {{{application},"4.21",permanent}}]}}.
"""


@pytest.fixture
def start(staged, layout, account):
    """A start of a release with this env file, beside what runs."""

    def make(env="", replaces=(), port=None, force=False, application="crypto", boot=True):
        release = staged(env=env)
        directory = pathlib.Path(release.path, "releases", "0.1.0")
        directory.mkdir()
        (directory / "guestbook.rel").write_text(REL.format(application=application))
        if boot:
            (directory / "start.boot").touch()
        made = _bin_app.staged(release.path, release.name, layout, account)
        return _startable.Start(made, _bin_app.dry_run(made), list(replaces), port, force)

    return make


@pytest.fixture
def listener():
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        made.listen(1)
        yield made.getsockname()[1]


def running(pid=os.getpid(), node="guestbook"):
    return _processes.Process(pid, 1, 1.0, os.geteuid(), "/opt/guestbook", "guestbook", "0.1.0", node, False, {})


def test_nothing_speaks_against_it(start):
    made = start()
    assert _startable.problems(made) == []
    _startable.refuse(made)


def test_all_that_speaks_against_it_is_told_at_once(start, listener):
    made = start(f"RELEASE_NODE=a@b.c\nPORT={listener}\n", boot=False)
    with pytest.raises(ReleaseError, match=rf"'-sname a@b.c' \(RELEASE_NODE\) is not valid.*start.boot, which is not there.*Port {listener}"):
        _startable.refuse(made)


def test_a_port_that_a_stranger_holds(start, listener):
    (problem,) = _startable.problems(start(f"PORT={listener}\n"))
    assert problem.startswith(f"Port {listener}, where the release would listen, is held by pid {os.getpid()} (")
    assert "'port' (elixir_release_port of the role)" in problem and "'force' (elixir_release_force of the role)" in problem


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"replaces": [running()]}, id="by what is replaced"),
        pytest.param({"force": True}, id="by force"),
        pytest.param({"port": 1}, id="and it listens elsewhere"),
        pytest.param({"port": 0}, id="and it listens nowhere"),
    ],
)
def test_a_port_that_is_held_and_does_not_matter(start, listener, options):
    assert _startable.problems(start(f"PORT={listener}\n", **options)) == []


def test_the_port_that_the_user_names_is_looked_at(start, listener):
    assert f"Port {listener}" in str(_startable.problems(start("PORT=1\n", port=listener)))


@pytest.mark.parametrize(
    "env, words",
    [
        ("RELEASE_NODE=a@b.c\n", "no dot, and this one's is b.c. Set another RELEASE_NODE in the env file, or RELEASE_DISTRIBUTION=name for a long one."),
        ("RELEASE_DISTRIBUTION=name\nRELEASE_NODE=foo@bar\n", "'-name foo@bar' (RELEASE_NODE) is not valid: a long name's host has a dot"),
        ("ERL_AFLAGS='-sname other'\n", "ERL_AFLAGS gives erl '-sname other', and RELEASE_NODE '-sname guestbook'. erl takes '-sname other'"),
        ("ERL_AFLAGS='-sname other'\n", "set RELEASE_NODE=other and RELEASE_DISTRIBUTION=sname in the env file"),
        ("ERL_AFLAGS='-sname guestbook'\n", "neither rpc nor stop would reach the node"),  # their own node would have its name
        ("ERL_AFLAGS='-name long@x.y'\n", "take that option out of ERL_AFLAGS"),
        ("RELEASE_DISTRIBUTION=name\nRELEASE_NODE=a@10.0.0.1\nERL_FLAGS='-sname fl'\n", "ERL_FLAGS gives erl '-sname fl'"),
        ("ERL_AFLAGS='-sname a!b'\n", "'-sname a!b' (ERL_AFLAGS) is not valid"),
    ],
)
def test_node_names(start, env, words):
    (problem,) = _startable.problems(start(env))
    assert words in problem


@pytest.mark.parametrize(
    "env",
    [
        pytest.param("ERL_FLAGS='-sname fl'\nERL_ZFLAGS='-sname zfl'\n", id="behind RELEASE_NODE, where erl does not take it"),
        pytest.param("RELEASE_DISTRIBUTION=none\n", id="undistributed"),
        pytest.param("RELEASE_DISTRIBUTION=none\nERL_AFLAGS='-sname other'\n", id="bin/NAME does not look for it"),
    ],
)
def test_names_that_do_no_harm(start, env):
    assert _startable.problems(start(env)) == []


@pytest.mark.parametrize(
    "boot, script, words",
    [
        ("start_clean", None, "boot from start_clean, which starts no application. Take RELEASE_BOOT_SCRIPT out"),
        ("nope", None, "nope.boot, which is not there; there are: bare, start, start_clean"),
        ("bare", "{apply,{application,start_boot,[kernel,permanent]}},\n{apply,{application,start_boot,[stdlib,permanent]}}", "bare.boot, which starts no app"),
        ("start", "{apply,{application,start_boot,[kernel,permanent]}},\n{apply,{application,start_boot,[guestbook,permanent]}}", None),
        ("start", None, None),
    ],
)
def test_boot_scripts(place, boot, script, words):
    for name in ("start", "start_clean", "bare"):
        (place / f"{name}.boot").touch()
    if script:
        (place / f"{boot}.script").write_text(script)
    problem = _startable.boot_script(f"/x/erl -boot {place}/{boot} -extra --no-halt")
    assert problem is None if words is None else words in problem


def test_a_boot_script_of_a_release_that_is_only_planned(place):
    assert _startable.boot_script(f"/x/erl -boot {place}/not/there/start") is None
    assert "starts no application" in _startable.boot_script(f"/x/erl -boot {place}/not/there/start_clean")


@pytest.mark.parametrize(
    "application, node, force, is_refused",
    [
        ("mnesia", "guestbook", False, False),
        ("mnesia", f"guestbook@{socket.gethostname().partition('.')[0]}", False, False),
        ("mnesia", "blue", False, True),
        ("mnesia", None, False, True),
        ("mnesia", "blue", True, False),
        ("crypto", "blue", False, False),
    ],
)
def test_mnesia_under_another_node_name(start, application, node, force, is_refused):
    problems = _startable.problems(start(application=application, replaces=[running(node=node)], force=force))
    assert bool(problems) == is_refused
    if is_refused:
        assert f"{node or 'no name'} runs (pid {os.getpid()}), guestbook would be started, with an empty database" in problems[0]
