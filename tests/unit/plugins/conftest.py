# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was recorded of real releases (see recorded/README.md), and a stand-in for a release whose processes are real."""

from __future__ import annotations

import base64
import contextlib
import gzip
import hashlib
import http.server
import io
import json
import os
import pathlib
import shutil
import signal
import tarfile
import tempfile
import threading
import time

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._host import _command
from ansible_collections.beamops.elixir.plugins.module_utils._root import _layout, _releases
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _proxy

RECORDED = pathlib.Path(__file__).parent.parent / "recorded"
NAME, VERSION = "guestbook", "0.1.0"

# Behaves as the bin/NAME of `mix release` does, as far as the plugins rely on it. The BEAM is a shell of another name: a real process
# with the command line and the environment of a real one. As that of a real one does, its `daemon` says 0 whatever comes of it.
SCRIPT = r"""#!/bin/sh
set -e
RELEASE_ROOT="$(cd "${0%/*}/.." && pwd -P)"
[ -n "$RELEASE_VSN" ] || read -r _erts RELEASE_VSN <"$RELEASE_ROOT/releases/start_erl.data" || :
[ -n "$RELEASE_COOKIE" ] || read -r RELEASE_COOKIE <"$RELEASE_ROOT/releases/COOKIE" || :
export RELEASE_ROOT RELEASE_VSN RELEASE_COOKIE
REL_VSN_DIR="$RELEASE_ROOT/releases/$RELEASE_VSN"
export RELEASE_NAME="${RELEASE_NAME:-guestbook}"
export RELEASE_NODE="${RELEASE_NODE:-$RELEASE_NAME}"
export RELEASE_TMP="${RELEASE_TMP:-$RELEASE_ROOT/tmp}"
export RELEASE_DISTRIBUTION="${RELEASE_DISTRIBUTION:-sname}"
export RELEASE_COMMAND="$1"
node="-$RELEASE_DISTRIBUTION $RELEASE_NODE"
[ "$RELEASE_DISTRIBUTION" != none ] || node=
boot="-setcookie $RELEASE_COOKIE $node -boot $RELEASE_ROOT/releases/$RELEASE_VSN/start"

reach_the_node() {
  read -r cookie <"$RELEASE_TMP/cookie" && [ "$RELEASE_COOKIE" = "$cookie" ] || { echo "--rpc-eval : RPC failed with reason :nodedown" >&2; exit 1; }
}

case $1 in
  start)
    [ "$FAULT" != broken ] || { echo "erl: error while loading shared libraries: libtinfo.so.6" >&2; exit 127; }
    command="$RELEASE_ROOT/erts-13.1.5/bin/erl -noshell $boot -extra --no-halt"
    [ ! -e "$REL_VSN_DIR/elixir" ] || exec "$REL_VSN_DIR/elixir" "$command"
    echo "$command" ;;
  daemon)
    mkdir -p "$RELEASE_TMP/log" "$RELEASE_TMP/pipe"
    printf '\n=====\n===== LOGGING STARTED %s\n=====\n' "$(date)" >>"$RELEASE_TMP/log/erlang.log.1"
    [ "$FAULT" != crash ] || { echo "Runtime terminating during boot" >>"$RELEASE_TMP/log/erlang.log.1"; exit 0; }
    [ -p "$RELEASE_TMP/never" ] || mkfifo "$RELEASE_TMP/never"
    echo "$RELEASE_COOKIE" >"$RELEASE_TMP/cookie"
    "$RELEASE_ROOT/erts-13.1.5/bin/beam.smp" -c "read -r line <'$RELEASE_TMP/never'" beam.smp -- -noshell $boot </dev/null >/dev/null 2>&1 &
    printf '%s' $! >"$RELEASE_TMP/pid" ;;
  stop) reach_the_node; kill "$(cat "$RELEASE_TMP/pid")" ;;
  rpc)
    reach_the_node
    case $2 in *eval_string*)
      echo "$2" | sed -n 's/.*decode64!("\([^"]*\)").*/\1/p' | base64 -d >>"$RELEASE_TMP/evaluated"
      echo >>"$RELEASE_TMP/evaluated"
      [ ! -e "$RELEASE_TMP/hangs" ] || sleep 5
      cat "$RELEASE_TMP/evaluates"
      exit ;;
    esac
    echo "{{:${STATUS:-started}, :started}, \"$(cat "$RELEASE_TMP/pid")\", \"$RELEASE_VSN\"}" ;;
  eval) eval "$2" ;;
esac
"""

# The script that bin/NAME leads to. It only ever shows what it would run
ELIXIR = """#!/bin/sh
[ -n "$ELIXIR_CLI_DRY_RUN" ] || exit 1
echo "$@"
"""


@pytest.fixture(params=["1.10", "1.14", "1.18"])
def recorded(request):
    """What a release of this version of Elixir showed."""
    return json.loads((RECORDED / f"elixir-{request.param}.json").read_text(encoding="utf-8"))


@pytest.fixture
def account():
    return _command.account(None)


@pytest.fixture
def place():
    """A directory that every user may enter, which pytest's own is not. What still runs from it at the end of the test is ended."""
    directory = pathlib.Path(os.path.realpath(tempfile.mkdtemp(prefix="elixir_release-test-")))
    directory.chmod(0o755)
    yield directory
    if any(directory.rglob("pid")):
        _end_all_of(directory)
    shutil.rmtree(directory)


@pytest.fixture
def layout(place):
    return _layout.Layout(str(place / "root"))


@pytest.fixture
def node(place):
    """A node name of this test's own: others may run at the same time."""
    return f"guestbook-{place.name}"


@pytest.fixture
def make_tarball(place):
    """Makes a release's tarball, and answers what elixir_release_tarball_info would say of it."""

    def make(version=VERSION, extra=(), without=(), script=SCRIPT, cookie_of_build="COOKIEOFTHETARBALL"):
        files = {
            f"bin/{NAME}": (script.encode(), 0o755),
            "erts-13.1.5/bin/beam.smp": (pathlib.Path("/bin/sh").read_bytes(), 0o755),
            "releases/COOKIE": (cookie_of_build.encode(), 0o644),
            "releases/start_erl.data": (f"13.1.5 {version}".encode(), 0o644),
            f"releases/{version}/elixir": (ELIXIR.encode(), 0o755),
            f"releases/{version}/start.boot": (b"", 0o644),
            **{name: (b"#!/bin/sh\n", 0o755) for name in extra},
        }
        path = place / f"{NAME}-{version}.tar.gz"
        # The same content has the same checksum
        with gzip.GzipFile(path, "wb", compresslevel=1, mtime=0) as file, tarfile.open(fileobj=file, mode="w") as archive:
            for name, (content, mode) in ((name, files[name]) for name in files if name not in without):
                info = tarfile.TarInfo(name)
                info.size, info.mode = len(content), mode
                archive.addfile(info, io.BytesIO(content))
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        return {
            "path": str(path),
            "name": NAME,
            "version": version,
            "release_id": f"{version}-{sha256[:8]}",
            "sha256": sha256,
            "controller": {"user": "kai", "host": "laptop"},
        }

    return make


@pytest.fixture
def staged(layout):
    """Puts a release under the root as it lies there when it is staged."""

    def make(release_id=f"{VERSION}-1a2b3c4d", env="", **fields):
        path = pathlib.Path(layout.release(release_id))
        files = {f"bin/{NAME}": SCRIPT, "releases/COOKIE": "COOKIEOFTHETARBALL", "releases/start_erl.data": f"13.1.5 {VERSION}", ".env": env}
        for name, content in files.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(content.encode())
        beam = path / "erts-13.1.5" / "bin" / "beam.smp"
        beam.parent.mkdir(parents=True)
        shutil.copy(os.path.realpath("/bin/sh"), str(beam))
        (path / "bin" / NAME).chmod(0o755)
        os.makedirs(layout.tmp, exist_ok=True)
        release = _releases.Release(
            id=release_id,
            path=str(path),
            **{
                "name": NAME,
                "version": VERSION,
                "sha256": hashlib.sha256(release_id.encode()).hexdigest(),
                "state": "staged",
                "reason": None,
                "staged_at": "2026-11-23T01:02:03+00:00",
                "staged_by": "kai@laptop",
                "node": NAME,
                **fields,
            },
        )
        _releases.write(release)
        return release

    return make


@pytest.fixture
def evaluates(layout):
    """Has what runs answer that to whatever it is to evaluate. Gives what it was asked."""

    def answer(text="true", outcome="value"):
        encoded = base64.b64encode(text.encode()).decode()
        os.makedirs(layout.tmp, exist_ok=True)
        pathlib.Path(layout.tmp, "evaluates").write_text(f"what it prints itself\nelixir_release {outcome} {encoded}\n", encoding="utf-8")
        asked = pathlib.Path(layout.tmp, "evaluated")
        asked.touch()
        return lambda: asked.read_text(encoding="utf-8").splitlines()

    return answer


@pytest.fixture
def as_nobody():
    """Answers what a look tells somebody who may look into no process of ours, as text."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")

    def tell(look):
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            try:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
                os.write(writing, str(look()).encode())
            finally:
                os._exit(0)
        os.close(writing)
        with os.fdopen(reading, encoding="utf-8") as file:
            said = file.read()
        os.waitpid(child, 0)
        return said

    return tell


@pytest.fixture
def eventually():
    """Waits for what has to come about by itself within a second."""

    def wait(condition):
        deadline = time.monotonic() + 1
        while not condition() and time.monotonic() < deadline:
            time.sleep(0.005)
        return condition()

    return wait


class Nginx(http.server.BaseHTTPRequestHandler):
    """Answers as nginx does that the role elixir_release_proxy has set up."""

    def do_GET(self):
        slot = "green" if os.path.isfile(os.path.join(self.server.directory, "green")) else "blue"
        answers = {_proxy.ASKED: self.server.says or slot, "/health": f"from {slot}"}
        self.send_response(200 if self.path in answers else 404)
        self.end_headers()
        self.wfile.write(f"{answers.get(self.path, '')}\n".encode())

    def log_message(self, *arguments):
        """Says nothing."""


@pytest.fixture
def nginx(tmp_path, monkeypatch):
    """In front of the slots of a release `guestbook` or `shop`."""
    monkeypatch.setattr(_proxy, "HOME", str(tmp_path))
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "blue").touch()
    (tmp_path / "guestbook").symlink_to("shop")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Nginx)
    server.directory, server.says = str(tmp_path / "shop"), None
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def _end_all_of(directory):
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.fsencode(directory) in (process / "cmdline").read_bytes():
                os.kill(int(process.name), signal.SIGKILL)
