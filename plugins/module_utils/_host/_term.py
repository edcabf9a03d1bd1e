# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Erlang's external term format, as far as a call of a node and its answer need it."""

from __future__ import annotations

import struct
import typing as t


class Atom(str):
    """A name in Erlang's sense; any other str is a list of characters."""


class Pid(t.NamedTuple):
    node: str
    id: int
    serial: int
    creation: int


class Reference(t.NamedTuple):
    node: str
    creation: int
    ids: tuple[int, ...]


class UnknownTerm(ValueError):
    """A kind of term that is not needed here, or no term at all."""


def encode(term: t.Any) -> bytes:
    if isinstance(term, Atom):
        text = term.encode()
        return struct.pack(">BB", 119, len(text)) + text
    if isinstance(term, Pid):
        return b"X" + encode(Atom(term.node)) + struct.pack(">III", term.id, term.serial, term.creation)
    if isinstance(term, Reference):
        return struct.pack(">BH", 90, len(term.ids)) + encode(Atom(term.node)) + struct.pack(f">I{len(term.ids)}I", term.creation, *term.ids)
    if isinstance(term, tuple):
        return struct.pack(">BB", 104, len(term)) + b"".join(map(encode, term))
    if isinstance(term, list):
        return (struct.pack(">BI", 108, len(term)) + b"".join(map(encode, term)) if term else b"") + b"j"
    if isinstance(term, bytes):
        return struct.pack(">BI", 109, len(term)) + term
    if isinstance(term, int):
        return struct.pack(">Bi", 98, term)
    if isinstance(term, str):
        return encode([ord(character) for character in term])
    raise UnknownTerm(f"no term for {type(term)}")


def decode(data: bytes, at: int = 0) -> tuple[t.Any, int]:
    """The term that begins there, and where it ends."""
    try:
        kind = DECODERS[data[at]]
    except (KeyError, IndexError):
        raise UnknownTerm(f"no term that is known at byte {at} of {data[:200]!r}") from None
    try:
        return kind(data, at + 1)
    except (struct.error, IndexError):
        raise UnknownTerm(f"a term that ends too early: {data[:200]!r}") from None


def _number(form: str) -> t.Callable[[bytes, int], tuple[int, int]]:
    size = struct.calcsize(form)
    return lambda data, at: (struct.unpack_from(form, data, at)[0], at + size)


def _text(length: str, make: t.Callable[[bytes], t.Any]) -> t.Callable[[bytes, int], tuple[t.Any, int]]:
    head = struct.calcsize(length)

    def text(data: bytes, at: int) -> tuple[t.Any, int]:
        end = at + head + struct.unpack_from(length, data, at)[0]
        if end > len(data):
            raise IndexError
        return make(data[at + head : end]), end

    return text


def _several(data: bytes, at: int, count: int) -> tuple[list[t.Any], int]:
    terms = []
    for _index in range(count):
        term, at = decode(data, at)
        terms.append(term)
    return terms, at


def _tuple(data: bytes, at: int) -> tuple[tuple[t.Any, ...], int]:
    terms, end = _several(data, at + 1, data[at])
    return tuple(terms), end


def _list(data: bytes, at: int) -> tuple[list[t.Any], int]:
    terms, end = _several(data, at + 4, struct.unpack_from(">I", data, at)[0])
    _tail, end = decode(data, end)
    return terms, end


def _pid(data: bytes, at: int) -> tuple[Pid, int]:
    node, at = decode(data, at)
    return Pid(node, *struct.unpack_from(">III", data, at)), at + 12


def _reference(data: bytes, at: int) -> tuple[Reference, int]:
    count = struct.unpack_from(">H", data, at)[0]
    node, at = decode(data, at + 2)
    creation, *ids = struct.unpack_from(f">I{count}I", data, at)
    return Reference(node, creation, tuple(ids)), at + 4 + 4 * count


def _utf8(text: bytes) -> Atom:
    return Atom(text.decode("utf-8", "replace"))


def _latin1(text: bytes) -> Atom:
    return Atom(text.decode("latin-1"))


DECODERS = {
    88: _pid,
    90: _reference,
    97: _number(">B"),
    98: _number(">i"),
    100: _text(">H", _latin1),
    104: _tuple,
    106: lambda data, at: ([], at),
    107: _text(">H", lambda text: text.decode("latin-1")),  # a list of small numbers, most often of characters
    108: _list,
    109: _text(">I", bytes),
    115: _text(">B", _latin1),
    118: _text(">H", _utf8),
    119: _text(">B", _utf8),
}
