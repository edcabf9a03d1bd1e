# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest


@pytest.fixture
def deploy(playbook, tarballs):
    """Deploy a build to one host, by default web1."""

    def run(build, *options, limit="web1", **variables):
        return playbook("deploy", "--limit", limit, *options, **{"elixir_release_tarball": tarballs[build], **variables})

    return run


@pytest.fixture(scope="session")
def web1(hosts):
    return hosts["web1"]
