# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.plugin_utils import _builder

BULLSEYE = {"machine": "x86_64", "libc": "glibc", "glibc": "2.31", "openssl": ["1.1"]}
BOOKWORM = {"machine": "x86_64", "libc": "glibc", "glibc": "2.36", "openssl": ["3"]}
TRIXIE = {**BOOKWORM, "glibc": "2.41"}
JAMMY = {**BOOKWORM, "glibc": "2.35"}
NOBLE = {**BOOKWORM, "glibc": "2.39"}
BARE = {**BOOKWORM, "openssl": []}
BOTH = {**BOOKWORM, "openssl": ["1.1", "3"]}
ARM = {**BOOKWORM, "machine": "aarch64"}
ALPINE = {"machine": "x86_64", "libc": "musl", "glibc": None, "openssl": ["3"]}


def named(*hosts):
    return {f"web{number}": host for number, host in enumerate(hosts, 1)}


@pytest.mark.parametrize(
    "hosts, codename",
    [
        ([BULLSEYE], "bullseye"),
        ([BOOKWORM], "bookworm"),
        ([TRIXIE], "trixie"),
        ([TRIXIE, BOOKWORM], "bookworm"),
        ([NOBLE], "bookworm"),
        # Debian has none that is as old; the check of the tarball has the last word
        ([JAMMY], "bookworm"),
        ([BARE], "bookworm"),
        ([BARE, TRIXIE], "bookworm"),
        ([BULLSEYE, BOTH], "bullseye"),
        ([BOTH, TRIXIE], "bookworm"),
        ([], "trixie"),
    ],
)
def test_the_debian_that_fits_all(hosts, codename):
    assert _builder.debian(_builder.fleet(named(*hosts))).codename == codename


@pytest.mark.parametrize(
    "hosts, told",
    [
        ([BULLSEYE, BOOKWORM, TRIXIE], ["OpenSSL", "1.1 on web1", "3 on web2, web3", "--limit web1 and --limit web2,web3"]),
        ([ARM, BOOKWORM], ["machine", "aarch64 on web1", "x86_64 on web2"]),
        ([ALPINE, BOOKWORM], ["C library", "glibc on web2", "musl on web1"]),
    ],
)
def test_a_fleet_that_needs_two_tarballs(hosts, told):
    with pytest.raises(ReleaseError) as error:
        _builder.fleet(named(*hosts))
    assert all(words in str(error.value) for words in told)


@pytest.mark.parametrize(
    "text, given, versions",
    [
        ("", (None, None), (None, None)),
        ("elixir 1.18.3-otp-27\nerlang 27.3.3\n", (None, None), ("1.18.3", "27.3.3")),
        ("elixir 1.18.3-otp-27\n", (None, None), ("1.18.3", "27")),
        ("nodejs 20.1\n# elixir 1.1\n  erlang\t27.3.3 26.2\nelixir 1.18.3 # the newest\n", (None, None), ("1.18.3", "27.3.3")),
        ("elixir 1.18.3-otp-27\nerlang 27.3.3\n", ("1.17.0", None), ("1.17.0", "27.3.3")),
        ("elixir 1.18.3-otp-27\nerlang 27.3.3\n", (None, "26"), ("1.18.3", "26")),
        ("elixir 1.19.0-rc.1-otp-28\n", (None, None), ("1.19.0-rc.1", "28")),
    ],
)
def test_the_versions(text, given, versions):
    assert tuple(_builder.versions(text, *given)) == versions


@pytest.mark.parametrize("text", ["elixir main-otp-27\n", "elixir ref:0123abc\n", "erlang system\n"])
def test_what_was_not_released_is_told(text):
    with pytest.raises(ReleaseError, match="is not a version that was released: give one"):
        _builder.versions(text, None, None)


@pytest.mark.parametrize(
    "versions, given, image",
    [
        ((None, None), None, ("debian:bookworm-slim", None)),
        (("1.18.3", "27.3.3"), None, ("elixir:1.18.3-otp-27-slim", "hexpm/elixir:1.18.3*-erlang-27.3.3*-debian-bookworm-*")),
        (("1.18", None), None, ("elixir:1.18-slim", "hexpm/elixir:1.18*-erlang-*-debian-bookworm-*")),
        (("1.18", None), "ours:1", ("ours:1", None)),
    ],
)
def test_the_image(versions, given, image):
    assert tuple(_builder.image(_builder.fleet(named(BOOKWORM, TRIXIE)), _builder.Versions(*versions), given)) == image


def test_the_image_for_musl_has_to_be_given():
    alpine = _builder.fleet(named(ALPINE))
    assert _builder.image(alpine, _builder.Versions(None, None), "ours:alpine").name == "ours:alpine"
    with pytest.raises(ReleaseError, match="musl as their C library.*elixir_release_build_image"):
        _builder.image(alpine, _builder.Versions(None, None), None)
