# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._host import _term
from ansible_collections.beamops.elixir.plugins.module_utils._host._term import Atom, Pid, Reference

# What term_to_binary of OTP 25 makes, without its leading 131
OF_ERLANG = [
    ("770773746172746564", Atom("started")),
    ("68027707737461727465647707737461727465" + "64", (Atom("started"), Atom("started"))),
    ("6b00023432", "42"),
    ("6a", []),
    ("6c00000001770161" + "6a", [Atom("a")]),
    ("6107", 7),
    ("6200000100", 256),
    ("62ffffffff", -1),
    ("6d000000026f6b", b"ok"),
    ("640002" + "6f6b", Atom("ok")),
    ("7302" + "6f6b", Atom("ok")),
    ("760002" + "c3a9", Atom("é")),
    ("5877036140620000002a0000000100000003", Pid("a@b", 42, 1, 3)),
    ("5a000377036140620000000300000001000000020000000" + "4", Reference("a@b", 3, (1, 2, 4))),
]


@pytest.mark.parametrize(("encoded", "term"), OF_ERLANG)
def test_decode(encoded, term):
    data = bytes.fromhex(encoded)
    assert _term.decode(data) == (term, len(data))
    assert type(_term.decode(data)[0]) is type(term)
    assert _term.decode(b"xx" + data + b"y", 2) == (term, len(data) + 2)


@pytest.mark.parametrize(
    "term",
    [Atom("ok"), b"ok\xff", (Atom("a"), [1, -1, "x"]), [], "", Pid("a@b", 1, 2, 3), Reference("a@b", 3, (1, 0, 0)), (Atom(""), [Atom("x")])],
)
def test_what_is_encoded_can_be_decoded(term):
    def listed(one):
        """A str is a list of numbers to Erlang."""
        if isinstance(one, str) and not isinstance(one, Atom):
            return [ord(character) for character in one]
        return type(one)(map(listed, one)) if type(one) in (list, tuple) else one

    assert _term.decode(_term.encode(term))[0] == listed(term)


@pytest.mark.parametrize("encoded", ["", "ff", "7707", "770773", "6c00000002", "6b0005" + "41", "580000", "68", "6803" + "6101", "46"])
def test_what_is_no_term(encoded):
    with pytest.raises(_term.UnknownTerm):
        _term.decode(bytes.fromhex(encoded))


def test_what_cannot_be_encoded():
    with pytest.raises(_term.UnknownTerm):
        _term.encode({})
