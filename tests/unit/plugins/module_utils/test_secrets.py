# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils import _secrets


@pytest.mark.parametrize(
    "environ, shown, secrets",
    [
        pytest.param({"SECRET_KEY_BASE": "0123456789"}, [], {"0123456789"}, id="a secret"),
        pytest.param({"RELEASE_COOKIE": "COOKIE123"}, [], {"COOKIE123"}, id="the cookie"),
        pytest.param({"RELEASE_COOKIES": "COOKIE123", "RELEASE_NODE": "guestbook@host"}, [], set(), id="other variables of mix release"),
        pytest.param({"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "PHX_SERVER": "true"}, [], set(), id="well known"),
        pytest.param({"PORT": "400000", "PHX_HOST": "example.com", "SMTP_PORT": "587587"}, [], set(), id="hosts and ports"),
        pytest.param({"ERL_CRASH_DUMP": "/opt/x/dump", "ELIXIR_ERL_OPTIONS": "+fnu +K true"}, [], set(), id="the runtime's"),
        pytest.param({"MYPORT": "400000", "PATHS": "/usr/bin"}, [], {"400000", "/usr/bin"}, id="names that only resemble"),
        pytest.param({"POOL_SIZE": "10", "A": "12345", "EMPTY": ""}, [], set(), id="too short to protect"),
        pytest.param({"A": "123456"}, [], {"123456"}, id="just long enough"),
        pytest.param({"APP_DIR": "/opt/guestbook", "APP": "guestbook"}, ["/opt/guestbook"], set(), id="stands in what is shown"),
        pytest.param({"SENTRY_RELEASE": "0.10.12"}, ["0.10.12-9f8e7d6c"], set(), id="the version stands in the release's id"),
        pytest.param({"DATABASE_URL": "ecto://kai:hunter22@db/guestbook"}, [], {"ecto://kai:hunter22@db/guestbook", "hunter22"}, id="the password in a URL"),
        pytest.param(
            {"DATABASE_URL": "postgres://kai:p%40ss%3Aword@db:5432/x"},
            [],
            {"postgres://kai:p%40ss%3Aword@db:5432/x", "p%40ss%3Aword", "p@ss:word"},
            id="an encoded password, decoded too",
        ),
        pytest.param({"REDIS_URL": "redis://:hunter22@cache"}, [], {"redis://:hunter22@cache", "hunter22"}, id="a password without a user"),
        pytest.param({"KEY": "MIIEvQ\nIBADAN\n=\n"}, [], {"MIIEvQ\nIBADAN\n=\n", "MIIEvQ", "IBADAN"}, id="the lines of a key"),
        pytest.param({"URL": "https://example.com/a:b@c"}, [], {"https://example.com/a:b@c"}, id="no password in a URL"),
    ],
)
def test_which_values_are_secret(environ, shown, secrets):
    assert _secrets.of(environ, shown) == secrets
