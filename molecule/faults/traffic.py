# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Light HTTP traffic, as visitors make it, and what became of it."""

from __future__ import annotations

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


class Answer(t.NamedTuple):
    at: float
    good: bool
    version: str = ""
    pid: int = 0
    entry: str = ""  # the name of the entry that it acknowledges
    status: int = 0  # 0 where there was no answer


class Traffic:
    """Visitors of some hosts, until the block ends."""

    def __init__(self, ports: t.Mapping[str, int]):
        self.answers: dict[str, list[Answer]] = {host: [] for host in ports}
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._visit, args=(host, port), daemon=True) for host, port in ports.items()]

    def __enter__(self) -> Traffic:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _visit(self, host: str, port: int) -> None:
        next_entry = 0.0
        while not self._over.wait(PAUSE):
            if time.monotonic() >= next_entry:
                next_entry = time.monotonic() + ENTRY_EVERY
                self.answers[host].append(write(port, f"{host} {next(RUNNING)} {time.time()}"))
            self.answers[host].append(read(port))

    def lost(self) -> int:
        return sum(not answer.good for answers in self.answers.values() for answer in answers)

    def errors(self) -> int:
        """What the application itself answered to be its own fault."""
        return sum(answer.status >= 500 for answers in self.answers.values() for answer in answers)

    def seconds_to_be_back(self) -> float | None:
        """None where a host did not come back."""
        gaps = [longest_gap(answers) for answers in self.answers.values()]
        return None if None in gaps else max(gap for gap in gaps if gap is not None)

    def acknowledged(self) -> list[str]:
        return [answer.entry for answers in self.answers.values() for answer in answers if answer.entry]


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


def read(port: int) -> Answer:
    status, body = ask(port, "GET", "/version")
    try:
        fields = json.loads(body) if status == 200 else {}
    except ValueError:
        fields = {}
    return Answer(time.monotonic(), bool(fields), fields.get("version", ""), int(fields.get("pid", 0)), status=status)


def write(port: int, name: str) -> Answer:
    form = urllib.parse.urlencode({"name": name, "message": "light traffic", "mood": "cheerful"})
    status, _body = ask(port, "POST", "/entries", form)
    return Answer(time.monotonic(), status == 303, entry=name if status == 303 else "", status=status)


def ask(port: int, method: str, path: str, form: str | None = None) -> tuple[int, str]:
    """The status and the body; 0 where there is no answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request(method, path, form, {"Content-Type": "application/x-www-form-urlencoded"} if form else {})
        response = connection.getresponse()
        return response.status, response.read().decode(errors="replace")
    except (OSError, http.client.HTTPException):
        return 0, ""
    finally:
        connection.close()
