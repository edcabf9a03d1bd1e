# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Clients that ask and wait for the answer. Nobody asks twice: what was not answered is lost."""

from __future__ import annotations

import asyncio
import itertools
import random
import secrets
import typing as t
import urllib.parse

from ansible_collections.beamops.elixir.benchmarks.zero_downtime.connection import Answer, Connection, Site
from ansible_collections.beamops.elixir.benchmarks.zero_downtime.settings import Settings
from ansible_collections.beamops.elixir.benchmarks.zero_downtime.tally import ANSWER, EntryTally, Lost, PollTally, Tally

# A host that answers polls at once, or that is away, would else be asked as fast as it can
POLL_PAUSE, POLL_PAUSE_AFTER_LOSS = 0.05, 0.5
BODY = 200
FORM = "Content-Type: application/x-www-form-urlencoded\r\n"
TEXT = "Content-Type: text/plain\r\n"
RUN = secrets.token_hex(3)
NUMBERS = itertools.count(1)

Read = t.Callable[[Answer], dict[str, t.Any]]

# A busy machine answers a poll a moment after its time
SLACK = 1.0


class Visit:
    """What the clients of one kind have of one host."""

    def __init__(self, settings: Settings, site: Site, tally: Tally, over: asyncio.Event):
        self.settings, self.site, self.tally, self.over = settings, site, tally, over

    async def ask(self, connection: Connection, request: bytes, read: Read = Answer.fields, due: float = 0.0) -> dict[str, t.Any] | None:
        """What `read` makes of the answer; None where the request was lost. The answer may take as long as `due`, and then as long as anybody waits."""
        began, reused = self.tally.begin(), connection.used > 0
        try:
            fields = read(await connection.ask(request, due + self.settings.patience))
        except Lost as lost:
            self.tally.lost(lost, began, reused)
            return None
        except asyncio.CancelledError:
            self.tally.left(began, due)
            raise
        self.tally.answered(fields.get("version", ""))
        return fields


class Pace:
    """So much time from one request to the next. What was missed is not made up for: that would be a burst when a host is back."""

    def __init__(self, interval: float):
        self._loop = asyncio.get_running_loop()
        self._interval = interval
        # So that not all clients ask at the same moment
        self._next = self._loop.time() + random.uniform(0, interval)

    async def wait(self) -> None:
        await asyncio.sleep(self._next - self._loop.time())
        self._next = max(self._next, self._loop.time()) + self._interval


async def gets(visit: Visit) -> None:
    connection, request = Connection(visit.site), visit.site.request("GET", "/version")
    pace = Pace(visit.settings.interval(visit.settings.gets, visit.settings.gets_rate))
    while not visit.over.is_set():
        await pace.wait()
        connection.look()
        await visit.ask(connection, request)
    connection.close()


async def fresh(visit: Visit) -> None:
    request = visit.site.request("GET", "/version")
    pace = Pace(visit.settings.interval(visit.settings.fresh, visit.settings.fresh_rate))
    while not visit.over.is_set():
        await pace.wait()
        connection = Connection(visit.site)
        await visit.ask(connection, request)
        connection.close()


async def posts(visit: Visit, looks: bool = False) -> None:
    """A POST may be repeated by nobody on the way, neither by the client nor by a proxy. Without a look it meets what closes between two requests."""
    connection = Connection(visit.site)
    while not visit.over.is_set():
        await asyncio.sleep(random.uniform(*visit.settings.posts_pause))
        if looks:
            connection.look()
        body = f"{RUN} {next(NUMBERS)} ".ljust(BODY, ".").encode()
        await visit.ask(connection, visit.site.request("POST", "/echo", TEXT, body), whole_echo(body))
    connection.close()


async def posts_looking(visit: Visit) -> None:
    await posts(visit, looks=True)


def whole_echo(body: bytes) -> Read:
    """Where the application says how many bytes it got, they have to be all."""

    def read(answer: Answer) -> dict[str, t.Any]:
        fields = answer.fields()
        if str(fields.get("bytes", len(body))) != str(len(body)):
            raise Lost(ANSWER, "not of the whole body")
        return fields

    return read


async def entries(visit: Visit) -> None:
    connection, tally = Connection(visit.site), t.cast(EntryTally, visit.tally)
    pace = Pace(1 / visit.settings.entries_rate)
    while not visit.over.is_set():
        await pace.wait()
        connection.look()
        name = f"{visit.site.name} {RUN} {next(NUMBERS)}"
        form = urllib.parse.urlencode({"name": name, "message": "Nobody noticed the deploy.", "mood": "cheerful"}).encode()
        # Until it is acknowledged, also where the load ends meanwhile
        tally.unacknowledged.append(name)
        if await visit.ask(connection, visit.site.request("POST", "/entries", FORM, form), acknowledged) is not None:
            tally.unacknowledged.remove(name)
            tally.acknowledged.append(name)
    connection.close()


def acknowledged(answer: Answer) -> dict[str, t.Any]:
    answer.expect(303)
    return {}


async def polls(visit: Visit) -> None:
    connection, tally = Connection(visit.site), t.cast(PollTally, visit.tally)
    seconds = visit.settings.poll_ms / 1000
    request = visit.site.request("GET", f"/poll?ms={visit.settings.poll_ms}")
    await asyncio.sleep(random.uniform(0, min(seconds, 1.0)))
    while not visit.over.is_set():
        connection.look()
        fields = await visit.ask(connection, request, due=seconds + SLACK)
        if fields is not None and str(fields.get("early")).lower() == "true":
            tally.early += 1
        await asyncio.sleep(POLL_PAUSE_AFTER_LOSS if fields is None else POLL_PAUSE)
    connection.close()
