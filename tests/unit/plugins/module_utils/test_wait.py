# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import http.server
import os
import re
import socket
import threading

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils import _bin_app, _releases, _start, _wait
from ansible_collections.beamops.elixir.plugins.module_utils._readiness import Answer


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


@pytest.mark.parametrize(
    "path, answer",
    [
        pytest.param("/health", Answer(200, "ok", None), id="ok"),
        pytest.param("/unhealthy", Answer(503, "no database", None), id="503 has a body too"),
        pytest.param("/redirect", Answer(301, "moved", None), id="a redirect is not followed"),
        pytest.param("/nowhere", Answer(404, "", None), id="404"),
        pytest.param("/latin", Answer(200, "caf\ufffd", None), id="not UTF-8"),
    ],
)
def test_get(url, path, answer):
    assert _wait.get(url + path, {}, 5) == answer


def test_get_reads_no_more_than_it_needs(url):
    assert len(_wait.get(f"{url}/long", {}, 5).body) == _wait.BODY_BYTES


def test_get_sends_the_headers(url):
    assert _wait.get(f"{url}/headers", {"Host": "example.com", "X-Forwarded-Proto": "https"}, 5).body == "example.com https"


def test_get_asks_no_proxy(url, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert _wait.get(f"{url}/health", {}, 5).status == 200


def test_get_of_an_error_whose_body_does_not_come(url):
    assert "timed out" in _wait.get(f"{url}/slow-error", {}, 0.1).error


def test_get_where_nobody_listens():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        answer = _wait.get(f"http://127.0.0.1:{unused.getsockname()[1]}/", {}, 5)
    assert (answer.status, answer.body) == (None, "") and "Connection refused" in answer.error


@pytest.fixture
def listener():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(5)
        yield listening


def test_get_where_nobody_answers(listener):
    assert "timed out" in _wait.get(f"http://127.0.0.1:{listener.getsockname()[1]}/", {}, 0.1).error


def test_get_where_something_else_answers(listener):
    def answer():
        with listener.accept()[0] as connection:
            connection.recv(1024)
            connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")

    thread = threading.Thread(target=answer)
    thread.start()
    assert "SSH-2.0-OpenSSH_9.2" in _wait.get(f"http://127.0.0.1:{listener.getsockname()[1]}/", {}, 5).error
    thread.join()


@pytest.mark.parametrize("url, words", [("localhost:4000", "unknown url type"), ("http://no-such-host.invalid/", "."), ("http://127.0.0.1:99999/", ".")])
def test_get_of_what_is_no_url(url, words):
    assert re.search(words, _wait.get(url, {}, 1).error)


# With a release


@pytest.fixture
def start(layout, account):
    def start(release):
        return _start.start(_bin_app.staged(release.path, release.name, layout, account))

    return start


def wanted(release, **fields):
    return _wait.Wanted(
        **{
            "release": release,
            "pid": None,
            "stable_for": 0,
            "port": None,
            "url": None,
            "headers": {},
            "status_code": [200],
            "search_regex": None,
            "rpc": True,
            "timeout": 5,
            **fields,
        }
    )


def write_log(layout, text):
    os.makedirs(os.path.join(layout.tmp, "log"), exist_ok=True)
    with open(os.path.join(layout.tmp, "log", "erlang.log.1"), "a", encoding="utf-8") as file:
        file.write(text)


@pytest.fixture
def release(staged, node):
    return staged(env=f"RELEASE_NODE={node}\n")


def test_ready(layout, release, start, url):
    process = start(release)
    verdict = _wait.ready(layout, wanted(release, pid=process.pid, url=f"{url}/health"))
    assert verdict == (True, False, f"0.1.0 is started, as pid {process.pid}.")


def test_ready_without_rpc_is_what_the_cheap_looks_say(layout, release, start, url):
    process = start(release)
    assert _wait.ready(layout, wanted(release, rpc=False)).msg.startswith(f"0.1.0 (pid {process.pid}) from {release.path} is up for 0.")
    assert _wait.ready(layout, wanted(release, rpc=False, url=f"{url}/health")).msg == f"{url}/health answers 200."


@pytest.mark.parametrize("status", ["starting", "stopping"])
def test_not_ready_though_rpc_answers(layout, staged, node, start, status):
    release = staged(env=f"RELEASE_NODE={node}\nSTATUS={status}\n")
    start(release)
    assert _wait.ready(layout, wanted(release)) == (False, False, f"the node is still {status}.")


def test_not_ready_for_want_of_an_rpc_answer(layout, release, start):
    process = start(release)
    with open(os.path.join(layout.tmp, "cookie"), "w", encoding="utf-8") as file:
        file.write("ANOTHER")
    verdict = _wait.ready(layout, wanted(release))
    assert not verdict.ready and not verdict.fatal and ":nodedown" in verdict.msg
    assert _wait.ready(layout, wanted(release, rpc=False, pid=process.pid)).ready


def test_an_undistributed_release_is_asked_by_no_rpc(layout, staged, start):
    release = staged(env="RELEASE_DISTRIBUTION=none\n")
    start(release)
    with open(os.path.join(layout.tmp, "cookie"), "w", encoding="utf-8") as file:
        file.write("ANOTHER")
    assert _wait.ready(layout, wanted(release)).ready


def test_not_ready_while_its_url_does_not_please(layout, release, start, url):
    start(release)
    verdict = _wait.ready(layout, wanted(release, url=f"{url}/unhealthy"))
    assert not verdict.ready and not verdict.fatal
    assert verdict.msg == f"{url}/unhealthy answers 503, and is to answer 200: no database"


def test_not_ready_while_somebody_else_has_its_port(layout, release, start, listener):
    start(release)
    port = listener.getsockname()[1]
    verdict = _wait.ready(layout, wanted(release, port=port))
    assert not verdict.ready and not verdict.fatal
    assert re.match(rf"port {port} is held by .* \(pid {os.getpid()}\), not by the release", verdict.msg)


def test_not_ready_while_its_port_is_closed(layout, release, start):
    start(release)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        verdict = _wait.ready(layout, wanted(release, port=unused.getsockname()[1]))
    assert not verdict.ready and verdict.msg.endswith("its ports: none.")


def test_never_ready_when_the_process_has_died(layout, release, start, eventually):
    process = start(release)
    os.kill(process.pid, 9)
    assert eventually(lambda: _wait.ready(layout, wanted(release, pid=process.pid)).fatal)
    write_log(layout, "the reason\n")
    verdict = _wait.ready(layout, wanted(release, pid=process.pid))
    assert f"pid {process.pid} has died" in verdict.msg and "the reason" in verdict.msg


def test_never_ready_while_another_release_runs(layout, staged, release, start):
    other = staged("0.2.0-b")
    process = start(release)
    verdict = _wait.ready(layout, wanted(other))
    assert verdict.fatal and f"(pid {process.pid}) from {release.path} runs, not {other.path}" in verdict.msg


def test_the_log_is_shown_only_of_a_release_that_has_died(layout, release, start):
    process = start(release)
    write_log(layout, "what it says all day\n")
    assert _wait.ready(layout, wanted(release, pid=process.pid + 1)) == (False, True, f"the release that was started as pid {process.pid + 1} has died.")
    assert "all day" not in _wait.ready(layout, wanted(release, stable_for=3600)).msg


def test_not_ready_while_nothing_runs(layout, release):
    write_log(layout, "===== LOGGING STARTED\nof the last time\n")
    assert _wait.ready(layout, wanted(release)) == (False, False, f"no process of {release.path} runs.")


def test_stopped(layout, release, start, node, eventually):
    assert _wait.stopped(layout.root, node).ready
    process = start(release)
    verdict = _wait.stopped(layout.root, node)
    assert not verdict.ready and not verdict.fatal and f"(pid {process.pid}) from {release.path} still runs" in verdict.msg
    os.kill(process.pid, 9)
    assert eventually(lambda: _wait.stopped(layout.root, node).ready)


def test_stopped_but_its_name_is_another_ones(layout, place, release, start, node):
    process = start(release)
    verdict = _wait.stopped(str(place / "another-root"), node)
    assert verdict.fatal and f"(pid {process.pid})" in verdict.msg and f"the node name {node} is taken" in verdict.msg
    assert _wait.stopped(str(place / "another-root"), None).ready


def test_a_release_is_found_through_a_link_to_its_root(place, layout, release, start):
    process = start(release)
    (place / "link").symlink_to(layout.root)
    assert not _wait.stopped(str(place / "link"), None).ready
    assert _releases.read(release.path) == release
    assert process.root == release.path
