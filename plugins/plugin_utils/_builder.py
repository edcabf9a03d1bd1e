# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which image a release is built in, so that it runs on all hosts of a fleet. Pure: decided from what the hosts and the project say."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._tarball._elf import number

RELEASED = re.compile(r"(\d+(?:\.\d+)*(?:-rc\.\d+)?)(?:-otp-(\d+))?")
# The line of a file of asdf or mise: a name, and a version or more of which the first counts
TOOL = re.compile(r"^[ \t]*(elixir|erlang)[ \t]+(\S+)", re.MULTILINE)


class Debian(t.NamedTuple):
    codename: str
    glibc: str
    openssl: str


# Oldest first
DEBIANS = (Debian("bullseye", "2.31", "1.1"), Debian("bookworm", "2.36", "3"), Debian("trixie", "2.41", "3"))


class Fleet(t.NamedTuple):
    """What all hosts have."""

    machine: str | None
    libc: str | None
    glibc: str | None  # the oldest
    openssl: str | None


class Versions(t.NamedTuple):
    elixir: str | None
    otp: str | None


class Image(t.NamedTuple):
    name: str
    rather: str | None = None  # a pattern of images that are better, where the engine has one


def fleet(hosts: t.Mapping[str, t.Mapping[str, t.Any]]) -> Fleet:
    """Of the answers of elixir_release_info about each host's platform. A fleet for which one tarball cannot do is told so."""
    machine = _the_one(hosts, "machine", {name: [host["machine"]] for name, host in hosts.items()})
    libc = _the_one(hosts, "C library", {name: [host["libc"]] for name, host in hosts.items()})
    openssl = _the_one(hosts, "OpenSSL", {name: host["openssl"] for name, host in hosts.items()})
    glibcs = [host["glibc"] for host in hosts.values() if host["glibc"]]
    return Fleet(machine, libc, min(glibcs, key=number, default=None), openssl)


def debian(of: Fleet) -> Debian:
    """The newest release of Debian that is not newer than the oldest host; where all are newer, the oldest that has the same OpenSSL."""
    fitting = [one for one in DEBIANS if of.openssl in (None, one.openssl)] or list(DEBIANS)
    not_newer = [one for one in fitting if of.glibc is None or number(one.glibc) <= number(of.glibc)]
    return not_newer[-1] if not_newer else fitting[0]


def versions(tool_versions: str, elixir: str | None, otp: str | None) -> Versions:
    """As the operator says or, where not, as .tool-versions does."""
    told = {}
    for tool, version in TOOL.findall(tool_versions):
        told.setdefault(tool, version)
    elixir_of, otp_of = _released("elixir", elixir or told.get("elixir"))
    return Versions(elixir_of, _released("otp", otp or told.get("erlang"))[0] or otp_of)


def image(of: Fleet, wanted: Versions, given: str | None) -> Image:
    """The one that is given. Else that of just these versions and this Debian, or the official one; Debian's own Elixir where no version is told."""
    if given:
        return Image(given)
    if of.libc not in ("glibc", None):
        raise ReleaseError(f"The hosts have {of.libc} as their C library, and not glibc: name an image that has it, too, with elixir_release_build_image.")
    codename = debian(of).codename
    if not wanted.elixir:
        return Image(f"debian:{codename}-slim")
    rather = f"hexpm/elixir:{wanted.elixir}*-erlang-{wanted.otp or ''}*-debian-{codename}-*"
    otp = f"-otp-{wanted.otp.split('.')[0]}" if wanted.otp else ""
    return Image(f"elixir:{wanted.elixir}{otp}-slim", rather)


def _the_one(hosts, what, values):
    """The newest of what all of those hosts have that have any; None where no host has."""
    told = {name: set(filter(None, values[name])) for name in hosts}
    common = set.intersection(*filter(None, told.values())) if any(told.values()) else set()
    if common:
        return max(common, key=lambda value: number(value) if value[0].isdigit() else (0,))
    if not any(told.values()):
        return None
    groups: dict[str, list[str]] = {}
    for name, value in told.items():
        groups.setdefault(" and ".join(sorted(value)), []).append(name)
    groups.pop("", None)
    which = ", ".join(f"{value} on {', '.join(names)}" for value, names in sorted(groups.items()))
    limits = " and ".join(f"--limit {','.join(names)}" for _value, names in sorted(groups.items()))
    raise ReleaseError(
        f"These hosts need tarballs of their own, for their {what} is not the same ({which}), and a release is built for one of them: "
        f"build and deploy one part of the fleet after the other, with {limits}."
    )


def _released(tool: str, version: str | None) -> tuple[str | None, str | None]:
    if not version:
        return None, None
    match = RELEASED.fullmatch(str(version))
    if not match:
        raise ReleaseError(
            f"{version!r} of {tool} is not a version that was released: give one, such as {'1.18.3' if tool == 'elixir' else '27.3'}, with "
            f"elixir_release_build_{tool}, or an image with elixir_release_build_image."
        )
    return match.group(1), match.group(2)
