# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
import socket
import threading

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._steps import _http
from ansible_collections.beamops.elixir.plugins.module_utils._steps._readiness import Answer


@pytest.mark.parametrize(
    "path, answer",
    [
        pytest.param("/health", Answer(200, "ok", None), id="ok"),
        pytest.param("/unhealthy", Answer(503, "no database", None), id="503 has a body too"),
        pytest.param("/redirect", Answer(301, "moved", None), id="a redirect is not followed"),
        pytest.param("/nowhere", Answer(404, "", None), id="404"),
        pytest.param("/latin", Answer(200, "caf\\xe9", None), id="not UTF-8"),
    ],
)
def test_get(url, path, answer):
    assert _http.get(url + path, {}, 5) == answer


def test_get_reads_no_more_than_it_needs(url):
    assert len(_http.get(f"{url}/long", {}, 5).body) == _http.BODY_BYTES


def test_get_sends_the_headers(url):
    assert _http.get(f"{url}/headers", {"Host": "example.com", "X-Forwarded-Proto": "https"}, 5).body == "example.com https"


def test_get_asks_no_proxy(url, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert _http.get(f"{url}/health", {}, 5).status == 200


def test_get_of_an_error_whose_body_does_not_come(url):
    assert "timed out" in _http.get(f"{url}/slow-error", {}, 0.1).error


def test_get_where_nobody_listens():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        answer = _http.get(f"http://127.0.0.1:{unused.getsockname()[1]}/", {}, 5)
    assert (answer.status, answer.body) == (None, "") and "Connection refused" in answer.error


def test_get_where_nobody_answers(listener):
    assert "timed out" in _http.get(f"http://127.0.0.1:{listener.getsockname()[1]}/", {}, 0.1).error


def test_get_where_something_else_answers(listener):
    def answer():
        with listener.accept()[0] as connection:
            connection.recv(1024)
            connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")

    thread = threading.Thread(target=answer)
    thread.start()
    assert "SSH-2.0-OpenSSH_9.2" in _http.get(f"http://127.0.0.1:{listener.getsockname()[1]}/", {}, 5).error
    thread.join()


def test_a_certificate_is_not_looked_at_on_loopback(tls_url):
    assert _http.get(f"{tls_url}/health", {}, 5) == Answer(200, "ok", None)


def test_a_certificate_that_has_to_be_valid(tls_url):
    answer = _http.get(f"{tls_url}/health", {}, 5, validate_certs=True)
    assert answer.error.startswith("its certificate is not trusted (self")
    assert answer.advice.endswith("set 'validate_certs' (elixir_release_health_validate_certs of the role) to false")


def test_http_to_a_port_that_speaks_tls(tls_url):
    answer = _http.get(tls_url.replace("https", "http") + "/health?a=1", {}, 5)
    assert answer.status is None
    assert answer.advice == f"Port {tls_url[-5:]} speaks TLS: use {tls_url}/health?a=1 in 'url' (elixir_release_health_url of the role)"


def test_https_to_a_port_that_does_not(url):
    answer = _http.get(url.replace("http", "https") + "/health", {}, 5)
    assert answer.status is None
    assert answer.advice == f"Port {url[-5:]} speaks plain HTTP: use {url}/health in 'url' (elixir_release_health_url of the role)"


@pytest.mark.parametrize(
    "url, expected",
    [
        ("https://localhost:4001/", True),
        ("https://127.8.9.1/", True),
        ("https://[::1]:4001/", True),
        ("https://10.0.0.1/", False),
        ("https://localhost.example.com/", False),
        ("https://[::1/", False),
        ("nonsense", False),
    ],
)
def test_what_is_on_loopback(url, expected):
    assert _http.is_loopback(url) == expected


@pytest.mark.parametrize("url, words", [("localhost:4000", "unknown url type"), ("http://no-such-host.invalid/", "."), ("http://127.0.0.1:99999/", ".")])
def test_get_of_what_is_no_url(url, words):
    assert re.search(words, _http.get(url, {}, 1).error)
