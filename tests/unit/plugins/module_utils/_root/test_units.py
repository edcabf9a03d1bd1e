# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._root import _units

SERVICE = _units.Service(
    root="/opt/guestbook",
    path="/opt/guestbook/releases/0.1.0-a",
    name="guestbook",
    version="0.1.0",
    user="guestbook",
    tmp="/opt/guestbook/tmp",
    environment_file="/opt/guestbook/releases/0.1.0-a/.environment",
    stop_seconds=90,
    writable=("-/opt/guestbook/shared",),
    port=4000,
    epmd_port=4369,
)


def lines(**changes):
    return _units.text(SERVICE._replace(**changes)).splitlines()


@pytest.mark.parametrize(
    ("root", "slot", "name"),
    [
        ("/opt/guestbook", None, "guestbook.service"),
        ("/opt/guestbook", "blue", "guestbook-blue.service"),
        ("/srv/my shop", None, "my-shop.service"),
        ("/srv/.hidden", None, "hidden.service"),
        ("/srv/Grüße", None, "Gr--e.service"),
    ],
)
def test_names(root, slot, name):
    assert _units.unit(root, slot) == name


def test_it_starts_what_was_proven_and_not_what_is_current():
    assert "ExecStart=/opt/guestbook/releases/0.1.0-a/bin/guestbook start" in lines()
    assert not any("current" in line for line in lines())


def test_no_value_of_the_environment_stands_in_it():
    assert not any(line.startswith("Environment=") for line in lines())
    assert "EnvironmentFile=/opt/guestbook/releases/0.1.0-a/.environment" in lines()


def test_a_stop_has_as_long_as_a_deploy_gives_it():
    assert "TimeoutStopSec=42.5" in lines(stop_seconds=42.5)
    assert not any(line.startswith("ExecStop") for line in lines())


def test_what_systemd_would_expand_is_escaped():
    found = lines(root="/opt/50%", path="/opt/a b$c%d", tmp="/opt/50%/tmp", writable=("/srv/a b", "/srv/$x"))
    assert "X-ElixirRelease=/opt/50%%" in found
    assert 'ExecStart="/opt/a b$$c%%d/bin/guestbook" start' in found
    assert "WorkingDirectory=/opt/50%%/tmp" in found
    assert 'ReadWritePaths=/opt/50%%/tmp "/srv/a b" /srv/$x' in found


@pytest.mark.parametrize(("port", "capability"), [(443, "CAP_NET_BIND_SERVICE"), (1023, "CAP_NET_BIND_SERVICE"), (1024, ""), (0, ""), (None, "")])
def test_a_port_below_1024_needs_a_right(port, capability):
    assert f"AmbientCapabilities={capability}" in lines(port=port)
    assert f"CapabilityBoundingSet={capability}" in lines(port=port)


@pytest.mark.parametrize(
    ("changes", "hidden"), [({}, True), ({"root": "/home/shop/app"}, False), ({"writable": ["/root/x"]}, False), ({"root": "/homes/x"}, True)]
)
def test_homes_are_hidden_where_nothing_of_it_lies_there(changes, hidden):
    assert ("ProtectHome=true" in lines(**changes)) is hidden


def test_without_epmd():
    assert "Wants=network-online.target" in lines(epmd_port=None)
    assert "Wants=network-online.target elixir-release-epmd@4370.service" in lines(epmd_port=4370)


def test_whose_it_is():
    text = _units.text(SERVICE)
    assert _units.is_of(text, "/opt/guestbook") and not _units.is_of(text, "/opt/guest") and not _units.is_of("", "/opt/guestbook")
