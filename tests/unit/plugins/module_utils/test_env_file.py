# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils import _command, _env_file
from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError


@pytest.fixture
def load(place, account, monkeypatch):
    """Loads a text as an env file, while the caller's environment has things that must not come along."""
    for key in ("RELEASE_COOKIE", "RELEASE_NODE", "RELEASE_ROOT", "CALLERS"):
        monkeypatch.setenv(key, "callers")
    path = place / ".env"

    def load(text, **options):
        path.write_bytes(text.encode())
        return _env_file.load(str(path), account, **options)

    return load


@pytest.mark.parametrize(
    "text, variables",
    [
        pytest.param("", {}, id="empty"),
        pytest.param("# A=1\n\n  # B=2\n", {}, id="comments only"),
        pytest.param("A=1\nexport B=2\nexport C=3 D=4\n", {"A": "1", "B": "2", "C": "3", "D": "4"}, id="with and without export"),
        pytest.param("A=1", {"A": "1"}, id="no line end at the end"),
        pytest.param("A='x y'\nB=\"x  y\"\nC=x\\ y\n", {"A": "x y", "B": "x  y", "C": "x y"}, id="quotes"),
        pytest.param("A='a\nb\n'\nB=2\n", {"A": "a\nb\n", "B": "2"}, id="more than one line"),
        pytest.param("A=\nB=''\n", {"A": "", "B": ""}, id="empty values"),
        pytest.param("A=1\nB=\"$A-${A}-${C:-default}\"\nC='$A'\n", {"A": "1", "B": "1-1-default", "C": "$A"}, id="expansions"),
        pytest.param("A=$(echo 1; echo 2)\nB=`echo 3`\n", {"A": "1\n2", "B": "3"}, id="command substitution"),
        pytest.param("A=a#b\nB='#c'\nC=d # comment\n", {"A": "a#b", "B": "#c", "C": "d"}, id="#"),
        pytest.param("A=a=b==\nB='c=d e=f'\n", {"A": "a=b==", "B": "c=d e=f"}, id="="),
        pytest.param(
            "A='ecto://kai:x@db/x?ssl=true&pool=10;a|b<c>d(e)'\n", {"A": "ecto://kai:x@db/x?ssl=true&pool=10;a|b<c>d(e)"}, id="what a shell knows, quoted"
        ),
        pytest.param("A='Grüße, 世界'\n", {"A": "Grüße, 世界"}, id="not ASCII"),
        pytest.param("A=1\nA=2\n", {"A": "2"}, id="the last one counts"),
        pytest.param("PATH=$PATH:/opt/bin\n", {"PATH": f"{_env_file.PATH}:/opt/bin"}, id="PATH added to"),
        pytest.param("LANG=de_DE.UTF-8\n", {"LANG": "de_DE.UTF-8"}, id="another locale"),
        pytest.param("B=2\nset -u\n: ${A:=1}\n", {"A": "1", "B": "2"}, id="options and defaults"),
        pytest.param(": <<END\nit's no quote\nEND\nA=1\n", {"A": "1"}, id="a here document with an apostrophe"),
    ],
)
def test_is_loaded_as_sh_does(load, text, variables):
    assert load(text) == variables


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('if [ -n "$NO" ]; then\n  A=1\nfi\nB=2\n', id="if"),
        pytest.param("case x in\n  y) A=1 ;;\nesac\nB=2\n", id="case"),
        pytest.param("for i in; do\n  A=1\ndone\nB=2\n", id="for"),
        pytest.param("while false; do A=1; done\nB=2\n", id="while"),
        pytest.param("A=1\nunset A\nB=2\n", id="unset"),
        pytest.param('[ -n "$NO" ] && A=1\nB=2\n', id="&&"),
        pytest.param("true || A=1\nB=2\n", id="||"),
        pytest.param("f() {\n  A=1\n}\nB=2\n", id="a function"),
    ],
)
def test_control_flow_raises_no_alarm(load, text):
    assert load(text) == {"B": "2"}


@pytest.mark.parametrize(
    "text, value",
    [("B=$(printf 'x=%s' 1)\n", "x=1"), ("B=$(echo A=$(echo 1))\n", "A=1"), ("B=`echo A=1`\n", "A=1"), ("B=$(cat <<END\nA=1\nEND\n)\n", "A=1")],
)
def test_what_looks_like_an_assignment_in_a_command_substitution_is_none(load, text, value):
    assert load(text) == {"B": value}


SECRET = "s3cr3t"

ERRORS = [
    pytest.param(f"A=1\nKEY={SECRET} {SECRET}\nB=2\n", ["line 2 (KEY)", "single quotes"], id="unquoted blank"),
    pytest.param(f"A=1\nexport KEY={SECRET};{SECRET}\n", ["line 2 (KEY)"], id="unquoted ;"),
    pytest.param(f"A=1\nURL=ecto://kai:{SECRET}@db/x?ssl=true&pool={SECRET}\n", ["URL", "&"], id="unquoted & before an assignment"),
    pytest.param(f"A=1\nURL=http://x/?a={SECRET}&{SECRET}\n", ["URL"], id="unquoted & before a command"),
    pytest.param(f"A=1\nKEY={SECRET}|{SECRET}\n", ["line 2 (KEY)"], id="unquoted |"),
    pytest.param(f"A=1\nKEY={SECRET}({SECRET})\n", ["line 2 (KEY)"], id="unquoted ("),
    pytest.param(f"A=1\nKEY={SECRET}<{SECRET}\n", ["line 2 (KEY)"], id="unquoted <"),
    pytest.param(f"A=1\nKEY=`{SECRET}`\n", ["complain"], id="unquoted `"),
    pytest.param(f"A=1\n\nKEY='{SECRET}\nB=2\nC=3\n", ["line 3 (KEY)", "close every quote"], id="a quote left open"),
    pytest.param(f'A=1\nKEY="{SECRET}\nB="2"\n', ["line 2 (KEY)"], id="a quote that the next line closes"),
    pytest.param(f"KEY=it's-{SECRET}\nB=2\n", ["line 1 (KEY)"], id="an apostrophe"),
    pytest.param(f"A='{SECRET}\n{SECRET}'\nKEY={SECRET} {SECRET}\n", ["line 3 (KEY)"], id="after a value of two lines"),
    pytest.param(f"KEY = {SECRET}\n", ["line 1"], id="blanks around ="),
    pytest.param(f"A=1\n; {SECRET}\n", ["line 2"], id="a comment of an ini file"),
    pytest.param(f"\ufeffKEY={SECRET}\n", ["line 1"], id="a byte order mark"),
    pytest.param(f"KEY={SECRET}\nexit 0\n", ["'exit'"], id="exit 0"),
    pytest.param(f"KEY={SECRET}\nexit 3\n", ["'exit'"], id="exit 3"),
    pytest.param(f"KEY={SECRET}\nreturn 0\nB=2\n", ["assigns B"], id="return"),
    pytest.param(f"KEY={SECRET}\r\nB=2\r\n", ["Windows line ends"], id="Windows line ends"),
    pytest.param(f"echo {SECRET}\nA=1\n", ["complain"], id="it prints"),
]


@pytest.mark.parametrize("text, words", ERRORS)
def test_what_a_shell_loses_is_an_error_that_shows_no_value(load, place, text, words):
    with pytest.raises(ReleaseError) as error:
        load(text)
    message = str(error.value)
    for word in [str(place / ".env"), *words]:
        assert word in message
    assert SECRET not in message


def test_a_command_that_waits_is_not_waited_for(load, monkeypatch):
    monkeypatch.setattr(_env_file, "SECONDS", 0.2)
    with pytest.raises(ReleaseError, match=r"within 0.2 s: a command in it waits") as error:
        load(f"KEY={SECRET}\nsleep 30\n")
    assert SECRET not in str(error.value)


def test_in_errors_it_has_the_name_that_the_user_knows(load, place):
    with pytest.raises(ReleaseError, match="^the env file, line 1") as error:
        load("A=1 2\n", shown="the env file")
    assert str(place) not in str(error.value)


def test_a_file_that_is_not_there(place, account):
    with pytest.raises(FileNotFoundError):
        _env_file.load(str(place / ".env"), account)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can load it as another user")
def test_a_file_that_its_user_may_not_read(place):
    path = place / ".env"
    path.write_text(f"KEY={SECRET}\n")
    path.chmod(0o600)
    with pytest.raises(ReleaseError, match=r"\.env cannot be read by nobody") as error:
        _env_file.load(str(path), _command.account("nobody"))
    assert SECRET not in str(error.value)


def test_what_every_process_starts_from(monkeypatch):
    monkeypatch.setenv("LC_ALL", "C")
    account = _command.Account("guestbook", 999, 998, "/opt/guestbook")
    assert _env_file.base(account) == {"PATH": _env_file.PATH, "HOME": "/opt/guestbook", "USER": "guestbook", "LOGNAME": "guestbook", "LANG": "C.UTF-8"}
