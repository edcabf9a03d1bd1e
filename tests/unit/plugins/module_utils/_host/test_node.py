# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._host import _node

DRY_RUN = "/opt/a/erts-13/bin/erl {options} -noshell -setcookie {cookie} {node} -config /opt/a/sys -boot /opt/a/start -args_file {vm_args} -extra --no-halt"


@pytest.fixture
def given(tmp_path):
    """What erl is given by RELEASE_NODE, vm.args and the environment."""

    def find(node="-sname guestbook", vm_args="", cookie="C", **environ):
        (tmp_path / "vm.args").write_text(vm_args)
        command = DRY_RUN.format(options=environ.get("ELIXIR_ERL_OPTIONS", ""), cookie=cookie, node=node, vm_args=tmp_path / "vm.args")
        return _node.given(command, environ)

    return find


# As erl did, with OTP 25
@pytest.mark.parametrize(
    "settings, taken",
    [
        ({}, "-sname guestbook"),
        ({"node": "-name guestbook@10.0.0.1"}, "-name guestbook@10.0.0.1"),
        ({"node": ""}, None),
        ({"cookie": ""}, "-sname guestbook"),
        ({"ERL_AFLAGS": "-sname afl"}, "-sname afl"),
        ({"ELIXIR_ERL_OPTIONS": "-sname green"}, "-sname green"),
        ({"ELIXIR_ERL_OPTIONS": "-sname green", "ERL_AFLAGS": "-sname afl"}, "-sname afl"),
        ({"ERL_FLAGS": "-sname fl"}, "-sname guestbook"),
        ({"ERL_ZFLAGS": "-sname zfl"}, "-sname guestbook"),
        ({"vm_args": "-sname vmargs"}, "-sname guestbook"),
        ({"node": "", "vm_args": "## Name\n-sname vmargs # ours"}, "-sname vmargs"),
        ({"node": "", "vm_args": "# -sname vmargs", "ERL_FLAGS": "-sname fl"}, "-sname fl"),
        ({"node": "", "vm_args": "+K 'true\n-sname vmargs"}, "-sname vmargs"),
        ({"node": "-name foo@127.0.0.1", "vm_args": "-sname vmargs"}, "-sname vmargs"),
        ({"node": "-name foo@127.0.0.1", "ERL_FLAGS": "-sname fl"}, "-sname fl"),
        ({"ERL_AFLAGS": "-name long@x.y"}, "-sname guestbook"),
        ({"node": "-sname we ird"}, "-sname we ird"),
        ({"ERL_AFLAGS": "+K true -extra -sname afl"}, "-sname guestbook"),
    ],
)
def test_which_name_erl_takes(given, settings, taken):
    node = _node.taken(given(**settings))
    assert (node.option if node else None) == taken


@pytest.mark.parametrize(
    "settings, addressed",
    [({}, "guestbook"), ({"ELIXIR_ERL_OPTIONS": "-sname green"}, "guestbook"), ({"node": "", "ELIXIR_ERL_OPTIONS": "-sname green"}, None)],
)
def test_which_name_bin_name_asks_for(given, settings, addressed):
    node = _node.addressed(given(**settings))
    assert (node.name if node else None) == addressed


@pytest.mark.parametrize("distribution, node", [("sname", "guestbook"), ("name", "guestbook@127.0.0.1"), ("none", None)])
def test_what_real_releases_print(recorded, distribution, node):
    given = _node.given(recorded["dry_run"][distribution], {})
    assert [(one.by, one.node.name) for one in given] == ([("RELEASE_NODE", node)] if node else [])


# The command lines of BEAMs of Elixir 1.14, OTP 25
@pytest.mark.parametrize(
    "cmdline, node",
    [
        ("beam.smp -- -root /opt/m -- -home /root -- -sname afl -- -noshell -setcookie C -sname guestbook -boot /x/start -- -extra --no-halt", "afl"),
        ("beam.smp -- -root /opt/m -- -home /root -- -noshell -setcookie C -sname guestbook -boot /x/start -sname vmargs -- -- -extra --no-halt", "guestbook"),
        ("beam.smp -- -root /opt/m -- -home /root -- -noshell -setcookie C -sname guestbook -boot /x/start -- -sname fl -- -extra --no-halt", "guestbook"),
        ("beam.debug.smp -K true -- -root /opt/m -- -noshell -sname guestbook -- -emu_type debug -- -extra -sname no", "guestbook"),
        ("beam.smp -- -root /opt/m -- -noshell -boot /x/start -- -extra -sname no", None),
    ],
)
def test_the_name_of_a_process(cmdline, node):
    found = _node.of_process(cmdline.split())
    assert (found.name if found else None) == node


@pytest.mark.parametrize(
    "name, is_long, words",
    [
        ("guestbook", False, None),
        ("guest_book-2@web1", False, None),
        ("guestbook@10.0.0.1", True, None),
        ("guestbook@::1", True, None),
        ("guestbook", True, None),  # the host may have a domain
        ("a@b.c", False, "a short name's host has no dot, and this one's is b.c"),
        ("foo@bar", True, "a long name's host has a dot, and this one's is bar"),
        ("a!b", False, "before its @ is 'a!b'"),
        ("a.b", False, "before its @ is 'a.b'"),
        ("\u00e4", False, "before its @"),
        ("we ird", False, "before its @"),
        ("", False, "before its @ is ''"),
        ("a\n", False, "before its @"),
        ("a@b@c", False, "behind its @ is 'b@c'"),
        ("a@", False, "behind its @ is ''"),
    ],
)
def test_names_that_erl_refuses(name, is_long, words):
    complaint = _node.complaint(_node.Node(name, is_long))
    assert complaint is None if words is None else words in complaint


@pytest.mark.parametrize(
    "one, other, expected",
    [
        ("a", "a", True),
        ("a", "a@web1", True),
        ("a", "a@web2", False),
        ("a", "b", False),
        ("a", "a@web1.example.com", False),
        ("a", None, False),
        (None, None, True),
    ],
)
def test_same(one, other, expected):
    assert _node.same(one, other, "web1.example.com") == _node.same(other, one, "web1.example.com") == expected


@pytest.mark.parametrize(
    "environ, arguments, port",
    [({}, [], 4369), ({"ERL_EPMD_PORT": "5555"}, [], 5555), ({}, ["-home", "/", "-epmd_port", "5556"], 5556), ({"ERL_EPMD_PORT": "x"}, [], 4369)],
)
def test_epmd_port(environ, arguments, port):
    assert _node.epmd_port(environ, arguments) == port


@pytest.mark.parametrize(
    ("dry_run", "environ", "starts", "heart"),
    [
        ("-sname a -extra x", {}, True, False),
        ("-sname a -start_epmd false -extra x", {}, False, False),
        ("-sname a -extra -start_epmd false -heart", {}, True, False),
        ("-sname a", {"ERL_AFLAGS": "-start_epmd false"}, False, False),
        ("-sname a", {"ERL_ZFLAGS": "-heart"}, True, True),
        ("-sname a -heart", {}, True, True),
    ],
)
def test_epmd_and_heart(dry_run, environ, starts, heart):
    assert _node.starts_epmd(dry_run, environ) is starts
    assert _node.has_heart(dry_run, environ) is heart


def test_heart_in_vm_args(tmp_path):
    path = tmp_path / "vm.args"
    path.write_text("## comment -heart\n-heart\n+K true\n", encoding="utf-8")
    assert _node.has_heart(f"-sname a -args_file {path} -extra", {})
