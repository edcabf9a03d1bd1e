# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All clients of all hosts at once, and what became of what they asked."""

from __future__ import annotations

import asyncio
import resource
import time
import typing as t

from ansible_collections.beamops.elixir.benchmarks.zero_downtime import sockets, visitors
from ansible_collections.beamops.elixir.benchmarks.zero_downtime.connection import Site
from ansible_collections.beamops.elixir.benchmarks.zero_downtime.settings import WRK, Settings
from ansible_collections.beamops.elixir.benchmarks.zero_downtime.tally import EntryTally, Gap, PollTally, SocketTally, Tally, now, rounded
from ansible_collections.beamops.elixir.benchmarks.zero_downtime.visitors import Visit
from ansible_collections.beamops.elixir.benchmarks.zero_downtime.wrk import Wrk

# What is in hand at the end gets so long
GRACE = 10.0
LOOK_AT_CLOCK = 0.05


class Kind(t.NamedTuple):
    visitor: t.Callable[[Visit], t.Coroutine[t.Any, t.Any, None]]
    clients: t.Callable[[Settings], int]
    tally: type[Tally] = Tally
    patient: bool = False  # its requests take long, and are not waited for at the end


KINDS = {
    "gets": Kind(visitors.gets, lambda settings: settings.gets),
    "fresh": Kind(visitors.fresh, lambda settings: settings.fresh),
    "posts": Kind(visitors.posts, lambda settings: settings.posts),
    "posts_looking": Kind(visitors.posts_looking, lambda settings: settings.posts),
    "entries": Kind(visitors.entries, lambda settings: 1, EntryTally),
    "sockets": Kind(sockets.sockets, lambda settings: settings.sockets, SocketTally),
    "polls": Kind(visitors.polls, lambda settings: settings.polls, PollTally, patient=True),
}


class Host:
    def __init__(self, settings: Settings, site: Site):
        self.settings, self.site = settings, site
        self.gap = Gap(now())
        self.tallies = {name: kind.tally(self.gap) for name, kind in KINDS.items() if name in settings.kinds}
        self.wrk = Wrk(settings, site) if settings.wrk and WRK in settings.kinds else None
        self.told: dict[str, t.Any] = {}  # by wrk

    def visit(self, over: asyncio.Event) -> dict[asyncio.Task[None], Kind]:
        tasks = {}
        for name, tally in self.tallies.items():
            kind = KINDS[name]
            visit = Visit(self.settings, self.site, tally, over)
            tasks.update({asyncio.ensure_future(kind.visitor(visit)): kind for _client in range(kind.clients(self.settings))})
        return tasks

    @property
    def answers(self) -> bool:
        """To each kind; a poll takes its time."""
        return all(tally.good for name, tally in self.tallies.items() if not KINDS[name].patient)

    def end(self, at: float) -> None:
        for gap in (self.gap, *(tally.gap for tally in self.tallies.values())):
            gap.end(at)

    def as_json(self) -> dict[str, t.Any]:
        kinds = {name: tally.as_json() for name, tally in self.tallies.items()}
        if self.told:
            kinds[WRK] = self.told
        gap = self.gap.as_json() if self.tallies else {}
        return {"url": self.site.url, **gap, "kinds": kinds}


class Load:
    def __init__(self, settings: Settings):
        self.settings = settings
        self.over = asyncio.Event()
        self.hosts = [Host(settings, site) for site in settings.sites]
        self.error = ""
        self._began = self._ended = now()
        self._longest_stall = 0.0

    @property
    def tallies(self) -> list[Tally]:
        return [tally for host in self.hosts for tally in host.tallies.values()]

    @property
    def gaps(self) -> list[Gap]:
        return [host.gap for host in self.hosts]

    @property
    def seconds(self) -> float:
        return self._ended - self._began

    async def run(self) -> None:
        """Until it is over, or a client of this program has a bug: what that one would have seen is not known then."""
        for host in self.hosts:
            if host.wrk:
                await host.wrk.start()
        tasks = {task: kind for host in self.hosts for task, kind in host.visit(self.over).items()}
        clock, over = asyncio.ensure_future(self._look_at_clock()), asyncio.ensure_future(self.over.wait())
        await asyncio.wait({over, *tasks}, timeout=self.settings.seconds, return_when=asyncio.FIRST_COMPLETED)
        self._ended = now()
        self.over.set()
        for host in self.hosts:
            host.end(self._ended)
        await asyncio.gather(self._finish(tasks, over), *(self._end_wrk(host) for host in self.hosts))
        clock.cancel()

    async def _finish(self, tasks: dict[asyncio.Task[None], Kind], over: asyncio.Future[t.Any]) -> None:
        for task, kind in tasks.items():
            if kind.patient:
                task.cancel()
        _done, late = await asyncio.wait({over, *tasks}, timeout=min(GRACE, self.settings.patience))
        for hanging in late:
            hanging.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        errors = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
        self.error = "; ".join(sorted({repr(error) for error in errors}))

    @staticmethod
    async def _end_wrk(host: Host) -> None:
        if host.wrk:
            host.told = await host.wrk.end()

    async def _look_at_clock(self) -> None:
        """How long this program itself got no turn: a gap of that length is not the hosts'."""
        while True:
            before = time.monotonic()
            await asyncio.sleep(LOOK_AT_CLOCK)
            self._longest_stall = max(self._longest_stall, time.monotonic() - before - LOOK_AT_CLOCK)

    async def until_answered(self) -> None:
        while not all(host.answers for host in self.hosts):
            await asyncio.sleep(LOOK_AT_CLOCK)

    def as_json(self) -> dict[str, t.Any]:
        own, of_wrk = (cpu(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return {
            "began": rounded(self._began),
            "ended": rounded(self._ended),
            "seconds": rounded(self.seconds),
            "error": self.error,
            "settings": self.settings.as_json(),
            "client": {
                "cpu": rounded(own),
                "cpu_wrk": rounded(of_wrk),
                "cores": rounded((own + of_wrk) / self.seconds),
                "longest_stall": rounded(self._longest_stall),
            },
            "hosts": {host.site.name: host.as_json() for host in self.hosts},
        }


def cpu(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime
