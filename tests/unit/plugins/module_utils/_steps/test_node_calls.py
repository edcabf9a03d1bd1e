# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import socket

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._host import _epmd, _term
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _bin_app, _node_calls, _start


@pytest.fixture
def process(layout, staged, account, node):
    release = staged(env=f"RELEASE_NODE={node}\n")
    return _start.start(layout, release, _bin_app.staged(release.path, release.name, layout, account))


@pytest.fixture
def silent(monkeypatch):
    """Where a node listens that hangs: the kernel takes the connection, and nobody answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setattr(_epmd, "distribution_port", lambda process: listener.getsockname()[1])
        yield


@pytest.fixture
def called(process, make_peer, cookie, monkeypatch):
    """The process, whose node answers so; and that node."""

    def make(*answer):
        peer = make_peer({"eval_string": answer} if answer else {})
        monkeypatch.setattr(_epmd, "distribution_port", lambda process: peer.port)
        return process._replace(environ={**process.environ, "RELEASE_COOKIE": cookie}), peer

    return make


def said(outcome, text):
    return f"elixir_release {outcome} {base64.b64encode(text.encode()).decode()}".encode()


@pytest.mark.parametrize(
    ("answer", "evaluated"),
    [
        ((said("true", "true"), []), (True, True, "true")),
        ((said("value", "true"), []), (True, False, "true")),  # a string that only reads so
        ((said("value", "zwölf"), []), (True, False, "zwölf")),
        ((said("raised", "** (RuntimeError) boom"), []), (False, False, "** (RuntimeError) boom")),
        (("badrpc", "nodedown"), (False, False, "('badrpc', 'nodedown')")),
    ],
)
def test_an_expression_is_evaluated_by_the_node(called, evaluates, answer, evaluated):
    by_program = evaluates()
    process, peer = called(*(one if isinstance(one, bytes) else _term.Atom(one) if one else one for one in answer))
    assert _node_calls.evaluate(process, 'IO.puts("a \'quoted\' thing")', 5) == evaluated
    ((module, function, (code,)),) = peer.asked
    assert (module, function) == ("Elixir.Code", "eval_string")
    assert base64.b64encode(b'IO.puts("a \'quoted\' thing")') in code
    assert by_program() == [], "once"


def test_what_may_have_been_evaluated_is_not_evaluated_once_more(called, evaluates):
    by_program = evaluates()
    process, _peer = called()
    assert _node_calls.evaluate(process, "Oban.pause_all_queues()", 5)[:2] == (False, False)
    assert by_program() == []


def test_where_it_cannot_be_called_its_program_evaluates(process, evaluates):
    asked = evaluates("42")
    assert _node_calls.evaluate(process, "6 * 7", 5) == (True, False, "42")
    assert asked() == ["6 * 7"]
    evaluates("true", "true")
    assert _node_calls.evaluate(process, "1 == 1", 5) == (True, True, "true")


def test_a_node_that_hangs_evaluates_nothing(process, silent):
    assert _node_calls.evaluate(process, "1", 0.2) == (False, False, "it did not end within 0.2 s")


def test_a_program_that_hangs_or_fails(process, layout, evaluates):
    assert _node_calls.evaluate(process, "1", 5).text.startswith("cat: "), "it has no answer"
    evaluates()
    open(f"{layout.tmp}/hangs", "w").close()
    assert _node_calls.evaluate(process, "1", 0.3) == (False, False, "it did not end within 0.3 s")


def test_what_is_not_distributed_evaluates_nothing(process):
    alone = process._replace(node=None)
    assert _node_calls.evaluate(alone, "1", 5) == (False, False, "the node is not distributed, so it cannot be asked")


def test_where_it_cannot_be_called_its_program_asks(process):
    assert _node_calls.status(process, 5)["pid"] == str(process.pid)
    assert _node_calls.stop(process)


def test_a_node_that_hangs_is_not_asked_a_second_time(process, silent, monkeypatch):
    """bin/NAME would get through to the stand-in, and wait for a real one as long as this did."""
    monkeypatch.setattr(_node_calls, "STOP_SECONDS", 0.2)
    assert _node_calls.status(process, 0.2) == "the node did not answer within 0.2 s"
    assert not _node_calls.stop(process)
