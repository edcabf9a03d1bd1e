# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a tarball of `mix release` holds, and what it asks of a host, in one pass over it."""

from __future__ import annotations

import os
import re
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils import _archive, _elf, _elixir_code, _mix_release
from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError

START_ERL = _mix_release.START_ERL
TEXTS = re.compile(r"bin/[^/]+|releases/(start_erl\.data|[^/]+/(elixir|[^/]+\.(rel|sh)|runtime\.exs|releases\.exs))")
ERTS = re.compile(r"erts-[^/]+/bin/[^/]+")
LIBRARY = re.compile(r".+\.so(\.\d+)*")
# OTP applications with native code that is loaded, if ever, by the program that asks for it: nothing to stop a deploy for
SELDOM_LOADED = re.compile(r"lib/(megaco|odbc|wx)-[^/]+/")

# Versions make directory names on the hosts
VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+_-]*")
RELEASE = re.compile(r'\{\s*release\s*,\s*\{\s*"([a-z][A-Za-z0-9_]*)"\s*,\s*"([^"]*)"\s*\}\s*,\s*\{\s*erts\s*,\s*"([^"]*)"\s*\}')
APPLICATION = re.compile(r"""\{\s*'?([a-z][A-Za-z0-9_@]*)'?\s*,\s*"([^"]*)"\s*[,}]""")

SYMBOLS = ("GLIBC", "GLIBCXX", "OPENSSL")


class Contents(t.NamedTuple):
    """What one pass keeps of a tarball; of a path that comes twice, the last."""

    sizes: dict[str, int]  # of every path that is no directory
    texts: dict[str, str]
    binaries: dict[str, _elf.Elf]
    systems: dict[str, str]  # of the programs of the ERTS: which operating system they were built for
    sha256: str


def describe(path: str) -> dict:
    """The answer of the module elixir_release_tarball_info; see there for what each key means."""
    path = os.path.abspath(path)
    contents = _contents(path)
    name, version, release = _identity(path, contents)
    _mix_release.refuse_others(f"The tarball {path}", name, contents.texts.get)
    return {
        "path": path,
        "name": name,
        "version": version,
        "release_id": f"{version}-{contents.sha256[:8]}",
        "sha256": contents.sha256,
        "size": os.path.getsize(path),
        "unpacked_size": sum(contents.sizes.values()),
        "files": len(contents.sizes),
        "erts_version": RELEASE.search(release).group(3),
        "applications": _applications(release),
        "elixir_version": _applications(release).get("elixir"),
        "env_keys": _env_keys(contents.texts, version),
        "scripts": _scripts(contents.sizes, name),
        **_requirements(contents),
    }


def _contents(path: str) -> Contents:
    sizes, texts, binaries, systems = {}, {}, {}, {}

    def visit(member: _archive.Member, content: t.IO[bytes] | None) -> None:
        if member.kind == "directory":
            return
        sizes[member.path] = member.size
        if content is None:
            return
        if TEXTS.fullmatch(member.path):
            texts[member.path] = content.read(_mix_release.LONGEST_TEXT).decode("utf-8", "replace")
        elif ERTS.fullmatch(member.path):
            data = content.read()
            systems[member.path] = _elf.system(data)
            binaries[member.path] = _binary(path, member.path, data)
        elif LIBRARY.fullmatch(member.path) and not SELDOM_LOADED.match(member.path):
            binaries[member.path] = _binary(path, member.path, content.read())

    sha256 = _archive.walk(path, visit)
    return Contents(sizes, texts, {name: elf for name, elf in binaries.items() if elf}, systems, sha256)


def _binary(path: str, name: str, data: bytes) -> _elf.Elf | None:
    try:
        return _elf.read(data)
    except ReleaseError as exc:
        raise ReleaseError(f"The tarball {path} holds {name}, {exc}: build the release again.") from exc


def _identity(path: str, contents: Contents) -> tuple[str, str, str]:
    """Name, version, and the text of the .rel file, of the release that bin/NAME would start."""
    if START_ERL not in contents.texts:
        raise ReleaseError(_not_a_release(path, contents, f"has no {START_ERL}"))
    words = contents.texts[START_ERL].split()
    if len(words) != 2 or not VERSION.fullmatch(words[1]):
        raise ReleaseError(_not_a_release(path, contents, f"says {contents.texts[START_ERL]!r} in {START_ERL}, not an ERTS version and a release version"))
    version = words[1]
    for rel in sorted(contents.texts):
        directory, file = os.path.split(rel)
        release = RELEASE.search(contents.texts[rel])
        if directory == f"releases/{version}" and file.endswith(".rel") and release and f"bin/{release.group(1)}" in contents.sizes:
            return release.group(1), version, contents.texts[rel]
    raise ReleaseError(_not_a_release(path, contents, f"has no releases/{version}/NAME.rel with a program bin/NAME"))


def _not_a_release(path: str, contents: Contents, why: str) -> str:
    tops = sorted({name.split("/")[0] + ("/" if "/" in name else "") for name in contents.sizes})
    found = ", ".join(tops[:5]) + (f" and {len(tops) - 5} more" if len(tops) > 5 else "") if tops else "nothing"
    message = f"The tarball {path} is not a release made by `mix release`: it {why}; found at its top: {found}."
    if len(tops) == 1 and f"{tops[0]}{START_ERL}" in contents.sizes:
        return f"{message} Make it from inside of the directory {tops[0]} (`tar -C {tops[0]} -czf NAME-VERSION.tar.gz .`)."
    return f"{message} Add `steps: [:assemble, :tar]` to the release in mix.exs, and give the tarball that `MIX_ENV=prod mix release` makes."


def _applications(release: str) -> dict[str, str]:
    start = RELEASE.search(release).end()
    return {match.group(1): match.group(2) for match in APPLICATION.finditer(release, start)}


def _env_keys(texts: dict[str, str], version: str) -> list[str]:
    """The configuration that reads the environment is config/runtime.exs; before Elixir 1.11 it was config/releases.exs."""
    files = (texts.get(f"releases/{version}/{file}", "") for file in ("runtime.exs", "releases.exs"))
    return sorted({key for code in files for key in _elixir_code.env_keys(code)})


def _scripts(names: t.Iterable[str], release: str) -> list[str]:
    scripts = (name[len("bin/"):] for name in names if re.fullmatch(r"bin/[^/]+", name))
    return sorted(script for script in scripts if script != release and not script.endswith(".bat"))


def _requirements(contents: Contents) -> dict:
    emulator = _emulator(contents.binaries)
    # A release may carry libraries for several machines; those for others are never loaded
    binaries = {name: elf for name, elf in contents.binaries.items() if emulator and elf.machine == emulator.machine}
    shipped = {os.path.basename(name) for name in contents.sizes}
    wanted_by = {}
    for name, elf in sorted(binaries.items()):
        for soname in elf.needed:
            if soname not in shipped:
                wanted_by.setdefault(soname, name)
    symbols = {prefix: _highest_symbol(binaries, prefix) for prefix in SYMBOLS}
    symbols_wanted_by = {f"{prefix}_{version}": name for prefix, (version, name) in symbols.items() if version}
    return {
        "include_erts": any(ERTS.fullmatch(name) for name in contents.sizes),
        "system": next((contents.systems[name] for name in sorted(contents.systems) if contents.systems[name]), None),
        "machine": emulator.machine if emulator else None,
        "interpreter": emulator.interpreter if emulator else None,
        "libc": _elf.libc(emulator) if emulator else None,
        "glibc": symbols["GLIBC"][0],
        "glibcxx": symbols["GLIBCXX"][0],
        "openssl": symbols["OPENSSL"][0],
        "needed_libraries": sorted(wanted_by),
        "library_paths": sorted({path for elf in binaries.values() for path in elf.library_paths if path.startswith("/")}),
        "required_by": {**wanted_by, **symbols_wanted_by},
    }


def _emulator(binaries: dict[str, _elf.Elf]) -> _elf.Elf | None:
    """All programs of the ERTS are built alike; beam.smp is the first of them by name."""
    name = min((name for name in binaries if ERTS.fullmatch(name)), default=None)
    return binaries[name] if name else None


def _highest_symbol(binaries: dict[str, _elf.Elf], prefix: str) -> tuple[str | None, str | None]:
    """The highest version of these symbols that any file wants, and the first file that wants it."""
    wanted = {name: _elf.highest((version for versions in elf.wants.values() for version in versions), prefix) for name, elf in binaries.items()}
    files = sorted(name for name in wanted if wanted[name])
    name = max(files, key=lambda name: _elf.number(wanted[name]), default=None)
    return (wanted[name], name) if name else (None, None)
