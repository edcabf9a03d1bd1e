# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._host import _text


@pytest.mark.parametrize(
    "raw, text",
    [
        pytest.param("café\tok\n".encode(), "café\tok\n", id="text stays as it is"),
        pytest.param("café".encode("latin-1"), "caf\\xe9", id="no UTF-8"),
        pytest.param(b"\x1b[31mred\x1b[0m\r\n", "red\n", id="colours are left out"),
        pytest.param(b"\x1b]0;title\x07\x1b[2J", "\\x1b]0;title\\x07\\x1b[2J", id="other sequences of a terminal"),
        pytest.param(b"\x15\x03\x03\x00\x02\x02\x46", "\\x15\\x03\\x03\\x00\\x02\\x02F", id="TLS"),
        pytest.param(b"over\rwritten\x08\x7f", "over\\rwritten\\x08\\x7f", id="what would overwrite a line"),
        pytest.param("a\u202eb\u009bc".encode(), "a\\u202eb\\x9bc", id="what would turn it around"),
    ],
)
def test_foreign_bytes_are_escaped(raw, text):
    assert _text.shown(_text.decoded(raw)) == text


def test_what_surrogateescape_kept_is_a_byte_again():
    assert _text.shown("caf\udce9") == "caf\\xe9"


@pytest.mark.parametrize(
    "term, text",
    [
        pytest.param("{badmatch,<<101,110,118>>}", '{badmatch,<<"env">>}', id="text"),
        pytest.param("<<101,110,\n  118>>", '<<"env">>', id="over two lines"),
        pytest.param("<<226,128,147,32,...>>", '<<"– ...">>', id="cut off by Erlang"),
        pytest.param("<<101,226,128,...>>", '<<"e...">>', id="cut off within a character"),
        pytest.param("<<1,2,3>>", "<<1,2,3>>", id="no text"),
        pytest.param("<<255,254>>", "<<255,254>>", id="no UTF-8"),
        pytest.param("<<300,1>>", "<<300,1>>", id="no bytes"),
        pytest.param("<<7>>", "<<7>>", id="a number"),
    ],
)
def test_a_binary_that_is_text_is_shown_as_text(term, text):
    assert _text.readable(term) == text


@pytest.mark.parametrize("text", ["it died", "it died.", "it died.. "])
def test_a_sentence_has_one_full_stop(text):
    assert _text.sentence(text) == "it died."
