# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time
import typing as t

import pytest

UNIT = "guestbook.service"


@pytest.fixture
def deploy(playbook, tarballs):
    """Deploy a build to one host, by default web1."""

    def run(build, *options, limit="web1", **variables):
        return playbook("deploy", "--limit", limit, *options, **{"elixir_release_tarball": tarballs[build], **variables})

    return run


@pytest.fixture(scope="session")
def web1(hosts):
    return hosts["web1"]


@pytest.fixture(scope="session")
def container(fleet):
    """The name of web1's container, whose engine can do what happens to a machine."""
    return f"beamops-{fleet.name}-web1"


@pytest.fixture(scope="session")
def unit(web1):
    """A property of a unit, as systemd says it."""

    def show(name, of=UNIT):
        return web1.run(f"systemctl show --value --property={name} {of}").strip()

    return show


def until(condition: t.Callable[[], t.Any], seconds: float = 20) -> t.Any:
    """What it gives as soon as that is something; an error on the way is nothing."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            found = condition()
        except (OSError, ValueError, AssertionError):
            found = None
        if found or time.monotonic() > deadline:
            return found
        time.sleep(0.1)


@pytest.fixture(scope="session")
def eventually():
    return until
