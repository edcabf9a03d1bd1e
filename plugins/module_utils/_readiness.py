# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a look at a host means: ready, not yet, or never. Pure: what was seen comes in, a verdict goes out."""

from __future__ import annotations

import re
import typing as t

EXCERPT = 200


class Verdict(t.NamedTuple):
    ready: bool
    fatal: bool  # no further look can change the answer
    msg: str


class Seen(t.NamedTuple):
    """A process of a release, as far as a verdict needs it."""

    pid: int
    version: str
    root: str
    seconds: float

    def __str__(self) -> str:
        return f"{self.version} (pid {self.pid}) from {self.root}"


class Answer(t.NamedTuple):
    """An HTTP answer, or why there was none."""

    status: int | None
    body: str
    error: str | None


def yes(msg: str) -> Verdict:
    return Verdict(ready=True, fatal=False, msg=msg)


def not_yet(msg: str) -> Verdict:
    return Verdict(ready=False, fatal=False, msg=msg)


def never(msg: str) -> Verdict:
    return Verdict(ready=False, fatal=True, msg=msg)


def all_of(looks: t.Iterable[t.Callable[[], Verdict]]) -> Verdict:
    """The verdict of the first look that is not content, so that an expensive look comes only after the cheap ones."""
    verdict = yes("nothing was to be looked at")
    for look in looks:
        verdict = look()
        if not verdict.ready:
            break
    return verdict


def stopped(root: str, running: list[Seen], node: str | None, holders: list[Seen], registered: bool) -> Verdict:
    """Nothing of the root runs, and the node name is free for the next one."""
    if running:
        return not_yet(f"{running[0]} still runs; it was asked to stop and may be finishing requests.")
    if holders:
        return never(f"the node name {node} is taken by {holders[0]}, which is not of {root}: stop that one, or set another RELEASE_NODE in the env file.")
    if registered:
        return not_yet(f"epmd still lists the node name {node}.")
    return yes(f"no release of {root} runs" + (f", and the node name {node} is free." if node else "."))


def process(release_root: str, expected_pid: int | None, running: list[Seen], stable_for: float) -> Verdict:
    """One process of this release, the one that was started, up for long enough."""
    ours = [seen for seen in running if seen.root == release_root]
    others = [seen for seen in running if seen.root != release_root]
    if expected_pid is not None and expected_pid not in [seen.pid for seen in ours]:
        return never(f"the release that was started as pid {expected_pid} has died.")
    if others and not ours:
        return never(f"{others[0]} runs, not {release_root}.")
    if not ours:
        return not_yet(f"no process of {release_root} runs.")
    if others:
        return never(f"{others[0]} runs beside {ours[0]}.")
    if ours[0].seconds < stable_for:
        return not_yet(f"{ours[0]} is up for {ours[0].seconds:.1f} s, and is to be for {stable_for:g} s.")
    return yes(f"{ours[0]} is up for {ours[0].seconds:.1f} s.")


def port(number: int, own: t.Collection[int], owners: t.Mapping[int, str]) -> Verdict:
    """The release itself listens there, not somebody else."""
    if number in own:
        return yes(f"the release listens on port {number}.")
    if owners:
        pid, command = sorted(owners.items())[0]
        return not_yet(f"port {number} is held by {command} (pid {pid}), not by the release.")
    listening = ", ".join(map(str, sorted(own))) or "none"
    return not_yet(f"the release does not listen on port {number} yet; its ports: {listening}.")


def http(url: str, answer: Answer, status_codes: t.Collection[int], search_regex: str | None) -> Verdict:
    if answer.error is not None:
        return not_yet(f"{url} gives no answer: {answer.error}.")
    if answer.status not in status_codes:
        wanted = ", ".join(map(str, sorted(status_codes)))
        return not_yet(f"{url} answers {answer.status}, and is to answer {wanted}: {answer.body[:EXCERPT]}")
    if search_regex and not re.search(search_regex, answer.body):
        return not_yet(f"{url} answers {answer.status}, but nothing in the body matches {search_regex!r}: {answer.body[:EXCERPT]}")
    return yes(f"{url} answers {answer.status}.")


def status(answer: t.Mapping[str, str] | str, pid: int, version: str) -> Verdict:
    """What the node says of itself, by rpc."""
    if isinstance(answer, str):
        return not_yet(f"{answer}.")
    if int(answer["pid"]) != pid:
        return never(f"another node answers to the name: pid {answer['pid']}, version {answer['version']}, instead of pid {pid}.")
    if answer["version"] != version:
        return never(f"version {answer['version']} answers, not {version}.")
    if answer["status"] != "started":
        return not_yet(f"the node is still {answer['status']}.")
    return yes(f"{version} is started, as pid {pid}.")
