# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._tarball import _mix_release

# The lines of bin/NAME that tell, as Mix of Elixir 1.9 and of 1.18 writes them
MIX_1_9 = """export RELEASE_ROOT="$(cd "$(dirname "$SELF")/.." && pwd -P)"
REL_VSN_DIR="$RELEASE_ROOT/releases/$RELEASE_VSN"
. "$REL_VSN_DIR/env.sh"
  exec "$REL_VSN_DIR/elixir" \\
"""
MIX_1_18 = """RELEASE_ROOT="$(CDPATH='' cd "$(dirname "$SELF")/.." && pwd -P)"
REL_VSN_DIR="$RELEASE_ROOT/releases/$RELEASE_VSN"
. "$REL_VSN_DIR/env.sh"
  exec "$REL_VSN_DIR/$REL_EXEC" \\
"""
ELIXIR = 'if [ -n "$ELIXIR_CLI_DRY_RUN" ]; then\n  echo "$@"\n'
# And those of others
RELX = 'RELEASE_ROOT_DIR="$(cd "$SCRIPT_DIR/.." && pwd -P)"\nexport RELEASE_NAME="guestbook"\nREL_DIR="$RELEASE_ROOT_DIR/releases/$REL_VSN"\n'
DISTILLERY_1 = 'RELEASE_ROOT_DIR="$(cd "$SCRIPT_DIR/.." && pwd)"\nexec "$RELEASES_DIR/$REL_VSN/$REL_NAME.sh" "$@"\n'
DISTILLERY_2 = 'exec "${SCRIPT_DIR}/${REL_NAME}_rc_exec.sh" "$@"\n'

MIX = {"releases/start_erl.data": "13.1.5 0.2.0", "bin/guestbook": MIX_1_18, "releases/0.2.0/elixir": ELIXIR}
ERLANG = {"releases/start_erl.data": "13.1.5 0.2.0", "bin/guestbook": RELX}


def refused(files):
    with pytest.raises(ReleaseError) as caught:
        _mix_release.refuse_others("The tarball x", "guestbook", files.get)
    assert str(caught.value).startswith("The tarball x ")
    return str(caught.value)


@pytest.mark.parametrize("script", [MIX_1_9, MIX_1_18])
def test_what_mix_made(script):
    _mix_release.refuse_others("The tarball x", "guestbook", {**MIX, "bin/guestbook": script}.get)


@pytest.mark.parametrize(
    "files, maker",
    [
        pytest.param(ERLANG, "relx (rebar3)", id="relx"),
        pytest.param({**ERLANG, "bin/guestbook": "RELX_RPC_TIMEOUT=60"}, "relx (rebar3)", id="relx, by another word"),
        pytest.param({**ERLANG, "bin/guestbook": DISTILLERY_1, "releases/0.2.0/guestbook.sh": ""}, "Distillery", id="Distillery 1"),
        pytest.param({**ERLANG, "bin/guestbook": DISTILLERY_2, "bin/guestbook_rc_exec.sh": ""}, "Distillery", id="Distillery 2"),
        pytest.param({**ERLANG, "bin/guestbook": 'DISTILLERY_VSN="2.1.1"'}, "Distillery", id="Distillery, by its name"),
        pytest.param({**MIX, "bin/guestbook": RELX}, "relx (rebar3)", id="relx, with Elixir's script"),
    ],
)
def test_says_who_made_it(files, maker):
    message = refused(files)
    assert f"is a release made by {maker}, not by `mix release`: nothing of it was run" in message and "MIX_ENV=prod mix release" in message


@pytest.mark.parametrize(
    "changes, words",
    [
        pytest.param({"releases/0.2.0/elixir": None}, "releases/0.2.0/elixir is missing. Nothing of it was run", id="without Elixir's script"),
        pytest.param({"releases/0.2.0/elixir": "exec erl"}, "releases/0.2.0/elixir is not the script of Elixir", id="with another"),
        pytest.param({"releases/start_erl.data": "13.1.5 0.3.0"}, "releases/0.3.0/elixir is missing", id="of another version than would be started"),
        pytest.param({"bin/guestbook": None}, "bin/guestbook is not there", id="without a program"),
        pytest.param({"bin/guestbook": 'exec /opt/wrapper "$@"'}, "Leave bin/guestbook out of rel/overlays; what has to happen before the start", id="wrapped"),
        pytest.param({"releases/start_erl.data": None}, "elixir is missing", id="without a version"),
    ],
)
def test_what_nobody_knows(changes, words):
    assert words in refused({**MIX, **changes})


def test_reads_an_unpacked_release(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "guestbook").write_bytes(b"#!/bin/sh\xff\n")
    read = _mix_release.in_directory(str(tmp_path))
    assert read("bin/guestbook") == "#!/bin/sh\ufffd\n"
    assert [read(name) for name in ("bin", "bin/other", "bin/guestbook/x")] == [None, None, None]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read all")
def test_what_cannot_be_read_is_not_taken_for_absent(tmp_path):
    (tmp_path / "elixir").touch(mode=0)
    with pytest.raises(PermissionError):
        _mix_release.in_directory(str(tmp_path))("elixir")
