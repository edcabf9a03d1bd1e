# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""prober {"HOST": ADDRESS, ...}: asks each host's /version until its input ends, then prints what it saw.

A process of its own, so that nothing else of the benchmark delays it. It goes to the container's address and not to the published port: the
engine's proxy accepts connections for hosts where nothing listens, and would cost as much as the rest of the prober.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
import typing as t

# A host that is away is asked every 10 ms, which costs next to nothing. A good answer costs 1.5 ms of CPU time in all: a hundred of them a second from each of
# eight hosts would be more than half of two cores.
EVERY = 0.01
AT_MOST = 50  # good answers of all hosts, a second
# Where nothing listens, that is said at once. This is for a host that is only slow.
PATIENCE = 1.0
PORT = 4000
REQUEST = b"GET /version HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


class Watch:
    """What is seen of one host."""

    def __init__(self) -> None:
        self.asked = self.lost = 0
        self.gaps: list[float] = []  # from the last good answer before a lost request to the next good one
        self.first: dict[str, t.Any] = {}  # empty where nothing answered when it began
        self.last: dict[str, t.Any] = {}
        self._good_at = 0.0
        self._away = False

    def note(self, at: float, answer: dict[str, t.Any]) -> None:
        self.asked += 1
        if self.asked == 1:
            self.first = answer
        if not answer:
            self.lost += 1
            self._away = True
            return
        if self._away and self._good_at:
            self.gaps.append(at - self._good_at)
        self.last, self._good_at, self._away = answer, at, False

    def seen(self) -> dict[str, t.Any]:
        """There is no downtime where the host never answered, or not to the end."""
        known = bool(self.last) and not self._away
        downtime = max(self.gaps, default=0.0) if known else None
        return {"asked": self.asked, "lost": self.lost, "gaps": len(self.gaps), "downtime": downtime, "first": self.first, "last": self.last if known else {}}


def ask(address: str) -> dict[str, t.Any]:
    """What /version says; nothing where there is no good answer."""
    try:
        with socket.create_connection((address, PORT), timeout=PATIENCE) as connection:
            connection.sendall(REQUEST)
            answer = b""
            while piece := connection.recv(4096):
                answer += piece
        head, _blank, body = answer.partition(b"\r\n\r\n")
        return json.loads(body) if head.split(b" ", 2)[1:2] == [b"200"] else {}
    except (OSError, ValueError):
        return {}


def watch(address: str, seen: Watch, every: float, over: threading.Event) -> None:
    while not over.is_set():
        began = time.monotonic()
        answer = ask(address)
        seen.note(time.monotonic(), answer)
        time.sleep(max(0.0, began + (every if answer else EVERY) - time.monotonic()))


def main() -> None:
    hosts = json.loads(sys.argv[1])
    watches = {host: Watch() for host in hosts}
    every = max(EVERY, len(hosts) / AT_MOST)
    over = threading.Event()
    threads = [threading.Thread(target=watch, args=(address, watches[host], every, over)) for host, address in hosts.items()]
    for thread in threads:
        thread.start()
    while not all(seen.asked for seen in watches.values()):
        time.sleep(EVERY)
    print("ready", flush=True)
    sys.stdin.read()
    over.set()
    for thread in threads:
        thread.join()
    print(json.dumps({host: seen.seen() for host, seen in watches.items()}))


if __name__ == "__main__":
    main()
