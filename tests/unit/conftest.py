# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makers of real files for the tests: ELF files, tarballs, and the content of a release; and what runs a module."""

from __future__ import annotations

import io
import json
import struct
import tarfile

import pytest
from ansible.module_utils import _internal
from ansible.module_utils.common import warnings
from ansible.module_utils.testing import patch_module_args

# As Mix of Elixir 1.14 writes it
REL = """%% coding: utf-8
{release,{"guestbook","0.2.0"},
         {erts,"13.1.5"},
         [{kernel,"8.5.3",permanent},
          {stdlib,"4.2",permanent},
          {elixir,"1.14.0",permanent},
          {guestbook,"0.2.0",permanent},
          {iex,"1.14.0",none}]}.
"""

# What is Mix's own in bin/NAME, and in the script that it leads to
MIX_SCRIPT = b"""#!/bin/sh
set -e
RELEASE_ROOT="$(CDPATH='' cd "$(dirname "$0")/.." && pwd -P)"
REL_VSN_DIR="$RELEASE_ROOT/releases/$RELEASE_VSN"
. "$REL_VSN_DIR/env.sh"
start () {
  REL_EXEC="$1"
  shift
  exec "$REL_VSN_DIR/$REL_EXEC" "$@"
}
"""
ELIXIR_SCRIPT = b"""#!/bin/sh
if [ -n "$ELIXIR_CLI_DRY_RUN" ]; then
  echo "$@"
else
  exec "$@"
fi
"""


@pytest.fixture
def elf():
    return _elf


@pytest.fixture
def tarball(tmp_path):
    def make(members, name="guestbook-0.2.0.tar.gz"):
        """Members: (name, content) or (name, attributes of TarInfo), in a list where one comes twice."""
        path = tmp_path / name
        with tarfile.open(path, "w:gz") as archive:
            for member, content in members.items() if isinstance(members, dict) else members:
                attributes = {"size": len(content)} if isinstance(content, bytes) else content
                info = tarfile.TarInfo(member)
                for attribute, value in attributes.items():
                    setattr(info, attribute, value)
                archive.addfile(info, io.BytesIO(content) if isinstance(content, bytes) else None)
        return str(path)

    return make


@pytest.fixture
def release_files():
    """The files of a small release, in the order of `mix release`."""
    return {
        "bin/guestbook": MIX_SCRIPT,
        "bin/guestbook.bat": b"",
        "releases/0.2.0/guestbook.rel": REL.encode(),
        "releases/0.2.0/elixir": ELIXIR_SCRIPT,
        "releases/0.2.0/env.sh": b"",
        "releases/0.2.0/runtime.exs": b'import Config\nconfig :guestbook, port: System.fetch_env!("PORT")\n',
        "erts-13.1.5/bin/beam.smp": _elf(
            interpreter="/lib64/ld-linux-x86-64.so.2",
            needed=["libtinfo.so.6", "libc.so.6"],
            wants={"libc.so.6": ["GLIBC_2.2.5", "GLIBC_2.34"], "libstdc++.so.6": ["GLIBCXX_3.4.29"]},
        ),
        "erts-13.1.5/bin/erl": b"#!/bin/sh\n",
        "erts-13.1.5/bin/run_erl": b"",
        "lib/crypto-5.1.2/priv/lib/crypto.so": _elf(
            needed=["libcrypto.so.3", "libc.so.6"], wants={"libcrypto.so.3": ["OPENSSL_3.0.0"], "libc.so.6": ["GLIBC_2.14"]}
        ),
        "releases/COOKIE": b"SECRET",
        "releases/start_erl.data": b"13.1.5 0.2.0",
    }


@pytest.fixture
def run_module(capfd, monkeypatch):
    def run(module, **arguments):
        # A module is a process of its own: it knows no warning of the one before, and none of the controller that other tests make of this one
        monkeypatch.setattr(warnings, "_global_warnings", {})
        monkeypatch.setattr(_internal, "is_controller", False)
        with patch_module_args(arguments), pytest.raises(SystemExit):
            module.main()
        return json.loads(capfd.readouterr().out)

    return run


def _elf(machine=62, bits=64, order="<", interpreter=None, soname=None, needed=(), runpath=None, rpath=None, wants=None, provides=()):
    """An ELF file without code: the headers, and what the dynamic loader reads. A version that ends in ? is wanted weakly."""
    strings = bytearray(b"\0")

    def string(text):
        strings.extend(text.encode() + b"\0")
        return len(strings) - len(text) - 1

    dynamic = [(1, string(name)) for name in needed]
    dynamic += [(tag, string(text)) for tag, text in ((14, soname), (15, rpath), (29, runpath)) if text]
    wanted = [(string(file), [(string(name.rstrip("?")), 2 if name.endswith("?") else 0) for name in names]) for file, names in (wants or {}).items()]
    # The first definition is the library itself
    provided = [(string(name), 1 if index == 0 else 0) for index, name in enumerate([soname or "", *provides])] if provides else []

    words = {64: "Q", 32: "I"}[bits]
    header_size, segment_size = {64: (64, 56), 32: (52, 32)}[bits]
    base = 0x10000
    parts, end = [], header_size + 3 * segment_size

    def part(data):
        nonlocal end
        parts.append(data)
        end += len(data)
        return end - len(data)

    interpreter_at = part((interpreter or "").encode() + b"\0")
    verneed_at = part(b"".join(_verneed(order, file, names, last=index == len(wanted) - 1) for index, (file, names) in enumerate(wanted)))
    verdef_at = part(b"".join(_verdef(order, *definition, last=index == len(provided) - 1) for index, definition in enumerate(provided)))
    dynamic.append((5, base + part(bytes(strings))))
    if wanted:
        dynamic += [(0x6FFFFFFE, base + verneed_at), (0x6FFFFFFF, len(wanted))]
    if provided:
        dynamic += [(0x6FFFFFFC, base + verdef_at), (0x6FFFFFFD, len(provided))]
    table = b"".join(struct.pack(f"{order}{words}{words}", tag, value) for tag, value in [*dynamic, (0, 0)])
    dynamic_at = part(table)

    def segment(kind, offset, size):
        if bits == 64:
            return struct.pack(f"{order}IIQQQQQQ", kind, 0, offset, base + offset, 0, size, size, 1)
        return struct.pack(f"{order}IIIIIIII", kind, offset, base + offset, 0, size, size, 0, 1)

    identity = b"\x7fELF" + bytes([bits // 32, 1 if order == "<" else 2, 1]) + bytes(9)
    header = struct.pack(
        f"{order}16sHHI{words}{words}{words}IHHHHHH", identity, 3, machine, 1, 0, header_size, 0, 0, header_size, segment_size, 3, 0, 0, 0
    )
    segments = segment(1, 0, end) + segment(3 if interpreter else 0, interpreter_at, len(interpreter or "")) + segment(2, dynamic_at, len(table))
    return header + segments + b"".join(parts)


def _verneed(order, file, names, last):
    needs = b"".join(struct.pack(f"{order}IHHII", 0, flags, 2, name, 0 if name == names[-1][0] else 16) for name, flags in names)
    return struct.pack(f"{order}HHIII", 1, len(names), file, 16, 0 if last else 16 + len(needs)) + needs


def _verdef(order, name, flags, last):
    return struct.pack(f"{order}HHHHIII", 1, flags, 2, 1, 0, 20, 0 if last else 28) + struct.pack(f"{order}II", name, 0)
