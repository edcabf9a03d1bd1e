# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The clients, against servers that do what a load must not overlook: a counter that cannot fail is worth nothing."""

from __future__ import annotations

import asyncio
import json
import socket
import struct

import pytest

from ansible_collections.beamops.elixir.benchmarks.zero_downtime import load, settings, sockets, visitors, websocket
from ansible_collections.beamops.elixir.benchmarks.zero_downtime.load import Load

EOF, RESET, HANG = "EOF", "RESET", "HANG"
VERSION = json.dumps({"version": "0.1.0"})


def http(body=VERSION, status=200, more=""):
    return f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n{more}\r\n{body}".encode()


def text(payload):
    return bytes([0x80 | websocket.TEXT, len(payload)]) + payload.encode()


def close(code):
    return b"\x88\x02" + struct.pack(">H", code)


class Server:
    """Answers each request with what `answer` says to it and its number: bytes, or what becomes of the connection."""

    def __init__(self, answer):
        self.answer = answer
        self.requests, self.connections, self.heads, self.bodies = 0, 0, [], []

    async def serve(self, reader, writer):
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                self.heads.append(head)
                length = head.lower().partition("content-length: ")[2].partition("\r\n")[0]
                self.bodies.append(await reader.readexactly(int(length or 0)))
                self.requests += 1
                if not await self.do(self.answer(head, self.requests), head, reader, writer):
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def do(self, what, head, reader, writer):
        if what is HANG:
            await asyncio.sleep(60)
        elif what is RESET:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif isinstance(what, bytes):
            writer.write(what)
            return True
        elif callable(what):
            await what(head, reader, writer)
        return False


# So that little time is much of it
BRISK = ("--gets-rate", "400", "--fresh-rate", "200", "--posts-pause", "1-20", "--entries-rate", "50", "--poll-ms", "50")


def told(server, kind, *options, seconds=0.2):
    """What the load tells of this kind."""

    async def run():
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        given = ["--out", "x", "--kinds", kind, "--seconds", str(seconds), *BRISK, *options, f"web1=http://127.0.0.1:{port}"]
        measured = Load(settings.read(given)[0])
        await measured.run()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        return measured.as_json()

    results = asyncio.run(run())
    assert not results["error"]
    return results["hosts"]["web1"]["kinds"][kind]


def every_third(what):
    return lambda head, number: what if number % 3 == 0 else http()


@pytest.mark.parametrize("kind", ["gets", "fresh"])
def test_good_answers_are_no_failures(kind):
    server = Server(lambda head, number: http())
    seen = told(server, kind)
    assert seen["failed"] == 0
    assert seen["sent"] == seen["answered"] == server.requests > 5
    assert list(seen["versions"]) == ["0.1.0"]
    assert server.connections == (server.requests if kind == "fresh" else 4)
    assert server.heads[0].startswith("GET /version HTTP/1.1\r\nHost: guestbook.example.com\r\nX-Forwarded-Proto: https\r\n")


@pytest.mark.parametrize(
    ("what", "cause"),
    [
        (EOF, "answer: EOF"),
        (RESET, "answer: reset"),
        (http(status=503), "wrong status: 503"),
        (http(status=301), "wrong status: 301"),
        (http(body="<html>"), "answer: no JSON"),
        (http(body="{}"), "answer: no version in it"),
        (b"SSH-2.0\r\n\r\n", "answer: no HTTP"),
    ],
)
@pytest.mark.parametrize("kind", ["gets", "fresh", "posts", "posts_looking", "polls"])
def test_what_is_no_good_answer_is_a_failure(kind, what, cause):
    seen = told(Server(every_third(what)), kind)
    assert set(seen["causes"]) == {cause}
    assert seen["failed"] == seen["causes"][cause] > 0
    assert seen["sent"] == seen["answered"] + seen["failed"] + seen["unfinished"]


def test_an_answer_that_breaks_off_is_a_failure():
    async def half(head, reader, writer):
        writer.write(http()[:-5])

    assert set(told(Server(every_third(half)), "gets")["causes"]) == {"answer: EOF within it"}


def test_where_nothing_listens_is_a_failure():
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]

    async def run():
        measured = Load(settings.read(["--out", "x", "--kinds", "gets,sockets", "--seconds", "0.3", f"http://127.0.0.1:{port}"])[0])
        await measured.run()
        return next(iter(measured.as_json()["hosts"].values()))["kinds"]

    seen = asyncio.run(run())
    assert set(seen["gets"]["causes"]) == {"connect: refused"}
    assert seen["gets"]["longest_gap"] == pytest.approx(0.3, abs=0.1)


def test_an_answer_that_does_not_come_in_time_is_a_failure():
    assert told(Server(lambda head, number: HANG), "gets", "--patience", "0.1")["causes"].keys() == {"answer: timeout"}


def test_an_answer_that_did_not_come_until_the_end_is_a_failure(monkeypatch):
    monkeypatch.setattr(load, "GRACE", 0.1)
    seen = told(Server(lambda head, number: HANG), "gets")
    assert seen["causes"] == {"answer: none until the end": 4}


def test_a_poll_that_waits_at_the_end_is_none():
    seen = told(Server(lambda head, number: HANG), "polls", "--polls", "3", "--poll-ms", "5000", seconds=1.2)
    assert (seen["failed"], seen["unfinished"], seen["answered"]) == (0, 3, 0)


def test_polls_that_were_answered_early_are_counted():
    seen = told(Server(lambda head, number: http(json.dumps({"version": "0.1.0", "early": "true"})) if number == 2 else http()), "polls")
    assert (seen["failed"], seen["early"]) == (0, 1)


@pytest.mark.parametrize(("kind", "fails"), [("posts", True), ("posts_looking", False)])
def test_a_connection_that_was_closed_between_two_requests_is_met_only_without_a_look(kind, fails):
    async def answer_and_close(head, reader, writer):
        writer.write(http())

    seen = told(Server(lambda head, number: answer_and_close), kind)
    assert (seen["failed"] > 0) is fails
    assert all(failure["reused"] for failure in seen["failures"])


def test_an_answer_that_says_so_is_the_last_on_its_connection():
    assert told(Server(lambda head, number: http(more="Connection: close\r\n")), "posts")["failed"] == 0


def test_an_echo_has_to_be_of_the_whole_body():
    seen = told(Server(lambda head, number: http(json.dumps({"version": "0.1.0", "bytes": "12"}))), "posts")
    assert seen["causes"] == {"answer: not of the whole body": seen["sent"]}


def test_chunks_are_put_together():
    chunks = "".join(f"{len(part):x}\r\n{part}\r\n" for part in (VERSION[:5], VERSION[5:], ""))
    seen = told(Server(lambda head, number: f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}".encode()), "gets")
    assert (seen["failed"], list(seen["versions"])) == (0, ["0.1.0"])


def test_only_an_entry_that_was_acknowledged_is_said_to_be():
    server = Server(lambda head, number: http("", status=303 if number % 2 else 500))
    seen = told(server, "entries")
    assert len(seen["acknowledged"]) == seen["answered"] > 1
    assert len(seen["unacknowledged"]) == seen["failed"] > 1
    assert len({*seen["acknowledged"], *seen["unacknowledged"]}) == seen["sent"]
    assert server.bodies[0].startswith(b"name=web1+") and b"&message=" in server.bodies[0]


def socket_server(after, ending):
    """Greets, echoes so many messages, and then does what `ending` says."""

    async def talk(head, reader, writer):
        key = head.partition("Sec-WebSocket-Key: ")[2].partition("\r\n")[0]
        writer.write(f"HTTP/1.1 101 X\r\nSec-WebSocket-Accept: {websocket.accepts(key)}\r\n\r\n".encode() + text(VERSION))
        for number in range(after):
            first, length = await reader.readexactly(2)
            mask, payload = await reader.readexactly(4), await reader.readexactly(length & 0x7F)
            if first & 0x0F == websocket.CLOSE:
                return
            said = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload)).decode()
            writer.write(text(json.dumps({"version": "0.1.0", "echo": said})))
        writer.write(ending)

    return Server(lambda head, number: talk)


@pytest.fixture
def fast(monkeypatch):
    monkeypatch.setattr(sockets, "EVERY", 0.05)
    monkeypatch.setattr(sockets, "BETWEEN_ATTEMPTS", 0.05)


@pytest.mark.usefixtures("fast")
def test_a_held_socket_is_no_failure():
    seen = told(socket_server(1000, b""), "sockets", "--sockets", "3")
    assert (seen["failed"], seen["codes"], seen["opened"], seen["held_at_end"]) == (0, {}, 3, 3)
    assert seen["sent"] == seen["answered"] > 3


@pytest.mark.usefixtures("fast")
def test_a_socket_that_is_closed_with_a_code_is_opened_again():
    seen = told(socket_server(2, close(1012)), "sockets", "--sockets", "3")
    assert seen["failed"] == 0
    assert list(seen["codes"]) == ["1012"]
    assert seen["codes"]["1012"] >= len(seen["reconnects"]) > 0
    assert {reconnect["code"] for reconnect in seen["reconnects"]} == {1012}
    assert seen["opened"] == 3 + len(seen["reconnects"])


@pytest.mark.usefixtures("fast")
def test_a_socket_that_ends_without_a_close_is_1006_and_a_failure():
    seen = told(socket_server(2, b""), "sockets", "--sockets", "3")
    assert set(seen["codes"]) == {"1006"}
    assert seen["failed"] == seen["codes"]["1006"] == seen["causes"]["answer: EOF"] > 0


@pytest.mark.usefixtures("fast")
def test_a_wrong_echo_is_a_failure():
    seen = told(socket_server(0, text(json.dumps({"version": "0.1.0", "echo": "other"}))), "sockets", "--sockets", "1")
    assert seen["causes"].keys() == {"answer: not the echo"}


@pytest.mark.usefixtures("fast")
def test_a_socket_that_is_refused_is_a_failure():
    seen = told(Server(lambda head, number: http(status=502)), "sockets", "--sockets", "3")
    assert seen["causes"].keys() == {"wrong status: 502"}
    assert (seen["opened"], seen["codes"]) == (0, {})


def test_a_bug_of_a_client_is_an_error(monkeypatch):
    async def broken(visit):
        raise AttributeError("bug")

    monkeypatch.setitem(load.KINDS, "gets", load.KINDS["gets"]._replace(visitor=broken))

    async def run():
        measured = Load(settings.read(["--out", "x", "--kinds", "gets", "http://127.0.0.1:1"])[0])
        await measured.run()
        return measured.as_json()

    assert "bug" in asyncio.run(run())["error"]


def test_what_was_missed_is_not_made_up_for():
    async def run():
        pace = visitors.Pace(0.02)
        await pace.wait()
        await asyncio.sleep(0.2)
        began = asyncio.get_running_loop().time()
        for _number in range(3):
            await pace.wait()
        return asyncio.get_running_loop().time() - began

    assert asyncio.run(run()) >= 0.035
