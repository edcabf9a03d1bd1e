# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Takes a look at a host, cheapest first, and says what it means. It looks again for a few seconds where it is told to; the long loop is the role's."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._host import _epmd, _node, _processes, _systemd
from ansible_collections.beamops.elixir.plugins.module_utils._root import _layout, _releases, _slots, _units
from ansible_collections.beamops.elixir.plugins.module_utils._steps import (
    _bin_app,
    _node_calls,
    _peers,
    _readiness,
    _said,
    _serving,
)

# Between two looks: a change is to be seen at once, and what takes long, as a look that boots a BEAM does, is done less often
LEAST_PAUSE, MOST_PAUSE = 0.02, 1.0
PAUSE_PER_LOOK = 4
# Between two looks at who came meanwhile. In between only what was seen already is looked at, which takes a tenth of the time
NEWCOMERS_EVERY = 0.5

# A verdict, and for how many seconds what is looked at has had the time to be ready; None where it has not begun
Counts = t.Callable[[_processes.Process], bool]
Look = t.Callable[[], t.Tuple[_readiness.Verdict, t.Optional[float]]]


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
    serves: bool = False
    overlap: bool = False
    validate_certs: bool | None = None  # None: not on loopback, which no public certificate names
    expression: str | None = None
    peers: _peers.Peers | None = None


def as_proven(wanted: Wanted) -> Wanted:
    """What was seen of the release when it was proven good, as far as that is known, instead of what is asked of another one."""
    proof, slot = wanted.release.proof or {}, wanted.release.slot
    if proof:  # an expression names what is in a release, and another one may lack that
        proof = {"expression": None, **proof}
    wanted = wanted._replace(**{field: proof[field] for field in Wanted._fields if field in proof})
    if slot:  # which may be another one than it was proven in
        wanted = wanted._replace(port=slot.port, url=_at_port(wanted.url, proof.get("port"), slot.port))
    return wanted._replace(url=f"http://127.0.0.1:{wanted.port}{wanted.url}") if (wanted.url or "").startswith("/") else wanted


def _at_port(url: str | None, proven: int | None, port: int) -> str | None:
    """A URL of the release itself is one at its port."""
    own = f"http://127.0.0.1:{proven}/"
    return f"http://127.0.0.1:{port}/{url[len(own) :]}" if url and url.startswith(own) else url


def watched(look: Look, watch: float, within: float | None, what: str, patient: bool = False) -> _readiness.Verdict:
    """The last of the looks that are taken until it is ready, or never will be, or the time is over.

    If patient, what was late before the first look, such as a release that has been up for days, still has all of `watch`.
    """
    end, was_in_time = time.monotonic() + watch, not patient
    while True:
        began = time.monotonic()
        verdict, seconds = look()
        took = time.monotonic() - began
        left = end - time.monotonic()
        late = within is not None and seconds is not None and seconds > within
        if verdict.ready or verdict.fatal or left <= 0 or (late and was_in_time):
            return _readiness.too_late(verdict, seconds or 0, within, what)
        was_in_time = not late
        time.sleep(min(max(LEAST_PAUSE, PAUSE_PER_LOOK * took), MOST_PAUSE, left))


def watch_closed(root: str, watch: float = 0, within: float | None = None, asked_at: float | None = None) -> _readiness.Verdict:
    """Whether what runs there listens no more, but to other nodes."""
    scan = _scans()

    def look() -> tuple[_readiness.Verdict, float | None]:
        running = scan().of_root(root)
        ports = [_serving.ports(process) for process in running]
        return _readiness.closed(list(zip(_seen(running), ports))), None if asked_at is None else _processes.uptime() - asked_at

    return watched(look, watch, within, "it was asked")


def watch_stopped(
    root: str, node: str | None, watch: float = 0, within: float | None = None, asked_at: float | None = None, counts: Counts = lambda process: True
) -> _readiness.Verdict:
    # Once for all looks: it takes a shell that loads the env file, and nobody is served meanwhile
    epmd_port = _bin_app.epmd_port(_layout.Layout(root)) if node else None
    scan = _scans()

    def look() -> tuple[_readiness.Verdict, float | None]:
        seen = _of_those(scan(), counts)
        if not seen.of_root(root):  # nothing came in its place meanwhile
            seen = _of_those(_processes.scan(), counts)
        return stopped(root, node, epmd_port, seen), None if asked_at is None else _processes.uptime() - asked_at

    return watched(look, watch, within, "it was asked")


def watch_ready(
    layout: _layout.Layout, wanted: Wanted, watch: float = 0, within: float | None = None, on_listening: t.Callable[[float], None] | None = None
) -> _readiness.Verdict:
    """`on_listening` is told once, with the uptime of the host, when the release was seen to listen: it may have to be up for a while before it is ready."""
    scan = _scans()

    def look() -> tuple[_readiness.Verdict, float | None]:
        seen = scan()
        process = next((process for process in seen.of_release(wanted.release.path) if _slots.is_in(layout, process, wanted.release.slot)), None)
        notice(process)
        return ready(layout, wanted, seen), process.seconds if process else None

    def notice(process: _processes.Process | None) -> None:
        nonlocal on_listening
        if on_listening and process and _serving.ports(process):
            on_listening(_processes.uptime())
            on_listening = None

    # What has to be up for longer than that is not late before
    limit = None if within is None else max(within, wanted.stable_for)
    return watched(look, watch, limit, "its start", patient=True)


def _scans() -> t.Callable[[], _processes.Scan]:
    """Looks at everything now and then, and in between at what was seen then."""
    last, next_at = _processes.Scan([]), 0.0

    def scan() -> _processes.Scan:
        nonlocal last, next_at
        if last.releases and time.monotonic() < next_at:
            last = _processes.again(last)
        if not last.releases or time.monotonic() >= next_at:
            last, next_at = _processes.scan(), time.monotonic() + NEWCOMERS_EVERY
        return last

    return scan


def _of_those(scan: _processes.Scan, counts: Counts) -> _processes.Scan:
    return _processes.Scan([process for process in scan.releases if counts(process)])


def stopped(root: str, node: str | None, epmd_port: int | None = None, scan: _processes.Scan | None = None) -> _readiness.Verdict:
    scan = scan or _processes.scan()
    ours = scan.of_root(root)
    holders = [process for process in (scan.of_node(node) if node else []) if process not in ours]
    registered = bool(node) and _node.short(node) in _epmd.names(epmd_port or _bin_app.epmd_port(_layout.Layout(root)))
    return _readiness.stopped(root, _seen(ours), node, _seen(holders), registered)


def ready(layout: _layout.Layout, wanted: Wanted, scan: _processes.Scan | None = None) -> _readiness.Verdict:
    running = (scan or _processes.scan()).of_root(layout.root)
    running = [process for process in running if _slots.is_in(layout, process, wanted.release.slot)]
    ours = [process for process in running if process.root == wanted.release.path]

    def process() -> _readiness.Verdict:
        return _readiness.process(wanted.release.path, wanted.pid, _seen(running), wanted.stable_for, wanted.overlap)

    def port() -> _readiness.Verdict:
        return _readiness.port(wanted.port, _sockets(ours[0], wanted.port))

    def serves() -> _readiness.Verdict:
        return _readiness.serves(_sockets(ours[0], None))

    def http_answer() -> _readiness.Verdict:
        # Half of the standard library's network comes with it, which a look at processes and ports need not wait for
        from ansible_collections.beamops.elixir.plugins.module_utils._steps import _http

        answer = _http.get(wanted.url, wanted.headers, wanted.timeout, wanted.validate_certs)
        return _readiness.http(wanted.url, answer, wanted.status_code, wanted.search_regex)

    def rpc() -> _readiness.Verdict:
        answer = _node_calls.status(ours[0], wanted.timeout)
        return _readiness.status(answer, ours[0].pid, wanted.release.version)

    def cluster() -> _readiness.Verdict:
        # Most releases are connected with nobody
        from ansible_collections.beamops.elixir.plugins.module_utils._steps import _cluster

        return _cluster.verdict(wanted.peers, _cluster.look(ours[0]))

    def expression() -> _readiness.Verdict:
        answer = _node_calls.evaluate(ours[0], wanted.expression, wanted.timeout)
        return _readiness.expression(wanted.expression, answer.is_true, answer.text)

    looks = [process]
    if wanted.port:
        looks.append(port)
    elif wanted.serves and wanted.port is None:
        looks.append(serves)
    if wanted.url:
        looks.append(http_answer)
    if wanted.rpc and ours and _bin_app.is_distributed(ours[0]):
        looks.append(rpc)
    if wanted.peers:
        looks.append(cluster)
    if wanted.expression:
        looks.append(expression)
    verdict = _readiness.all_of(looks)
    if verdict.ready and (wanted.port or wanted.serves) and _processes.listening_ports(ours[0].pid) is None:
        verdict = verdict._replace(msg=f"{verdict.msg} Whether it listens itself cannot be told: {_processes.missing_right()}.")
    if verdict.fatal and (verdict.seen == "died" or not ours):
        verdict = verdict._replace(msg=restarted(layout, wanted.release, wanted.pid, verdict.msg) + (_said.tail(layout, wanted.release) if not ours else ""))
    return verdict


def restarted(layout: _layout.Layout, release: _releases.Release, pid: int | None, msg: str) -> str:
    """Behind a unit, what has died may have been started again: by systemd, or by somebody."""
    if release.service is None or not _systemd.is_pid_1():
        return msg
    unit = _systemd.at_rest(_units.unit(layout.root, release.slot_name))
    if unit.restarts:
        return f"{msg} systemd has started {unit.name} again {unit.restarts} times since ({unit.result})."
    if unit.is_restarting:
        return f"{msg} systemd is about to start {unit.name} again ({unit.result})."
    if unit.pid not in (0, pid):
        return f"{msg} pid {unit.pid} runs in its place: somebody has restarted {unit.name} meanwhile, as by 'systemctl restart'."
    return f"{msg} {unit.name} is {unit.state} ({unit.result})."


def _sockets(process: _processes.Process, port: int | None) -> _readiness.Sockets:
    own = _processes.listening_ports(process.pid)
    owners = _processes.port_owners(port) if port and (own is None or port not in own) else {}
    return _readiness.Sockets(own, _serving.ports(process), owners, _processes.missing_right())


def _seen(processes: list[_processes.Process]) -> list[_readiness.Seen]:
    return [_readiness.Seen(process.pid, process.version, process.root, process.seconds) for process in processes]
