# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asks a release on this very host, as its health check does, and says why there is no answer."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import urllib.parse
import urllib.request

from ansible_collections.beamops.elixir.plugins.module_utils._host import _text
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _readiness

BODY_BYTES = 65536
# For a second opinion on a port that does not speak what it was spoken to
PROBE_SECONDS = 2.0
CERTIFICATE_ADVICE = "To go on without its verification, set 'validate_certs' (elixir_release_health_validate_certs of the role) to false"


class _AsItIs(urllib.request.HTTPErrorProcessor):
    """Every answer is one, 503 too; and where a redirect leads says nothing about this release."""

    def http_response(self, request: urllib.request.Request, response: http.client.HTTPResponse) -> http.client.HTTPResponse:
        return response

    https_response = http_response


def get(url: str, headers: dict[str, str], timeout: float, validate_certs: bool | None = None) -> _readiness.Answer:
    # No proxy either: the release on this very host is asked
    handlers = [urllib.request.ProxyHandler({}), _AsItIs]
    if not url.startswith("http:"):  # to read the host's certificates takes longer than all the rest
        handlers.append(urllib.request.HTTPSHandler(context=_tls(url, validate_certs)))
    try:
        with urllib.request.build_opener(*handlers).open(urllib.request.Request(url, headers=headers), timeout=timeout) as response:
            return _readiness.Answer(response.status, _text.decoded(response.read(BODY_BYTES)), None)
    except (OSError, ValueError, http.client.HTTPException) as error:
        return _readiness.Answer(None, "", *_explained(url, error, timeout))


def _explained(url: str, error: Exception, timeout: float) -> tuple[str, str]:
    """Why there was no answer, and what to do."""
    reason = getattr(error, "reason", error)
    # The reason of an SSLError is a word in capitals
    cause = error if isinstance(reason, str) else reason
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({cause.verify_message.rstrip('. ')})", CERTIFICATE_ADVICE
    text = str(cause) if isinstance(cause, ssl.SSLError) else str(reason)
    return text or type(cause).__name__, _advice(url, cause, timeout)


def is_loopback(url: str) -> bool:
    try:
        host = urllib.parse.urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _tls(url: str, validate_certs: bool | None) -> ssl.SSLContext:
    if validate_certs or validate_certs is None and not is_loopback(url):
        return ssl.create_default_context()
    return _unverified()


def _unverified() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _advice(url: str, error: Exception, timeout: float) -> str:
    """What to do where the port speaks TLS and was not spoken to like that, or the other way round."""
    if isinstance(error, (ConnectionRefusedError, socket.timeout, socket.gaierror)):
        return ""
    try:
        parts = urllib.parse.urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    speaks, scheme = (_speaks_tls, "https") if parts.scheme == "http" else (_speaks_http, "http")
    port = port or (80 if parts.scheme == "http" else 443)
    if not speaks(host, port, min(timeout, PROBE_SECONDS)):
        return ""
    right = urllib.parse.urlunsplit(parts._replace(scheme=scheme))
    return f"Port {port} speaks {'TLS' if scheme == 'https' else 'plain HTTP'}: use {right} in 'url' (elixir_release_health_url of the role)"


def _speaks_tls(host: str, port: int, timeout: float) -> bool:
    context = _unverified()
    try:
        with socket.create_connection((host, port), timeout) as connection, context.wrap_socket(connection, server_hostname=host):
            return True
    except (OSError, ValueError):
        return False


def _speaks_http(host: str, port: int, timeout: float) -> bool:
    try:
        with socket.create_connection((host, port), timeout) as connection:
            connection.settimeout(timeout)
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            return connection.recv(5) == b"HTTP/"
    except OSError:
        return False
