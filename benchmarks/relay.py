# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""relay {"HOST": PORT, ...}: a line in front of each host's sshd, which counts bytes and may be long.

The first line of its output says where it listens for each host. Then it answers each line of its input: "delay SECONDS" (of one direction),
"counts" (bytes to and from each host since it began) and "drop" (ends all connections, as the idle ones that ssh keeps).
"""

from __future__ import annotations

import asyncio
import json
import sys
import typing as t

PIECE = 65536
# A connection is made in a round trip, and the host knows of it half a round trip later
HANDSHAKE = 3


class Relay:
    def __init__(self) -> None:
        self.delay = 0.0
        self.counts: dict[str, list[int]] = {}
        self.connections: set[asyncio.Task[None]] = set()

    async def listen(self, host: str, port: int) -> int:
        self.counts[host] = [0, 0]

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = t.cast("asyncio.Task[None]", asyncio.current_task())
            self.connections.add(task)
            try:
                await self.connection(host, port, reader, writer)
            except OSError:
                pass  # either end may go away whenever it likes
            except asyncio.CancelledError:
                pass  # dropped
            finally:
                self.connections.discard(task)
                writer.close()

        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        return server.sockets[0].getsockname()[1]

    async def connection(self, host: str, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(HANDSHAKE * self.delay)
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            await asyncio.gather(self.direction(host, 0, reader, far_writer), self.direction(host, 1, far_reader, writer))
        finally:
            far_writer.close()

    async def direction(self, host: str, index: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Each piece arrives so much later, however many are under way: a long line is no narrow one."""
        pieces: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        deliver = asyncio.ensure_future(self.deliver(pieces, writer))
        try:
            data = b"?"
            while data:
                data = await reader.read(PIECE)
                self.counts[host][index] += len(data)
                pieces.put_nowait((asyncio.get_running_loop().time() + self.delay, data))
            await deliver
        finally:
            deliver.cancel()

    @staticmethod
    async def deliver(pieces: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due, data = await pieces.get()
            if due > loop.time():
                await asyncio.sleep(due - loop.time())
            if not data:
                writer.write_eof()
                return
            writer.write(data)
            await writer.drain()

    async def obey(self, line: str) -> t.Any:
        verb, _blank, value = line.strip().partition(" ")
        if verb == "delay":
            self.delay = float(value)
        elif verb == "drop":
            gone = list(self.connections)
            for task in gone:
                task.cancel()
            await asyncio.gather(*gone, return_exceptions=True)
        return self.counts


async def main() -> None:
    relay = Relay()
    ports = {host: await relay.listen(host, port) for host, port in json.loads(sys.argv[1]).items()}
    print(json.dumps(ports), flush=True)
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        print(json.dumps(await relay.obey(line.decode())), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
