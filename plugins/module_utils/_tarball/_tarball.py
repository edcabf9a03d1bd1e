# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a tarball of `mix release` holds, and what it asks of a host, in one pass over it."""

from __future__ import annotations

import os
import re
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._tarball import (
    _archive,
    _elf,
    _elixir_code,
    _mix_release,
    _rel,
)

START_ERL = _mix_release.START_ERL
TEXTS = re.compile(r"bin/[^/]+|releases/(start_erl\.data|[^/]+/(elixir|[^/]+\.(rel|sh)|runtime\.exs|releases\.exs))")
ERTS = re.compile(r"erts-[^/]+/bin/[^/]+")
LIBRARY = re.compile(r".+\.so(\.\d+)*")
# What no release does without. Of all other native code only the application knows whether it is ever loaded
ESSENTIAL = re.compile(rf"{ERTS.pattern}|lib/crypto-[^/]+/priv/lib/crypto\.so")
RUN_ERL = re.compile(r"erts-[^/]+/bin/run_erl")

# Versions make directory names on the hosts
VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+_-]*")

SYMBOLS = {"glibc": "GLIBC", "glibcxx": "GLIBCXX", "openssl": "OPENSSL"}


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
    version, rel = _identity(path, contents)
    name = rel.name
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
        "erts_version": rel.erts,
        "applications": rel.applications,
        "elixir_version": rel.applications.get("elixir"),
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
        elif LIBRARY.fullmatch(member.path):
            binaries[member.path] = _binary(path, member.path, content.read())

    sha256 = _archive.walk(path, visit)
    return Contents(sizes, texts, {name: elf for name, elf in binaries.items() if elf}, systems, sha256)


def _binary(path: str, name: str, data: bytes) -> _elf.Elf | None:
    try:
        return _elf.read(data)
    except ReleaseError as exc:
        raise ReleaseError(f"The tarball {path} holds {name}, {exc}: build the release again.") from exc


def _identity(path: str, contents: Contents) -> tuple[str, _rel.Rel]:
    """The version that bin/NAME would start, and its .rel file."""
    if START_ERL not in contents.texts:
        raise ReleaseError(_not_a_release(path, contents, f"has no {START_ERL}"))
    words = contents.texts[START_ERL].split()
    if len(words) != 2 or not VERSION.fullmatch(words[1]):
        raise ReleaseError(_not_a_release(path, contents, f"says {contents.texts[START_ERL]!r} in {START_ERL}, not an ERTS version and a release version"))
    version = words[1]
    releases = _releases(contents, version)
    if not releases:
        raise ReleaseError(_not_a_release(path, contents, f"has no releases/{version}/NAME.rel with a program bin/NAME"))
    if len(releases) > 1:
        raise ReleaseError(
            f"The tarball {path} holds two releases of version {version}: {' and '.join(sorted(releases))}, each with its own program in bin/, and one boot "
            "script between them. One was built into the directory of the other: remove that directory, and build the one to deploy again."
        )
    return version, next(iter(releases.values()))


def _releases(contents: Contents, version: str) -> dict[str, _rel.Rel]:
    """The .rel files of that version, by name, that have a program of their name: by Mix where there is one, for others come with tools of the user's."""
    programs = [path[len("bin/") :] for path in contents.sizes if path.startswith("bin/")]
    rels = {name: _rel.parse(contents.texts.get(f"releases/{version}/{name}.rel", "")) for name in programs}
    found = {name: rel for name, rel in rels.items() if rel and rel.name == name}
    of_mix = {name: rel for name, rel in found.items() if _mix_release.is_of_mix(contents.texts.get(f"bin/{name}", ""))}
    return of_mix or found


def _not_a_release(path: str, contents: Contents, why: str) -> str:
    tops = sorted({name.split("/")[0] + ("/" if "/" in name else "") for name in contents.sizes})
    found = ", ".join(tops[:5]) + (f" and {len(tops) - 5} more" if len(tops) > 5 else "") if tops else "nothing"
    message = f"The tarball {path} is not a release made by `mix release`: it {why}; found at its top: {found}."
    if len(tops) == 1 and f"{tops[0]}{START_ERL}" in contents.sizes:
        return f"{message} Make it from inside of the directory {tops[0]} (`tar -C {tops[0]} -czf NAME-VERSION.tar.gz .`)."
    return f"{message} Add `steps: [:assemble, :tar]` to the release in mix.exs, and give the tarball that `MIX_ENV=prod mix release` makes."


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
    essential = _wants({name: elf for name, elf in binaries.items() if ESSENTIAL.fullmatch(name)}, shipped)
    nifs = _wants({name: elf for name, elf in binaries.items() if not ESSENTIAL.fullmatch(name)}, shipped)
    return {
        "include_erts": any(ERTS.fullmatch(name) for name in contents.sizes),
        "run_erl": any(RUN_ERL.fullmatch(name) for name in contents.sizes),
        "system": next((contents.systems[name] for name in sorted(contents.systems) if contents.systems[name]), None),
        "machine": emulator.machine if emulator else None,
        "interpreter": emulator.interpreter if emulator else None,
        "libc": _elf.libc(emulator) if emulator else None,
        **essential,
        "library_paths": sorted({path for elf in binaries.values() for path in elf.library_paths if path.startswith("/")}),
        "nifs": _beyond(essential, nifs),
    }


def _wants(binaries: dict[str, _elf.Elf], shipped: set[str]) -> dict:
    """What these files need of a host, and for each of it the first of them that does."""
    wanted_by = {}
    for name, elf in sorted(binaries.items()):
        for soname in elf.needed:
            if soname not in shipped:
                wanted_by.setdefault(soname, name)
    symbols = {key: _highest_symbol(binaries, prefix) for key, prefix in SYMBOLS.items()}
    symbols_wanted_by = {f"{SYMBOLS[key]}_{version}": name for key, (version, name) in symbols.items() if version}
    return {
        **{key: version for key, (version, _name) in symbols.items()},
        "needed_libraries": sorted(wanted_by),
        "required_by": {**wanted_by, **symbols_wanted_by},
    }


def _beyond(essential: dict, wants: dict) -> dict:
    """What of it the essential files do not want as well."""
    newer = {key: version for key in SYMBOLS for version in [wants[key]] if version and _elf.number(version) > _elf.number(essential[key] or "")}
    libraries = [soname for soname in wants["needed_libraries"] if soname not in essential["needed_libraries"]]
    told = {*libraries, *(f"{SYMBOLS[key]}_{version}" for key, version in newer.items())}
    return {
        **{key: newer.get(key) for key in SYMBOLS},
        "needed_libraries": libraries,
        "required_by": {wanted: name for wanted, name in wants["required_by"].items() if wanted in told},
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
