# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

UNIT = "guestbook.service"


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
