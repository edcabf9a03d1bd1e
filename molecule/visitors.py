# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The users of an application behind a proxy, and what they notice."""

from __future__ import annotations

import http.client
import json
import threading
import typing as t
import urllib.request

HEADERS = {"Host": "guestbook.example.com", "X-Forwarded-Proto": "https"}
PAUSE = 0.01  # seconds
PATIENCE = 15


class Web:
    """The application on one host as its users have it: through nginx."""

    def __init__(self, port: int):
        self.port = port

    def get(self, path: str, timeout: float = 10) -> str:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=HEADERS)
        with urllib.request.urlopen(request, timeout=timeout) as response:
            return response.read().decode()

    def version(self) -> str:
        return json.loads(self.get("/version"))["version"]


class Visitors:
    """At each door a reader and a writer ask again and again, each on a connection that is kept, and nobody asks twice for the same."""

    def __init__(self, doors: t.Mapping[str, int]):
        self.doors = doors  # ports of this machine
        self.answered = dict.fromkeys(doors, 0)
        self.lost: dict[str, list[str]] = {name: [] for name in doors}
        self.versions: dict[str, list[str]] = {name: [] for name in doors}  # as they came
        self.processes: set[tuple[str, str]] = set()  # who answered the readers; two hosts can have the same pid
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.visit, args=(name, kind)) for name in doors for kind in ("GET", "POST")]

    def __enter__(self) -> Visitors:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join()

    def visit(self, name: str, kind: str) -> None:
        connection = None
        path, body = ("/version", None) if kind == "GET" else ("/echo", b"x" * 200)
        while not self.over.wait(PAUSE):
            try:
                connection = connection or http.client.HTTPConnection("127.0.0.1", self.doors[name], timeout=PATIENCE)
                connection.request(kind, path, body=body, headers=HEADERS)
                response = connection.getresponse()
                text = response.read()
                assert response.status == 200, response.status
                self.note(name, json.loads(text))
            except (OSError, ValueError, AssertionError, http.client.HTTPException) as error:
                self.lost[name].append(f"{kind}: {error!r}")
                connection = None

    def note(self, name: str, answer: t.Mapping[str, str]) -> None:
        self.answered[name] += 1
        if "host" in answer:
            self.processes.add((answer["host"], answer["pid"]))
        if [answer["version"]] != self.versions[name][-1:]:
            self.versions[name].append(answer["version"])
