# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
import time
import urllib.parse

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._root import _secrets


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
        pytest.param(
            {"DATABASE_URL": "ecto://kai:hunter22@db/guestbook"},
            [],
            {"ecto://kai:hunter22@db/guestbook", "kai:hunter22@db/guestbook", "kai:hunter22", "hunter22"},
            id="the password in a URL",
        ),
        pytest.param(
            {"A": "redis://:p%40ss%3Aword@cache"},
            [],
            {"redis://:p%40ss%3Aword@cache", "redis://:p@ss:word@cache", ":p%40ss%3Aword@cache", ":p@ss:word@cache"}
            | {":p%40ss%3Aword", ":p@ss:word", "p%40ss%3Aword", "p@ss:word"},
            id="an encoded password, decoded too, without a user",
        ),
        pytest.param({"DSN": "https://0123abcd@sentry.io/1"}, [], {"https://0123abcd@sentry.io/1", "0123abcd@sentry.io/1", "0123abcd"}, id="a key in a URL"),
        pytest.param({"KEY": "MIIEvQ\nIBADAN\n=\n"}, [], {"MIIEvQ\nIBADAN\n=\n", "MIIEvQ\\nIBADAN\\n=\\n", "MIIEvQ", "IBADAN"}, id="the lines of a key"),
        pytest.param({"URL": "https://example.com/a"}, [], {"https://example.com/a", "example.com/a"}, id="no password in a URL"),
        pytest.param({"ERL_FLAGS": "-setcookie COOKIE123 +P 5000"}, [], {"COOKIE123"}, id="a cookie among the runtime's options"),
        pytest.param({"DB_HOST": "ecto://kai:hunter22@db/x"}, [], {"kai:hunter22@db/x", "kai:hunter22", "hunter22"}, id="a URL in a harmless variable"),
        pytest.param({"A": 'pass"w\\ord#{x}'}, [], {'pass"w\\ord#{x}', 'pass\\"w\\\\ord\\#{x}'}, id="as inspect() prints it"),
        pytest.param({"MAIL_FROM": "support@example.com"}, [], {"support@example.com"}, id="an address of mail"),
        pytest.param({"MOTTO": "Remember: support others"}, [], {"Remember: support others"}, id="a sentence"),
    ],
)
def test_which_values_are_secret(environ, shown, secrets):
    assert _secrets.of(environ, shown) == secrets


PASSWORD = "hunter22"
MALFORMED = [
    "ecto:/guestbook:{}@db1/guestbook",
    "ecto:guestbook:{}@db1/guestbook",
    "postgres//guestbook:{}@db1:5432/guestbook",
    "ecto://guestbook:{}#x@db1/guestbook",
    "ecto://guestbook:x/{}@db1/guestbook",
    "ecto://guestbook:x@{}@db1/guestbook",
    "ecto://guestbook:{}@db1:port/guestbook",
    "ecto://guestbook:{} @db1/guestbook",
    "ecto://guestbook: {}@db1/guestbook",
    "ecto://guestbook:x%{}@db1/guestbook",
    "ecto://guestbook:{}",
    "ecto://guestbook@db1:{}",
    "//guestbook:{}@db1",
    "guestbook:{}@db1/guestbook",
    '"ecto://guestbook:{}@db1/guestbook"',
    "ecto://guestbook:{}@db1/guestbook?options=a@b",
    "'ecto:///guestbook:{}@db1/guestbook'",
]


@pytest.mark.parametrize("form", MALFORMED)
@pytest.mark.parametrize("password", [PASSWORD, "hunter%2022", 'hun"ter\\22'])
def test_no_piece_of_a_malformed_url_is_shown(form, password):
    url = form.format(password)
    secrets = _secrets.of({"DATABASE_URL": url}, ["guestbook", "/opt/guestbook"])
    quoted = url.replace("\\", "\\\\").replace('"', '\\"')
    prints = [url, quoted, urllib.parse.unquote(url), *_split(url), *_split(quoted), *_split(urllib.parse.unquote(url))]
    for text in prints:
        assert not any(piece in _secrets.mask(f"cannot parse {text}!", secrets) for piece in ("hunter", "hun", "ter\\", "ter22"))


def _split(url):
    """What parsers make of it."""
    yield from re.split("[/:@#?]", url)
    yield from url.split("@")
    yield from url.split(":", 1)
    yield from url.split("//", 1)
    yield url.rpartition("@")[0].partition("//")[2]


@pytest.mark.parametrize("form", [*MALFORMED, "ecto://guestbook:{}@localhost:5432/guestbook"])
def test_what_tells_the_cause_is_still_shown(form):
    secrets = _secrets.of({"DATABASE_URL": form.format(PASSWORD), "POOL_SIZE": "10"}, ["guestbook", "/opt/guestbook"])
    told = "** (RuntimeError) guestbook: cannot reach db1:5432 or localhost of postgres, ecto: invalid URI, see config/runtime.exs and /opt/guestbook"
    assert _secrets.mask(told, secrets) == told


def test_a_document_with_colons_takes_no_time():
    began = time.monotonic()
    assert len(_secrets.of({"KEY": '{"a":"http://x@y"},' * 2000})) < 300
    assert time.monotonic() - began < 0.5


def test_the_longest_is_masked_first():
    assert _secrets.mask("x abcdefghi", {"abcdef", "abcdefghi"}) == "x ********"
