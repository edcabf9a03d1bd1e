# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import os
import re
import socket
import threading
import time

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._host import _processes
from ansible_collections.beamops.elixir.plugins.module_utils._root import _layout, _releases
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _bin_app, _readiness, _start, _wait

# Again and again


def looks(*answers):
    """A look that answers each of these in turn, then the last one for ever; and how often it was taken."""
    taken = []

    def look():
        taken.append(None)
        return answers[min(len(taken), len(answers)) - 1]

    return look, taken


NO, UP, DEAD = _readiness.not_yet("no."), _readiness.yes("up."), _readiness.never("dead.")


@pytest.mark.parametrize(
    "answers, watch, within, expected, taken",
    [
        pytest.param([(NO, 1)], 0, None, NO, 1, id="one look"),
        pytest.param([(NO, 1), (UP, 1)], 5, 60, UP, 2, id="until it is ready"),
        pytest.param([(NO, 1), (DEAD, None)], 5, 60, DEAD, 2, id="until it never will be"),
        pytest.param([(NO, 59), (NO, 61)], 5, 60, (False, True, "no, 61 s after its start (limit 60 s).", "", ""), 2, id="until it is late"),
        pytest.param([(NO, 61)], 0, 60, (False, True, "no, 61 s after its start (limit 60 s).", "", ""), 1, id="late at once"),
        pytest.param([(NO, 61), (UP, 61)], 5, 60, (False, True, "no, 61 s after its start (limit 60 s).", "", ""), 1, id="late before the first look"),
        pytest.param([(NO, None)], 0, 60, NO, 1, id="what has not begun is not late"),
    ],
)
def test_watched(answers, watch, within, expected, taken):
    look, count = looks(*answers)
    assert _wait.watched(look, watch, within, "its start") == expected
    assert len(count) == taken


def test_what_was_late_before_has_the_time_of_the_watch_if_that_is_patient():
    look, count = looks((NO, 9999), (UP, 9999))
    assert _wait.watched(look, 5, 60, "its start", patient=True) == UP and len(count) == 2


def test_a_watch_is_over_when_its_time_is():
    look, taken = looks((NO, 1))
    assert _wait.watched(look, 0.4, None, "") == NO
    assert 2 <= len(taken) <= 21


def test_a_look_that_takes_long_is_taken_less_often():
    """Such as one that boots a BEAM to ask the node."""
    taken = []

    def look():
        taken.append(time.monotonic())
        time.sleep(0.1)
        return NO, 1

    assert _wait.watched(look, 0.5, None, "") == NO
    assert len(taken) == 2 and taken[1] - taken[0] > 0.5


# With a release


@pytest.fixture
def start(layout, account):
    def start(release):
        return _start.start(layout, release, _bin_app.staged(release.path, release.name, layout, account))

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
    assert verdict == (True, False, f"0.1.0 is started, as pid {process.pid}.", "rpc", "started")


def test_ready_without_rpc_is_what_the_cheap_looks_say(layout, release, start, url):
    process = start(release)
    assert _wait.ready(layout, wanted(release, rpc=False)).msg.startswith(f"0.1.0 (pid {process.pid}) from {release.path} is up for 0.")
    assert _wait.ready(layout, wanted(release, rpc=False, url=f"{url}/health")).msg == f"{url}/health answers 200."


@pytest.mark.parametrize("status", ["starting", "stopping"])
def test_not_ready_though_rpc_answers(layout, staged, node, start, status):
    release = staged(env=f"RELEASE_NODE={node}\nSTATUS={status}\n")
    start(release)
    assert _wait.ready(layout, wanted(release)) == (False, False, f"the node is still {status}.", "rpc", status)


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
    assert not verdict.ready and "its ports: none." in verdict.msg


def test_not_ready_where_it_listens_nowhere_and_what_it_replaces_did(layout, release, start):
    start(release)
    verdict = _wait.ready(layout, wanted(release, serves=True))
    assert not verdict.ready and not verdict.fatal and verdict.msg.startswith("the release listens on no port, and what it replaces did")
    assert _wait.ready(layout, wanted(release, serves=True, port=0)).ready


def test_sockets_that_cannot_be_read_are_no_closed_port(layout, release, start, listener, as_nobody):
    start(release)
    verdict = as_nobody(lambda: _wait.ready(layout, wanted(release, port=listener.getsockname()[1], rpc=False)))
    assert "ready=True" in verdict and "Whether it listens itself cannot be told: only root may: use 'become'" in verdict
    assert "ready=True" in as_nobody(lambda: _wait.ready(layout, wanted(release, serves=True, rpc=False)))


def test_over_after_its_time(layout, release, start, url):
    start(release)
    verdict = _wait.watch_ready(layout, wanted(release, url=f"{url}/unhealthy"), watch=5, within=0.3)
    assert verdict.fatal
    assert re.fullmatch(rf"{url}/unhealthy answers 503, and is to answer 200: no database, \d+ s after its start \(limit 0\.3 s\)\.", verdict.msg)
    assert not _wait.watch_ready(layout, wanted(release, stable_for=3600), within=0.3).fatal


def test_a_stop_is_over_after_its_time(layout, release, start, node):
    start(release)
    assert not _wait.watch_stopped(layout.root, node, within=60, asked_at=_processes.uptime()).fatal
    verdict = _wait.watch_stopped(layout.root, node, within=60, asked_at=_processes.uptime() - 61)
    assert verdict.fatal and "requests, 61 s after it was asked (limit 60 s)." in verdict.msg
    assert (verdict.look, verdict.seen) == ("stopped", "runs")


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
    assert _wait.ready(layout, wanted(release, pid=process.pid + 1)) == (
        False,
        True,
        f"the release that was started as pid {process.pid + 1} has died.",
        "process",
        "died",
    )
    assert "all day" not in _wait.ready(layout, wanted(release, stable_for=3600)).msg


def test_not_ready_while_nothing_runs(layout, release):
    write_log(layout, "===== LOGGING STARTED\nof the last time\n")
    assert _wait.ready(layout, wanted(release)) == (False, False, f"no process of {release.path} runs.", "process", "none runs")


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


@pytest.fixture
def epmd():
    """One that lists a single name, as often as it is asked, and its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        with contextlib.suppress(OSError):
            while True:
                connection = listener.accept()[0]
                with connection:
                    connection.recv(64)
                    connection.sendall(b"\0\0\x11\x11name still-there at port 38027\n")

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def test_epmd_is_asked_at_the_port_of_the_current_release(layout, staged, epmd):
    assert _wait.stopped(layout.root, "still-there").ready
    os.symlink(staged(env=f"ERL_EPMD_PORT={epmd}\n").path, layout.current)
    assert not _wait.stopped(layout.root, "still-there").ready
    assert _wait.stopped(layout.root, "another").ready


@pytest.mark.parametrize(
    ("proof", "slot", "port", "url"),
    [
        ({"port": 4000, "url": "http://127.0.0.1:4000/health"}, None, 4000, "http://127.0.0.1:4000/health"),
        ({"port": 4000, "url": "http://127.0.0.1:4000/health"}, ("green", 4001), 4001, "http://127.0.0.1:4001/health"),
        ({"port": 4000, "url": "https://shop.example.com/health"}, ("green", 4001), 4001, "https://shop.example.com/health"),
        ({"url": "/health"}, ("green", 4001), 4001, "http://127.0.0.1:4001/health"),
        ({"url": "/health"}, None, 4005, "http://127.0.0.1:4005/health"),  # deployed in place now, where it says that it listens
        ({}, ("blue", 4000), 4000, None),
    ],
)
def test_what_proved_it_in_one_slot_proves_it_in_the_other(staged, proof, slot, port, url):
    release = staged("0.1.0-a", proof=proof)._replace(slot=_layout.Slot(*slot) if slot else None)
    wanted = _wait.Wanted(release, None, 0, 4005, None, {}, [200], None, True, 10)
    found = _wait.as_proven(wanted)
    assert (found.port, found.url) == (port, url)
