# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import shutil

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _command
from ansible_collections.beamops.elixir.plugins.module_utils._root import _env_file


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


@pytest.fixture(params=["dash", "bash"])
def shell(request, monkeypatch):
    """Either of the two that are /bin/sh somewhere."""
    program = shutil.which(request.param)
    if not program:
        pytest.skip(f"there is no {request.param} here")
    run = _command.run
    options = ["--posix"] if request.param == "bash" else []
    monkeypatch.setattr(_command, "run", lambda argv, **rest: run([program, *options, *argv[1:]], **rest))


@pytest.fixture
def accept(place, account):
    def accept(text):
        path = place / ".env"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return _env_file.accept(str(path), account, "the env file")

    return accept


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


ACCEPTED = [
    pytest.param('A=x\nB="$A/y"\nC=${A}z\nD=${NO:-default}\nE="$(echo 1)"\n', {"A": "x", "B": "x/y", "C": "xz", "D": "default", "E": "1"}, id="computed"),
    pytest.param("A='{\"a\":1}'\nB='a\\b'\nC='pa$$w$1'\n", {"A": '{"a":1}', "B": "a\\b", "C": "pa$$w$1"}, id="single quotes keep all"),
    pytest.param("A='it'\\''s'\nB=it\\'s\nC=x\\ y\nD=\"a\\$b\\\"c\"\n", {"A": "it's", "B": "it's", "C": "x y", "D": 'a$b"c'}, id="meant escapes"),
    pytest.param('A=a$/b$\nB="$"\n', {"A": "a$/b$", "B": "$"}, id="a $ that is only a $"),
    pytest.param('PATH="$PATH":/opt/bin\n', {"PATH": f"{_env_file.PATH}:/opt/bin"}, id="quotes around an expansion"),
    pytest.param("alias x='y'\nA=1\n", {"A": "1"}, id="an alias"),
    pytest.param("echo B=1 >/dev/null\necho C=1 >/dev/null 2>&1\nA=1\n", {"A": "1"}, id="words of another command"),
    pytest.param("umask 027\n: ${A:=1}\n", {"A": "1"}, id="commands that say nothing"),
    pytest.param("A='\u201cHello\u201d'\nB=it\u2019s\n", {"A": "\u201cHello\u201d", "B": "it\u2019s"}, id="typographic quotes that are meant"),
    pytest.param("A=1\nexport A\nexport HOME\n", {"A": "1"}, id="exported afterwards"),
    pytest.param("A=1\neval 'A=2'\n", {"A": "2"}, id="set by another command"),
    pytest.param("A=1 # it's $$ {\"\nB='#'\n", {"A": "1", "B": "#"}, id="comments"),
    pytest.param("A=1; B=2;C=3\n", {"A": "1", "B": "2", "C": "3"}, id="more than one on a line"),
    pytest.param("A='x && y'\nB='if'\n", {"A": "x && y", "B": "if"}, id="what is control flow elsewhere"),
    pytest.param("cat >/dev/null <<END\nA=\"$$\n'\nEND\nA=1\n", {"A": "1"}, id="a here document"),
    pytest.param('if [ -n "$NO" ]; then\n  A=1\nfi\nB=2\n', {"B": "2"}, id="control flow asks what is not set"),
]


@pytest.mark.parametrize("text, variables", ACCEPTED)
def test_what_is_accepted(accept, shell, text, variables):
    assert accept(text) == variables


REFUSED = [
    pytest.param(f'A=1\nKEY="{SECRET}$$"\n', "line 2 (KEY): a shell puts something of its own for a $ in it: write KEY='...', with", id="$$"),
    pytest.param(f"KEY={SECRET}$1x\n", "line 1 (KEY): a shell puts something of its own", id="$1"),
    pytest.param(f"KEY={SECRET}${{1}}x\n", "line 1 (KEY): a shell puts something of its own", id="${1}"),
    pytest.param(f"KEY={SECRET}$@x\n", "line 1 (KEY): a shell puts something of its own", id="$@"),
    pytest.param(f"A=1\nKEY=pa${SECRET}\n", "line 2 (KEY): a $ in it expands to nothing: write KEY='...'", id="a name that is not set"),
    pytest.param(f'A=1\nexport KEY="pa${SECRET}"\n', "line 2 (KEY): a $ in it expands to nothing", id="such a name in double quotes"),
    pytest.param(f"A='{SECRET}\n{SECRET}'\nKEY=pa${SECRET}\n", "line 3 (KEY): a $ in it expands to nothing", id="such a name further down"),
    pytest.param(f"KEY={SECRET}/${{DB_HOST}}\n", "line 1 (KEY): ${DB_HOST} expands to nothing", id="a name in braces that is not set"),
    pytest.param(f'KEY={{"{SECRET}":1}}\n', "line 1 (KEY): a shell drops quotes in it: write KEY='...'", id="JSON"),
    pytest.param(f'KEY={{"{SECRET} {SECRET}":1}}\n', "line 1 (KEY): a shell drops quotes in it", id="JSON with a blank"),
    pytest.param(f"KEY={SECRET}\\b\n", "line 1 (KEY): a shell drops a \\ in it", id="a backslash"),
    pytest.param(f"KEY=$'{SECRET}\\n'\n", "line 1 (KEY): $' and", id="$'"),
    pytest.param(f"KEY=\u201c{SECRET}\u201d\n", "line 1 (KEY): typographic quotes", id="smart double quotes"),
    pytest.param(f"export KEY=\u2018{SECRET} x\u2019\n", "line 1 (KEY): typographic quotes", id="smart single quotes with a blank"),
    pytest.param(f"KEY=abc>{SECRET}\n", "line 1 (KEY): a shell ends the value at the > in it", id=">"),
    pytest.param(f"export KEY=abc<{SECRET}\n", "line 1 (KEY): a shell ends the value at the < in it", id="<"),
    pytest.param(f"KEY=abc >{SECRET}\n", "line 1 (KEY): a shell takes the < or > behind it", id="> behind a blank"),
    pytest.param(f"KEY=http://x?a={SECRET}&b=1\n", "line 1 (KEY): a shell ends the value at the & in it", id="&"),
    pytest.param(f"KEY=$(cat /proc/sys/kernel/random/uuid)\nB={SECRET}\n", "gives KEY another value each time", id="another value each time"),
    pytest.param(f"if true; then KEY=$$; fi\nB={SECRET}\n", "gives KEY another value each time", id="the shell's pid in control flow"),
    pytest.param(f"\ufeffKEY={SECRET}\n", "the env file begins with a byte order mark", id="a byte order mark"),
    pytest.param(f"KEY={SECRET}\nB=Gr\u00fc\u00dfe\n".encode("latin-1"), "the env file, line 2, is not UTF-8", id="Latin-1"),
    pytest.param(f"KEY={SECRET}\r\n", "the env file has Windows line ends", id="Windows line ends"),
    pytest.param(f"echo {SECRET}\n", "line 1: 'echo' prints", id="echo"),
    pytest.param(f"A=1\nKEY = {SECRET}\n", "line 2 (KEY): a shell knows no blank around the '='", id="blanks around ="),
    pytest.param(f"export KEY ={SECRET}\n", "line 1 (KEY): a shell knows no blank around the '='", id="a blank before ="),
    pytest.param(f"KEY: {SECRET}\n", "line 1 (KEY): 'KEY:' is YAML", id="YAML"),
    pytest.param(f"source {SECRET}\n", "line 1: 'source' is a word of bash", id="source"),
    pytest.param("A=1\nexport KEY\n", "line 2 (KEY): 'export' without a value", id="export without a value"),
    pytest.param(f"A=1\n{SECRET}\n", "line 2 is a name without a value", id="a bare word"),
    pytest.param(f"A=1\nno-such-command {SECRET}\n", "line 2 is no assignment, but a command to a shell", id="another command"),
    pytest.param(f"KEY='{SECRET}\n", "line 1 (KEY) ends the shell", id="a quote left open"),
    pytest.param(f"KEY={SECRET} {SECRET}\n", "line 1 (KEY) makes the shell complain", id="a blank"),
]


@pytest.mark.parametrize("text, words", REFUSED)
def test_what_is_refused_when_it_is_new(accept, shell, text, words):
    with pytest.raises(ReleaseError) as error:
        accept(text)
    message = str(error.value)
    assert words in message and message.startswith("the env file")
    assert SECRET not in message


def test_where_two_shells_differ_it_is_refused(accept, shell):
    """bash expands braces behind export, and dash does not."""
    try:
        assert accept("export A={a,b}\n") == {"A": "{a,b}"}
    except ReleaseError as error:
        assert "line 1 (A): a shell gets another value than the one that is written there: write A='...'" in str(error)


def test_nothing_of_a_value_is_written_or_run(accept, place):
    for operator in (">", "&touch ", "|touch "):
        with pytest.raises(ReleaseError):
            accept(f"A=abc{operator}{place}/made\n")
        assert not (place / "made").exists()


def test_what_was_accepted_once_is_still_loaded(load):
    """A release with such a file may be the one to go back to."""
    assert load('A={"a":1}\nB=pa$word\nC=a\\b\nD=x$1y\n') == {"A": "{a:1}", "B": "pa", "C": "ab", "D": "xy"}


@pytest.mark.parametrize(
    "text, computed",
    [
        ("A=1\nB='$A'\nC=\"x y\"\n", set()),
        ('A=$(id)\nB="$A"\nC=${A:-1}\n', {"A", "B", "C"}),
        ("A=$B\nA=1\nB=$A\nB='2'\nC=\n", set()),
        ("A=~/x\nB=/x:~\nC=x~y\n", {"A", "B"}),
        (". /etc/defaults\nA=1\n", {"B", "C"}),
        ("if x; then A=$B; B=1; fi\nC=1\n", {"A"}),
    ],
)
def test_which_values_a_shell_computes(text, computed):
    assert _env_file.computed(text, ["A", "B", "C"]) == computed
