# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._root import _layout

LAYOUT = _layout.Layout("/opt/guestbook")
RELEASE = "/opt/guestbook/releases/0.2.0-9f8e7d6c"


@pytest.mark.parametrize(
    "path, expected",
    [
        (LAYOUT.current, "/opt/guestbook/current"),
        (LAYOUT.releases, "/opt/guestbook/releases"),
        (LAYOUT.env_link, "/opt/guestbook/.env"),
        (LAYOUT.tmp, "/opt/guestbook/tmp"),
        (LAYOUT.ledger, "/opt/guestbook/ledger.jsonl"),
        (LAYOUT.lock, "/opt/guestbook/deploy.lock"),
        (LAYOUT.release("0.2.0-9f8e7d6c"), RELEASE),
        (LAYOUT.unfinished("0.2.0-9f8e7d6c"), "/opt/guestbook/releases/.0.2.0-9f8e7d6c.unfinished"),
        (_layout.env_file(RELEASE), f"{RELEASE}/.env"),
        (_layout.record(RELEASE), f"{RELEASE}/.deploy.json"),
        (_layout.cookie_file(RELEASE), f"{RELEASE}/releases/COOKIE"),
        (_layout.script(RELEASE, "migrate"), f"{RELEASE}/bin/migrate"),
    ],
)
def test_where_things_lie(path, expected):
    assert path == expected
