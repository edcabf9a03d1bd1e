# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a binary asks of the machine that runs it, read from its ELF headers.

Only what the dynamic loader looks at: machine, interpreter, libraries, and the symbol versions wanted from and offered by
libraries. `readelf -lhdV` shows the same.
"""

from __future__ import annotations

import re
import struct
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError

MACHINES = {3: "x86", 8: "mips", 20: "ppc", 21: "ppc64", 22: "s390x", 40: "arm", 62: "x86_64", 183: "aarch64", 243: "riscv", 258: "loongarch"}

PT_LOAD, PT_DYNAMIC, PT_INTERP = 1, 2, 3
DT_NULL, DT_NEEDED, DT_STRTAB, DT_SONAME, DT_RPATH, DT_RUNPATH = 0, 1, 5, 14, 15, 29
DT_VERDEF, DT_VERDEFNUM, DT_VERNEED, DT_VERNEEDNUM = 0x6FFFFFFC, 0x6FFFFFFD, 0x6FFFFFFE, 0x6FFFFFFF
VER_FLG_BASE, VER_FLG_WEAK = 1, 2

# More than any real file has; keeps a hostile one from costing more than a moment
MOST_RECORDS = 10000
LONGEST_STRING = 4096

# The first bytes of executables; a release built on a laptop is the usual reason for one that is not ELF
SYSTEMS = (
    (b"\xcf\xfa\xed\xfe", "macos"),
    (b"\xce\xfa\xed\xfe", "macos"),
    (b"\xca\xfe\xba\xbe", "macos"),
    (b"MZ", "windows"),
)
OSABI_FREEBSD = 9


class Elf(t.NamedTuple):
    machine: str  # x86_64, aarch64, ...
    bits: int
    interpreter: str | None  # the dynamic loader's path; None for libraries and static programs
    soname: str | None
    needed: tuple[str, ...]  # sonames of the libraries to load
    library_paths: tuple[str, ...]  # RUNPATH or RPATH
    wants: dict[str, tuple[str, ...]]  # soname: the symbol versions wanted from it
    provides: tuple[str, ...]  # the symbol versions a library offers


class Layout(t.NamedTuple):
    """How this file stores its records: for struct, after word size and byte order."""

    bits: int
    order: str  # '<' or '>'
    segments: str  # offset, entry size, and number of the program headers in the file header
    segments_at: tuple[int, int]
    segment: str
    dynamic: str


class Segment(t.NamedTuple):
    kind: int
    offset: int
    address: int
    size: int


def system(data) -> str | None:
    """The operating system a program was built for, or None if it is no program."""
    if data[:4] == b"\x7fELF":
        return "freebsd" if data[7:8] == bytes([OSABI_FREEBSD]) else "linux"
    return next((name for magic, name in SYSTEMS if data[: len(magic)] == magic), None)


def read(data) -> Elf | None:
    """Reads bytes or a memory map; None if it is not ELF at all."""
    if data[:4] != b"\x7fELF":
        return None
    try:
        return _read(data)
    except (struct.error, OverflowError) as exc:
        raise ReleaseError(f"a damaged ELF file: its headers point outside of its {len(data)} bytes") from exc


def libc(elf: Elf) -> str | None:
    """The C library of a program, told by its loader; None for one that brings its own along."""
    if elf.interpreter is None:
        return None
    return "musl" if elf.interpreter.rpartition("/")[2].startswith("ld-musl-") else "glibc"


def number(version: str) -> tuple[int, ...]:
    """For comparing: number('2.36') == (2, 36)."""
    return tuple(int(digits) for digits in re.findall(r"\d+", version))


def highest(versions: t.Iterable[str], prefix: str) -> str | None:
    """The highest of the versions with this prefix: 3.4.30 for GLIBCXX of GLIBCXX_3.4, GLIBCXX_3.4.30, CXXABI_1.3.

    OpenSSL 1.1 wrote OPENSSL_1_1_1; versions that are no numbers (GLIBC_PRIVATE, GLIBC_ABI_DT_RELR) order nothing.
    """
    form = re.compile(rf"{prefix}_(\d+(?:[._]\d+)*[a-z]?)")
    matches = [form.fullmatch(version) for version in versions]
    return max((match.group(1).replace("_", ".") for match in matches if match), key=number, default=None)


def _read(data) -> Elf:
    layout = _layout(data)
    segments = _segments(data, layout)
    entries = _dynamic(data, layout, segments)
    first = dict(reversed(entries))
    strings = _file_offset(segments, first[DT_STRTAB]) if DT_STRTAB in first else None

    def text(tag):
        return _string(data, strings + first[tag]) if strings is not None and tag in first else None

    def table(tag):
        return _file_offset(segments, first[tag]) if strings is not None and tag in first else None

    machine = struct.unpack_from(layout.order + "H", data, 18)[0]
    paths = text(DT_RUNPATH) or text(DT_RPATH) or ""
    return Elf(
        machine=_machine(machine, layout),
        bits=layout.bits,
        interpreter=_interpreter(data, segments),
        soname=text(DT_SONAME),
        needed=tuple(_string(data, strings + value) for tag, value in entries if tag == DT_NEEDED and strings is not None),
        library_paths=tuple(path for path in paths.split(":") if path),
        wants=_wanted_versions(data, layout.order, table(DT_VERNEED), first.get(DT_VERNEEDNUM, 0), strings),
        provides=_provided_versions(data, layout.order, table(DT_VERDEF), first.get(DT_VERDEFNUM, 0), strings),
    )


def _layout(data) -> Layout:
    order = ">" if data[5:6] == b"\x02" else "<"
    if data[4:5] == b"\x02":
        return Layout(64, order, order + "Q", (32, 54), order + "IIQQQQ", order + "qQ")
    return Layout(32, order, order + "I", (28, 42), order + "IIIII", order + "iI")


def _machine(code: int, layout: Layout) -> str:
    name = MACHINES.get(code, f"ELF machine {code}")
    if name == "riscv":
        return f"riscv{layout.bits}"
    if name == "ppc64" and layout.order == "<":
        return "ppc64le"
    return name


def _segments(data, layout: Layout) -> list[Segment]:
    table_at, count_at = layout.segments_at
    start = struct.unpack_from(layout.segments, data, table_at)[0]
    size, count = struct.unpack_from(layout.order + "HH", data, count_at)
    records = (struct.unpack_from(layout.segment, data, start + index * size) for index in range(min(count, MOST_RECORDS)))
    if layout.bits == 64:
        return [Segment(kind, offset, address, length) for kind, _flags, offset, address, _physical, length in records]
    return [Segment(kind, offset, address, length) for kind, offset, address, _physical, length in records]


def _dynamic(data, layout: Layout, segments: list[Segment]) -> list[tuple[int, int]]:
    segment = next((segment for segment in segments if segment.kind == PT_DYNAMIC), None)
    if segment is None:
        return []
    width = struct.calcsize(layout.dynamic)
    entries = []
    for index in range(min(segment.size // width, MOST_RECORDS)):
        tag, value = struct.unpack_from(layout.dynamic, data, segment.offset + index * width)
        if tag == DT_NULL:
            break
        entries.append((tag, value))
    return entries


def _file_offset(segments: list[Segment], address: int) -> int:
    """Dynamic entries hold addresses in memory; where that is in the file."""
    for segment in segments:
        if segment.kind == PT_LOAD and segment.address <= address < segment.address + segment.size:
            return segment.offset + address - segment.address
    raise ReleaseError(f"a damaged ELF file: no part of it is loaded at {address:#x}")


def _interpreter(data, segments: list[Segment]) -> str | None:
    segment = next((segment for segment in segments if segment.kind == PT_INTERP), None)
    return _string(data, segment.offset) if segment else None


def _string(data, offset: int) -> str:
    end = data.find(b"\0", offset, offset + LONGEST_STRING) if offset < len(data) else -1
    if end < 0:
        raise ReleaseError(f"a damaged ELF file: no string at byte {offset}")
    return data[offset:end].decode("utf-8", "replace")


def _chain(data, form: str, start: int | None, count: int) -> t.Iterator[tuple[int, tuple]]:
    """Follows records whose last field is the distance to the next one; there may be no such table."""
    if start is None:
        return
    offset = start
    for _index in range(min(count, MOST_RECORDS)):
        record = struct.unpack_from(form, data, offset)
        yield offset, record
        if not record[-1]:
            return
        offset += record[-1]


def _wanted_versions(data, order: str, start: int | None, count: int, strings: int) -> dict[str, tuple[str, ...]]:
    wants = {}
    left = MOST_RECORDS
    for offset, (_format, entries, file, first, _next) in _chain(data, order + "HHIII", start, count):
        names = []
        for _offset, (_hash, flags, _index, name, _next) in _chain(data, order + "IHHII", offset + first, min(entries, left)):
            left -= 1
            # The loader only warns where a weak one is absent
            if not flags & VER_FLG_WEAK:
                names.append(_string(data, strings + name))
        wants[_string(data, strings + file)] = tuple(names)
    return wants


def _provided_versions(data, order: str, start: int | None, count: int, strings: int) -> tuple[str, ...]:
    names = []
    for offset, (_format, flags, _index, _count, _hash, first, _next) in _chain(data, order + "HHHHIII", start, count):
        # The base definition is the library's own name
        if not flags & VER_FLG_BASE:
            name = struct.unpack_from(order + "I", data, offset + first)[0]
            names.append(_string(data, strings + name))
    return tuple(names)
