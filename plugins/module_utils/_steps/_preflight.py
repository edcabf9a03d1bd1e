# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a host can run a tarball, decided from what _tarball.describe() and _host.facts() tell of the two."""

from __future__ import annotations

import math
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._tarball._elf import number

MIB = 1 << 20
BLOCK = 4096
# Of the disk: what a release writes at its first start, and what else goes on meanwhile
RESERVE = 1.1
# Directories take inodes too
INODES_PER_FILE = 1.2

SYSTEMS = {"macos": "macOS", "windows": "Windows", "freebsd": "FreeBSD"}
DAEMON = "by which `bin/NAME daemon` starts it"
LIKE_THIS_HOST = "build the release on a machine like this host"

# Names that libraries have as packages of Debian and Ubuntu, for what releases usually ask for
PACKAGES = {
    "libatomic.so.1": "libatomic1",
    "libcrypto.so.1.1": "libssl1.1",
    "libcrypto.so.3": "libssl3",
    "libgcc_s.so.1": "libgcc-s1",
    "libncurses.so.6": "libncurses6",
    "libncursesw.so.6": "libncursesw6",
    "libsctp.so.1": "libsctp1",
    "libssl.so.1.1": "libssl1.1",
    "libssl.so.3": "libssl3",
    "libstdc++.so.6": "libstdc++6",
    "libsystemd.so.0": "libsystemd0",
    "libtinfo.so.5": "libtinfo5",
    "libtinfo.so.6": "libtinfo6",
    "libz.so.1": "zlib1g",
    "libzstd.so.1": "libzstd1",
}


def problems(tarball: dict, host: dict, is_here: bool = False, ignored: t.Container[str] = ()) -> list[str]:
    """Why the release cannot run on the host, a sentence each; empty if nothing speaks against it.

    What is here already needs no room: it is staged once more only with another env file, and fails then, before anything is stopped.
    A library that is ignored is one that the user knows to be where the release finds it.
    """
    platform = _wrong_platform(tarball, host)
    # On another platform the libraries differ anyway
    runtime = [platform] if platform else [*_no_erlang(tarball, host), *_old_libraries(tarball, host), *_missing_libraries(tarball, host, ignored)]
    return runtime if is_here else [*runtime, *full_disk(tarball, host)]


def notes(tarball: dict, host: dict, ignored: t.Container[str] = ()) -> list[str]:
    """What keeps other native code than that of Erlang from loading, if the application ever loads it: the rehearsal tries."""
    if _wrong_platform(tarball, host):
        return []
    nifs = tarball["nifs"]
    found = [*_old_libraries(nifs, host), *_missing_libraries(nifs, host, ignored)]
    return [f"{sentence} It is for the rehearsal to tell whether the application can do without." for sentence in found]


def _no_erlang(tarball: dict, host: dict) -> list[str]:
    if tarball["include_erts"]:
        return [] if tarball["run_erl"] else [f"The release has no {_in_erts(tarball)}/run_erl, {DAEMON}: build it with an Erlang that has one."]
    without = "The release brings no Erlang along (include_erts: false in mix.exs), and this host has"
    or_build = "or build the release with `include_erts: true`"
    if not host["erl"]:
        return [f"{without} no erl in {host['path']}: install Erlang with ERTS {tarball['erts_version']} there, {or_build}."]
    found = []
    if host["erts_version"] and host["erts_version"] != tarball["erts_version"]:
        found.append(f"{without} ERTS {host['erts_version']} ({host['erl']}): install Erlang with ERTS {tarball['erts_version']}, {or_build}.")
    if not host["run_erl"]:
        found.append(f"{without} no run_erl in {host['path']}, {DAEMON}: install it or link it there beside {host['erl']}, {or_build}.")
    return found


def _in_erts(tarball: dict) -> str:
    return f"erts-{tarball['erts_version']}/bin"


def _wrong_platform(tarball: dict, host: dict) -> str | None:
    if tarball["system"] in SYSTEMS:
        return f"The release was built on {SYSTEMS[tarball['system']]}: build it on Linux, on a machine like this host."
    if tarball["machine"] and tarball["machine"] != host["machine"]:
        return f"The release was built for {tarball['machine']}, this host is {host['machine']}: {LIKE_THIS_HOST}."
    if tarball["libc"] and host["libc"] and tarball["libc"] != host["libc"]:
        return f"The release was built for {tarball['libc']}, this host has {host['libc']} as its C library: {LIKE_THIS_HOST}."
    if not host["interpreter"]:
        return f"The release asks for the loader {tarball['interpreter']}, which this host does not have: {LIKE_THIS_HOST}."
    return None


def _old_libraries(tarball: dict, host: dict) -> list[str]:
    found = []
    for key, name, symbols in (("glibc", "glibc", "GLIBC"), ("glibcxx", "libstdc++ symbols", "GLIBCXX"), ("openssl", "OpenSSL", "OPENSSL")):
        needed, offered = tarball[key], host[key]
        if needed and offered and number(offered) < number(needed):
            wanted_by = tarball["required_by"][f"{symbols}_{needed}"]
            found.append(f"The release was built for {name} {needed}, this host has {offered} (wanted by {wanted_by}): {LIKE_THIS_HOST}.")
    return found


def _missing_libraries(tarball: dict, host: dict, ignored: t.Container[str]) -> list[str]:
    missing = [soname for soname in tarball["needed_libraries"] if not host["libraries"][soname] and soname not in ignored]
    return [_missing(soname, tarball["required_by"][soname]) for soname in missing]


def _missing(soname: str, wanted_by: str) -> str:
    package = PACKAGES.get(soname)
    install = f"install {package} (its name in Debian and Ubuntu)" if package else "install it"
    ignore = f"or add {soname} to 'ignore_libraries' (elixir_release_ignore_libraries of the role) if it is there all the same"
    return f"This host has no {soname} (wanted by {wanted_by}): {install}, {LIKE_THIS_HOST}, {ignore}."


def full_disk(tarball: dict, host: dict) -> list[str]:
    found = []
    # Both the tarball and the release lie there for a while; a file takes whole blocks
    bytes_needed = int((tarball["size"] + tarball["unpacked_size"]) * RESERVE) + tarball["files"] * BLOCK
    if host["disk_free"] < bytes_needed:
        found.append(f"{host['disk']} has {host['disk_free'] // MIB} MiB free, the release needs {math.ceil(bytes_needed / MIB)} MiB: make room there.")
    inodes_needed = int(tarball["files"] * INODES_PER_FILE)
    if host["inodes_free"] is not None and host["inodes_free"] < inodes_needed:
        found.append(f"{host['disk']} has {host['inodes_free']} inodes free, the release needs {inodes_needed} (see `df -i`): remove files there.")
    return found
