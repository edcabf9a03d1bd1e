# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Websockets that are held, and opened again when they end."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import typing as t

from ansible_collections.beamops.elixir.benchmarks.zero_downtime import websocket
from ansible_collections.beamops.elixir.benchmarks.zero_downtime.connection import Answer, Connection, words
from ansible_collections.beamops.elixir.benchmarks.zero_downtime.tally import ANSWER, SEND, Lost, SocketTally, now
from ansible_collections.beamops.elixir.benchmarks.zero_downtime.visitors import Visit

EVERY = 1.0
# Where nothing listens, that is said at once
BETWEEN_ATTEMPTS = 0.2


class Held:
    """One open websocket, until it ends."""

    def __init__(self, visit: Visit, connection: Connection):
        self._connection = connection
        self._tally = t.cast(SocketTally, visit.tally)
        self._over = visit.over
        self._patience = visit.settings.patience
        self._sent: tuple[str, float] | None = None  # the message that is to be echoed, and when it was sent
        self._closing = False

    async def until_its_end(self) -> int | None:
        """The code of the server's close; None where it was this client that left."""
        listening, talking = asyncio.ensure_future(self._listen()), asyncio.ensure_future(self._talk())
        try:
            await asyncio.wait({listening, talking}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            if self._sent:
                self._tally.left(self._sent[1], 0.0)
            raise
        finally:
            for task in (listening, talking):
                task.cancel()
            await asyncio.gather(listening, talking, return_exceptions=True)
        return None if self._closing else self._code(listening, talking)

    def _code(self, listening: asyncio.Future[int], talking: asyncio.Future[None]) -> int:
        if not listening.cancelled() and listening.exception() is None:
            # A message that met the close on its way was not answered, and its sender knows: no request is lost by that
            self._tally.crossed += self._sent is not None
            return listening.result()
        phase, ended = (SEND, talking) if listening.cancelled() else (ANSWER, listening)
        error = ended.exception()
        if isinstance(error, OSError):
            error = Lost(phase, words(error))
        if not isinstance(error, Lost):
            raise error or AssertionError("a websocket that ends without an end")
        self._tally.lost(error, self._sent[1] if self._sent else now(), reused=True)
        return websocket.ABNORMAL

    async def _talk(self) -> None:
        await asyncio.sleep(random.uniform(0, EVERY))
        for number in itertools.count(1):
            if self._over.is_set():
                break
            if self._sent is None:
                text = f"message {number}"
                self._sent = text, self._tally.begin()
                await self._connection.send(websocket.masked(websocket.TEXT, text.encode()))
            elif now() - self._sent[1] > self._patience:
                raise Lost(ANSWER, "timeout")
            await asyncio.sleep(EVERY)
        while self._sent:
            await asyncio.sleep(EVERY / 10)
        self._closing = True
        await self._connection.send(websocket.masked(websocket.CLOSE, websocket.NORMAL.to_bytes(2, "big")))
        await asyncio.sleep(EVERY)

    async def _listen(self) -> int:
        while True:
            frame = await websocket.read_message(self._connection)
            if frame.opcode == websocket.CLOSE:
                with contextlib.suppress(OSError):
                    await self._connection.send(websocket.masked(websocket.CLOSE, frame.payload[:2]))
                return frame.code
            fields = read(frame)
            if self._sent is None or fields.get("echo") != self._sent[0]:
                raise Lost(ANSWER, "not the echo")
            self._sent = None
            self._tally.answered(fields["version"])


def read(frame: websocket.Frame) -> dict[str, t.Any]:
    return Answer(200, {}, frame.payload).fields()


async def open_one(visit: Visit, connection: Connection) -> dict[str, t.Any] | None:
    """It is open when the application has said which version it is."""
    tally, key = visit.tally, websocket.key()
    began = tally.begin()
    try:
        async with asyncio.timeout(visit.settings.patience):
            answer = await connection.ask(visit.site.request("GET", "/socket", websocket.handshake_headers(key)), visit.settings.patience)
            websocket.check_handshake(answer, key)
            fields = read(await websocket.read_message(connection))
    except asyncio.CancelledError:
        tally.left(began, 0.0)
        raise
    except (Lost, OSError) as error:
        connection.close()
        tally.lost(error if isinstance(error, Lost) else Lost(ANSWER, words(error)), began, reused=False)
        return None
    tally.answered(fields["version"])
    return fields


async def sockets(visit: Visit) -> None:
    connection, tally = Connection(visit.site), t.cast(SocketTally, visit.tally)
    ended: tuple[int, float] | None = None
    await asyncio.sleep(random.uniform(0, EVERY))
    while not visit.over.is_set():
        if await open_one(visit, connection) is None:
            await asyncio.sleep(BETWEEN_ATTEMPTS)
            continue
        tally.opened += 1
        if ended:
            tally.opened_again(*ended)
        tally.held += 1
        code = await Held(visit, connection).until_its_end()
        connection.close()
        if code is None:
            return
        tally.held -= 1
        tally.codes[code] += 1
        ended = code, now()
