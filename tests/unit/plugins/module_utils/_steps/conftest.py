# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import http.server
import os
import shutil
import socket
import ssl
import subprocess
import threading

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._host import _processes, _systemd
from ansible_collections.beamops.elixir.plugins.module_utils._root import _units
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _bin_app, _plan, _start, _way_back
from ansible_collections.beamops.elixir.plugins.module_utils._tarball import _rel


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        status, headers, body = {
            "/health": (200, {}, b"ok"),
            "/unhealthy": (503, {}, b"no database"),
            "/redirect": (301, {"Location": "/health"}, b"moved"),
            "/latin": (200, {}, "café".encode("latin-1")),
            "/long": (200, {}, b"x" * 100000),
            "/headers": (200, {}, f"{self.headers['Host']} {self.headers['X-Forwarded-Proto']}".encode()),
            "/slow-error": (500, {"Content-Length": "5"}, b""),
        }.get(self.path, (404, {}, b""))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        if self.path == "/slow-error":
            self.wfile.flush()
            self.server.released.wait(1)

    def log_message(self, *arguments):
        """Says nothing."""


@pytest.fixture
def url():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.released = threading.Event()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.released.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def tls_url(tmp_path):
    """A server with a certificate that nobody trusts."""
    if not shutil.which("openssl"):
        pytest.skip("needs openssl")
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=example.com"]
    subprocess.run([*make, "-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "cert")], check=True, stderr=subprocess.DEVNULL)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(str(tmp_path / "cert"), str(tmp_path / "key"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *arguments: None
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def plan(layout, account, make_tarball):
    def make(env="A=1\n", cookie=None, user=account, **tarball):
        return _plan.plan(layout, make_tarball(**tarball), env, cookie, user)

    return make


@pytest.fixture
def release(staged, node):
    """Releases of one node name, as those of one application are."""

    def make(release_id, env="", **fields):
        return staged(release_id, env=f"RELEASE_NODE={node}\n{env}", **{"node": node, **fields})

    return make


@pytest.fixture
def run(layout, account):
    return lambda release: _start.start(layout, release, _bin_app.staged(release.path, release.name, layout, account))


@pytest.fixture
def stranger(place, node, layout, release, account):
    """A release that runs from elsewhere, as the bash script started it."""
    path = str(place / "app")
    old = release("0.0.9-x", state="good")
    shutil.move(old.path, path)
    os.unlink(os.path.join(path, ".deploy.json"))
    environ = {"PATH": os.environ["PATH"], "RELEASE_NODE": node, "SECRET": "s3cr3t", "RELEASE_TMP": os.path.join(path, "tmp")}
    return _start.start(layout, old, _bin_app.Application(path, "guestbook", _rel.Content(), environ, account, "/"))


@pytest.fixture
def units(place, layout, monkeypatch):
    """Where the units lie on a host with systemd: ours of both slots do. It notes in the file `told` what it is told, and says what is in `shown`."""
    directory = place / "units"
    directory.mkdir()
    for slot in ("blue", "green"):
        (directory / _units.unit(layout.root, slot)).write_text(f"{_units.mark(layout.root)}\n", encoding="utf-8")
    (place / "shown").touch()
    (place / "systemctl").write_text(f'#!/bin/sh\necho "$*" >>{place}/told\ncat {place}/shown\n', encoding="utf-8")
    (place / "systemctl").chmod(0o755)
    monkeypatch.setattr(_units, "DIRECTORY", str(directory))
    monkeypatch.setattr(_systemd, "RUNTIME", str(directory))
    monkeypatch.setitem(_systemd.ENV, "PATH", f"{place}:{_systemd.ENV['PATH']}")
    return directory


@pytest.fixture
def find(layout, account):
    return lambda release=None: _way_back.find(layout, account, release, _processes.scan())


@pytest.fixture
def listener():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(5)
        yield listening
