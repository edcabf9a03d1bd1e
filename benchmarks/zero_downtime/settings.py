# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is asked how often, and the command line that says so."""

from __future__ import annotations

import argparse
import dataclasses
import pathlib
import shutil
import socket
import typing as t
import urllib.parse

from ansible_collections.beamops.elixir.benchmarks.zero_downtime.connection import Site

WRK = "wrk"
# What is said when none of them is chosen. The order is that of the results.
KINDS = ("gets", "fresh", "posts", "posts_looking", "entries", "sockets", "polls", WRK)
HTTPS = "X-Forwarded-Proto: https"


@dataclasses.dataclass(frozen=True)
class Settings:
    """Rates are of all hosts together, so that more hosts do not take more of the machine. Clients are of each host."""

    sites: list[Site]
    kinds: list[str]
    headers: list[str]
    seconds: float | None
    patience: float
    gets: int
    gets_rate: float
    fresh: int
    fresh_rate: float
    posts: int
    posts_pause: tuple[float, float]
    entries_rate: float
    sockets: int
    polls: int
    poll_ms: int
    wrk: str | None
    wrk_connections: int
    wrk_rate: float

    def interval(self, clients: int, rate: float) -> float:
        """Between two requests of one client."""
        return clients * len(self.sites) / rate

    def as_json(self) -> dict[str, t.Any]:
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self) if field.name != "sites"}


def named_url(text: str) -> tuple[str, str]:
    """[NAME=]URL"""
    name, equals, url = text.rpartition("=")
    parts = urllib.parse.urlsplit(url)
    if parts.scheme != "http" or not parts.hostname or parts.path.strip("/"):
        raise argparse.ArgumentTypeError(f"{url} is no base URL such as http://127.0.0.1:8080")
    return (name if equals else parts.netloc), url


def kinds(text: str) -> list[str]:
    chosen = text.split(",")
    unknown = set(chosen) - set(KINDS)
    if unknown:
        raise argparse.ArgumentTypeError(f"there is no {', '.join(sorted(unknown))}")
    return [kind for kind in KINDS if kind in chosen]


def pause(text: str) -> tuple[float, float]:
    least, _dash, most = text.partition("-")
    return float(least) / 1000, float(most or least) / 1000


def positive(text: str) -> float:
    if float(text) <= 0:
        raise argparse.ArgumentTypeError("has to be more than 0")
    return float(text)


def site(name: str, url: str, headers: t.Iterable[str]) -> Site:
    parts = urllib.parse.urlsplit(url)
    family, _type, _protocol, _name, address = socket.getaddrinfo(parts.hostname, parts.port or 80, type=socket.SOCK_STREAM)[0]
    return Site(name, url.rstrip("/"), family, address, "".join(f"{header}\r\n" for header in headers))


def parser() -> argparse.ArgumentParser:
    of_all = "in a second, of all hosts together"
    made = argparse.ArgumentParser(prog="zero_downtime", description="Asks hosts for all sorts of things until SIGTERM, SIGINT or --seconds.")
    made.add_argument("urls", nargs="+", type=named_url, metavar="[NAME=]URL", help="base URLs, such as web1=http://127.0.0.1:8080")
    made.add_argument("--out", type=pathlib.Path, help="where the results go, as JSON")
    made.add_argument("--counter", action="store_true", help="say every second on stdout how it goes; without it, only `ready`")
    made.add_argument("--seconds", type=positive)
    made.add_argument("--host-header", default="guestbook.example.com")
    made.add_argument("--header", action="append", help=f"in the place of '{HTTPS}'; '' for none")
    made.add_argument("--kinds", type=kinds, default=list(KINDS), help=",".join(KINDS))
    made.add_argument("--patience", type=positive, default=30.0, help="seconds until a request without an answer is lost")
    made.add_argument("--gets", type=int, default=4, help="clients of each host that keep their connection")
    made.add_argument("--gets-rate", type=positive, default=200.0, help=of_all)
    made.add_argument("--fresh", type=int, default=2, help="clients of each host that make a connection for each request")
    made.add_argument("--fresh-rate", type=positive, default=50.0, help=of_all)
    made.add_argument("--posts", type=int, default=8, help="clients of each host that POST without a look, and as many that look first")
    made.add_argument("--posts-pause", type=pause, default=(0.001, 1.0), metavar="LEAST-MOST", help="between two of a client: ms (1-1000)")
    made.add_argument("--entries-rate", type=positive, default=2.0, help="in a second, of each host")
    made.add_argument("--sockets", type=int, default=20, help="held websockets of each host")
    made.add_argument("--polls", type=int, default=10, help="clients of each host that poll")
    made.add_argument("--poll-ms", type=int, default=10000)
    made.add_argument("--wrk", default="wrk", help="its name or path; '' for none")
    made.add_argument("--wrk-connections", type=int, default=4, help="of each host")
    made.add_argument("--wrk-rate", type=float, default=200.0, help=f"{of_all}; 0 for as many as it can")
    return made


def read(argv: t.Sequence[str] | None = None) -> tuple[Settings, argparse.Namespace]:
    """What the load is, and all that was given."""
    made = parser()
    given = made.parse_args(argv)
    if not given.out and not given.counter:
        made.error("neither --out nor --counter: nobody would know what became of it")
    if given.kinds == [WRK] and (given.counter or not shutil.which(given.wrk)):
        made.error("wrk alone tells nothing until it ends, and it has to be there")
    if len({name for name, _url in given.urls}) < len(given.urls):
        made.error("two hosts of one name")
    headers = [f"Host: {given.host_header}", *(header for header in given.header or [HTTPS] if header)]
    fields = {field.name for field in dataclasses.fields(Settings)}
    values = {name: value for name, value in vars(given).items() if name in fields}
    values.update(sites=[site(name, url, headers) for name, url in given.urls], headers=headers, wrk=shutil.which(given.wrk) if given.wrk else None)
    return Settings(**values), given
