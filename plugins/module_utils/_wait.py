# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Takes one look at a host, cheapest first, and says what it means. It never loops: the role does."""

from __future__ import annotations

import http.client
import typing as t
import urllib.request

from ansible_collections.beamops.elixir.plugins.module_utils import _bin_app, _epmd, _layout, _logs, _processes, _readiness, _releases

BODY_BYTES = 65536


class Wanted(t.NamedTuple):
    """What is to be seen of a release that is ready."""

    release: _releases.Release
    pid: int | None
    stable_for: float
    port: int | None
    url: str | None
    headers: dict[str, str]
    status_code: list[int]
    search_regex: str | None
    rpc: bool
    timeout: float


def stopped(root: str, node: str | None) -> _readiness.Verdict:
    scan = _processes.scan()
    ours = scan.of_root(root)
    holders = [process for process in (scan.of_node(node) if node else []) if process not in ours]
    registered = bool(node) and _processes.short(node) in _epmd.names()
    return _readiness.stopped(root, _seen(ours), node, _seen(holders), registered)


def ready(layout: _layout.Layout, wanted: Wanted) -> _readiness.Verdict:
    running = _processes.scan().of_root(layout.root)
    ours = [process for process in running if process.root == wanted.release.path]

    def process() -> _readiness.Verdict:
        return _readiness.process(wanted.release.path, wanted.pid, _seen(running), wanted.stable_for)

    def port() -> _readiness.Verdict:
        own = _processes.listening_ports(ours[0].pid)
        return _readiness.port(wanted.port, own, {} if wanted.port in own else _processes.port_owners(wanted.port))

    def http_answer() -> _readiness.Verdict:
        return _readiness.http(wanted.url, get(wanted.url, wanted.headers, wanted.timeout), wanted.status_code, wanted.search_regex)

    def rpc() -> _readiness.Verdict:
        answer = _bin_app.status(_bin_app.running(ours[0]), wanted.timeout)
        return _readiness.status(answer, ours[0].pid, wanted.release.version)

    looks = [process]
    if wanted.port:
        looks.append(port)
    if wanted.url:
        looks.append(http_answer)
    if wanted.rpc and ours and _bin_app.is_distributed(ours[0]):
        looks.append(rpc)
    verdict = _readiness.all_of(looks)
    return verdict._replace(msg=verdict.msg + _logs.tail(layout.tmp)) if verdict.fatal and not ours else verdict


class _AsItIs(urllib.request.HTTPErrorProcessor):
    """Every answer is one, 503 too; and where a redirect leads says nothing about this release."""

    def http_response(self, request: urllib.request.Request, response: http.client.HTTPResponse) -> http.client.HTTPResponse:
        return response

    https_response = http_response


def get(url: str, headers: dict[str, str], timeout: float) -> _readiness.Answer:
    # No proxy either: the release on this very host is asked
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _AsItIs)
    try:
        with opener.open(urllib.request.Request(url, headers=headers), timeout=timeout) as response:
            return _readiness.Answer(response.status, response.read(BODY_BYTES).decode("utf-8", "replace"), None)
    except (OSError, ValueError, http.client.HTTPException) as error:
        return _readiness.Answer(None, "", str(getattr(error, "reason", error)) or type(error).__name__)


def _seen(processes: list[_processes.Process]) -> list[_readiness.Seen]:
    return [_readiness.Seen(process.pid, process.version, process.root, process.seconds) for process in processes]
