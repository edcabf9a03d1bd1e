# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Light HTTP traffic, as visitors make it, and what became of it. Nobody asks twice."""

from __future__ import annotations

import collections
import http.client
import itertools
import json
import threading
import time
import typing as t
import urllib.parse

PAUSE = 0.05
ENTRY_EVERY = 1.0
# A visitor is gone by then. What is asked after it counts anew, so that a host that hangs does not make one lost request.
PATIENCE = 2.0
RUNNING = itertools.count()
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
TEXT = {"Content-Type": "text/plain"}
BODY = "x" * 200


class Answer(t.NamedTuple):
    at: float
    good: bool
    version: str = ""
    pid: int = 0
    entry: str = ""  # the name of the entry that it acknowledges
    status: int = 0  # 0 where there was no answer


class Door(t.NamedTuple):
    """Where the visitors of a host come in, and what each of their requests has to say there."""

    port: int
    headers: t.Mapping[str, str] = {}


Visit = t.Callable[[Door], t.Iterator[Answer]]


class Client:
    """Has a connection for each request, or one that is kept for as long as it lasts."""

    def __init__(self, door: Door, keeps: bool = False):
        self._door = door
        self._keeps = keeps
        self._kept: http.client.HTTPConnection | None = None

    def ask(self, method: str, path: str, body: str | None = None, headers: t.Mapping[str, str] | None = None) -> tuple[int, str]:
        """The status and the body; 0 where there is no answer."""
        connection = self._kept or http.client.HTTPConnection("127.0.0.1", self._door.port, timeout=PATIENCE)
        self._kept = None
        try:
            connection.request(method, path, body, {**self._door.headers, **(headers or {})})
            response = connection.getresponse()
            status, text = response.status, response.read().decode(errors="replace")
        except (OSError, http.client.HTTPException):
            connection.close()
            return 0, ""
        if self._keeps:
            self._kept = connection
        else:
            connection.close()
        return status, text


def visitor(door: Door) -> t.Iterator[Answer]:
    """Reads, and now and then leaves an entry, on a connection for each."""
    client, next_entry = Client(door), 0.0
    while True:
        if time.monotonic() >= next_entry:
            next_entry = time.monotonic() + ENTRY_EVERY
            yield write(client, f"{door.port} {next(RUNNING)} {time.time()}")
        yield read(*client.ask("GET", "/version"))


def reader(door: Door) -> t.Iterator[Answer]:
    """On one connection that is kept."""
    client = Client(door, keeps=True)
    while True:
        yield read(*client.ask("GET", "/version"))


def sender(door: Door) -> t.Iterator[Answer]:
    """As a reader, but what nobody on the way may send again."""
    client = Client(door, keeps=True)
    while True:
        yield read(*client.ask("POST", "/echo", BODY, TEXT))


class Traffic:
    """Visitors of some hosts, until the block ends."""

    def __init__(self, doors: t.Iterable[Door], visits: t.Iterable[Visit] = (visitor,)):
        started = [visit(door) for door in doors for visit in visits]
        self.answers: list[list[Answer]] = [[] for _visit in started]
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._go_on, args=pair, daemon=True) for pair in zip(started, self.answers)]

    def __enter__(self) -> Traffic:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _go_on(self, visit: t.Iterator[Answer], answers: list[Answer]) -> None:
        while not self._over.wait(PAUSE):
            answers.append(next(visit))

    def __iter__(self) -> t.Iterator[Answer]:
        return itertools.chain.from_iterable(self.answers)

    def asked(self) -> int:
        return sum(1 for _answer in self)

    def lost(self) -> int:
        return sum(not answer.good for answer in self)

    def losses(self) -> dict[int, int]:
        """How many of the lost had which status."""
        return dict(collections.Counter(answer.status for answer in self if not answer.good))

    def errors(self) -> int:
        """What the application itself answered to be its own fault."""
        return sum(answer.status >= 500 for answer in self)

    def seconds_to_be_back(self) -> float | None:
        """None where a host did not come back."""
        gaps = [longest_gap(answers) for answers in self.answers]
        return None if None in gaps else max(gap for gap in gaps if gap is not None)

    def acknowledged(self) -> list[str]:
        return [answer.entry for answer in self if answer.entry]


def longest_gap(answers: t.Iterable[Answer]) -> float | None:
    """From the last good answer before a lost request to the next good one; the longest. None where there is no next one."""
    longest, last, lost = 0.0, None, False
    for answer in answers:
        if not answer.good:
            lost = True
            continue
        if lost and last is not None:
            longest = max(longest, answer.at - last)
        last, lost = answer.at, False
    return None if lost else longest


def read(status: int, body: str) -> Answer:
    """What says which version and which process it comes from."""
    try:
        fields = json.loads(body) if status == 200 else {}
    except ValueError:
        fields = {}
    return Answer(time.monotonic(), bool(fields), fields.get("version", ""), int(fields.get("pid", 0)), status=status)


def write(client: Client, name: str) -> Answer:
    form = urllib.parse.urlencode({"name": name, "message": "light traffic", "mood": "cheerful"})
    status, _body = client.ask("POST", "/entries", form, FORM)
    return Answer(time.monotonic(), status == 303, entry=name if status == 303 else "", status=status)
