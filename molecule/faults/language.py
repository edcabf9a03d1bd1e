# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The words that faults.py is written in: what a row is, when a fault is injected, and what has to be true at the end."""

from __future__ import annotations

import typing as t

from ansible_collections.beamops.elixir.molecule.faults.machines import Machine

HOSTS = ("web1", "web2", "web3")  # of which each is a batch of its own, by default
OLD, NEW = "0.1.0", "0.2.0"
ROOT, SMALL = "/opt/guestbook", "/srv/small/guestbook"  # SMALL: on a disk of 64 MiB

BEFORE, IN, AFTER = "before the switch", "in the switch", "after the switch"

# Moments on a host, for both halves: what the path or process is called differs
WHOLE = -1  # stands for the size of the tarball
UPLOADS = ["/home/deploy/.ansible/tmp/*/guestbook-*.tar.gz", "/home/deploy/guestbook/releases/guestbook-*.tar.gz"]
UPLOADING: dict[str, t.Any] = {"files": UPLOADS, "bytes": 1_000_000}
ARRIVED: dict[str, t.Any] = {"files": UPLOADS, "bytes": WHOLE}
BOOTING: dict[str, t.Any] = {"process": rf"^\S*beam\.smp .* -boot \S*/releases/{NEW}/start "}
MIGRATING: dict[str, t.Any] = {"process": r"^\S*beam\.smp .*Guestbook\.Release\.migrate"}


class Scene(t.Protocol):
    """A run of one half, as an action sees it."""

    def signal(self, number: int) -> None:
        """Send the run a signal, to its whole process group."""

    def second_deploy(self) -> None:
        """Run the same deploy beside it, to its end."""


class Now(t.NamedTuple):
    """Done before the run and undone after it: a shell script on the host, or a function of the machine."""

    do: str | t.Callable[[Machine], t.Any]
    undo: str | t.Callable[[Machine], t.Any] = ""


class At(t.NamedTuple):
    """Done at a moment on a host: a shell script on the host, whose $1 is the file or the pid, or a function on the controller."""

    moment: dict[str, t.Any]
    do: str | t.Callable[[Scene, Machine], t.Any]
    undo: str = ""
    seen_on: str = ""  # the host where the moment comes, if that is another one than the fault's
    script_moment: dict[str, t.Any] | None = None  # where the bash script has no such moment


class End(t.NamedTuple):
    """What has to be true of our half when all is over. A host is told by name; one that is not told runs on as before, and never noticed."""

    rc: str  # "zero", "not zero" or "killed"
    serves: t.Mapping[str, str | None] = {}  # the version, by a process that is not the old one; None for nothing
    bad: tuple[str, ...] = ()  # where the new release is marked bad, with a reason
    ledger: t.Mapping[str, list[str]] = {}  # the events added
    lock: tuple[str, ...] = ()  # where the lock is left, for the next run of the same owner to take over
    kept: tuple[str, ...] = ()  # where the lock is kept, with a reason
    slot: str = ""  # with blue_green: where what serves runs, and what alone starts with the host
    beside: str = ""  # the version that runs in the other slot then, if one does


UNTOUCHED = End("not zero")
DEPLOYED = End("zero", dict.fromkeys(HOSTS, NEW), ledger=dict.fromkeys(HOSTS, ["deploy"]))


def went_back(host: str, *switched: str) -> End:
    """That host failed and went back at once, and so did those that had switched before it."""
    return End(
        "not zero",
        dict.fromkeys((host, *switched), OLD),
        bad=(host,),
        ledger={host: ["failure", "rollback"], **dict.fromkeys(switched, ["rollback"])},
    )


class Earlier(t.NamedTuple):
    """A run before the row's own, without its fault."""

    playbook: str = "deploy"
    tarball: str = NEW
    variables: t.Mapping[str, t.Any] = {}


class Fault(t.NamedTuple):
    name: str
    title: str
    when: str
    how: str  # what was done, for the reader of the table
    end: End
    reason: str = ""  # a regular expression: what our output says
    hosts: tuple[str, ...] = ("web1",)  # where the fault is
    env: t.Mapping[str, str] = {}  # more variables in the new release's env file
    env_lines: str = ""  # lines at its end, as they are
    env_without: str = ""  # a variable that it lacks
    env_everywhere: bool = True  # or on the fault's hosts only
    tarball: str = NEW  # the build: a version, or one with a suite or a salt
    old: str = ""  # what a shell does to the environment of the old release, on the fault's hosts
    inject: tuple[Now | At, ...] = ()
    variables: t.Mapping[str, t.Any] = {}  # of the role
    playbook: str = "deploy"  # or rollback
    earlier: tuple[Earlier, ...] = ()
    root: str = ROOT
    slow_upload: bool = False
    again: bool = False  # run a second time, without the fault
    between: End = UNTOUCHED  # what has to be true before that, but for the lock
    patience: float = 3  # seconds that the end may take to come after the run
    also: t.Callable[[dict[str, Machine]], list[str]] | None = None  # further complaints
    secrets: tuple[str, ...] = ()  # that are in no output, beside those of every row
    no_errors: bool = False  # the application must answer none with a status of 500 or more
    away: float | None = None  # for how many seconds its users may get no answer, at most; 0: no request may be lost
    beside: str = ""  # the id of a release that runs on a host beside the one that serves
    script: str = "run"  # or why the bash script has nothing of the kind
    script_limit: float = 30  # seconds that the script gets
    script_later: float = 5  # seconds after its end that one looks what became of it
    quick: bool = False  # in CI too

    @property
    def uploads(self) -> bool:
        """Whether the fault is in the way of the whole tarball to the host, which is taken only where the host is not known to have some of its files."""
        return any(isinstance(one, At) and one.moment.get("files") is UPLOADS for one in self.inject)
