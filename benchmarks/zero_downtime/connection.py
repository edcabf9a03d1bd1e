# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A client's connection, on a bare socket.

The streams of asyncio, and most HTTP libraries, read while nothing is asked, and so they learn that a server has closed before they send. The clients that are
hardest to serve do not. Here nothing is read but what an answer is waited for, and a client looks before it sends, or does not, as it likes.
"""

from __future__ import annotations

import asyncio
import errno
import json
import socket
import typing as t

from ansible_collections.beamops.elixir.benchmarks.zero_downtime.tally import ANSWER, CONNECT, SEND, STATUS, Lost

PIECE = 65536
BARE = (204, 304)
WORDS = {errno.ECONNREFUSED: "refused", errno.ECONNRESET: "reset", errno.EPIPE: "broken pipe"}


class Site(t.NamedTuple):
    """A host as it is asked."""

    name: str
    url: str
    family: int
    address: tuple[t.Any, ...]
    headers: str

    def request(self, method: str, path: str, headers: str = "", body: bytes = b"") -> bytes:
        length = f"Content-Length: {len(body)}\r\n" if method == "POST" else ""
        return f"{method} {path} HTTP/1.1\r\n{self.headers}{headers}{length}\r\n".encode() + body


class Answer(t.NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    def fields(self) -> dict[str, t.Any]:
        """Of a good answer in JSON. All that the application answers in JSON says which version it is."""
        self.expect(200)
        try:
            fields = json.loads(self.body)
        except ValueError:
            raise Lost(ANSWER, "no JSON") from None
        if not isinstance(fields, dict) or not isinstance(fields.get("version"), str):
            raise Lost(ANSWER, "no version in it")
        return fields

    def expect(self, status: int) -> None:
        if self.status != status:
            raise Lost(STATUS, str(self.status))


class Connection:
    """One at a time; the next one is made when it is needed."""

    def __init__(self, site: Site):
        self.site = site
        self.used = 0  # answers on the one that is open
        self._phase = CONNECT
        self._socket: socket.socket | None = None
        self._read = bytearray()

    async def ask(self, request: bytes, patience: float) -> Answer:
        return await self._within(patience, self._exchange(request))

    def look(self) -> None:
        """Leaves a connection that the server has closed."""
        if self._socket is None:
            return
        try:
            gone = not self._socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return
        except OSError:
            gone = True
        if gone:
            self.close()

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket, self.used = None, 0
        self._read.clear()

    async def send(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(t.cast(socket.socket, self._socket), data)

    async def take(self, count: int) -> bytes:
        while len(self._read) < count:
            await self._more()
        return self._cut(count)

    async def _within(self, patience: float, exchange: t.Coroutine[t.Any, t.Any, Answer]) -> Answer:
        """A connection on which something went wrong is of no use any more."""
        try:
            async with asyncio.timeout(patience):
                return await exchange
        except OSError as error:
            self.close()
            raise Lost(self._phase, words(error)) from None
        except BaseException:
            self.close()
            raise

    async def _exchange(self, request: bytes) -> Answer:
        if self._socket is None:
            self._phase = CONNECT
            await self._connect()
        self._phase = SEND
        await self.send(request)
        self._phase = ANSWER
        answer = await self._answer()
        self.used += 1
        if answer.headers.get("connection", "").lower() == "close":
            self.close()
        return answer

    async def _connect(self) -> None:
        self._socket = socket.socket(self.site.family, socket.SOCK_STREAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(self._socket, self.site.address)

    async def _answer(self) -> Answer:
        status, headers = parse_head(await self._until(b"\r\n\r\n"))
        if status == 101 or status in BARE:
            return Answer(status, headers, b"")
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return Answer(status, headers, await self._chunks())
        if "content-length" not in headers:
            raise Lost(ANSWER, "no length")
        return Answer(status, headers, await self.take(number(headers["content-length"], 10)))

    async def _chunks(self) -> bytes:
        body = b""
        while size := number((await self._until(b"\r\n")).decode("latin-1").partition(";")[0], 16):
            body += await self.take(size)
            await self._until(b"\r\n")
        while await self._until(b"\r\n") != b"\r\n":
            pass
        return body

    async def _until(self, mark: bytes) -> bytes:
        while (found := self._read.find(mark)) < 0:
            await self._more()
        return self._cut(found + len(mark))

    def _cut(self, count: int) -> bytes:
        data = bytes(self._read[:count])
        del self._read[:count]
        return data

    async def _more(self) -> None:
        data = await asyncio.get_running_loop().sock_recv(t.cast(socket.socket, self._socket), PIECE)
        if not data:
            raise Lost(ANSWER, "EOF within it" if self._read else "EOF")
        self._read += data


def parse_head(head: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    protocol, _blank, rest = first.partition(" ")
    if not protocol.startswith("HTTP/1."):
        raise Lost(ANSWER, "no HTTP")
    headers = (line.partition(":") for line in lines)
    return number(rest[:3], 10), {name.strip().lower(): value.strip() for name, _colon, value in headers}


def number(text: str, base: int) -> int:
    try:
        return int(text, base)
    except ValueError:
        raise Lost(ANSWER, "no HTTP") from None


def words(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "timeout"
    return WORDS.get(error.errno or 0) or errno.errorcode.get(error.errno or 0) or str(error)
