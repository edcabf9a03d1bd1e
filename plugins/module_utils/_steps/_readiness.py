# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a look at a host means: ready, not yet, or never. Pure: what was seen comes in, a verdict goes out."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._host import _text

EXCERPT = 200


class Verdict(t.NamedTuple):
    ready: bool
    fatal: bool  # no further look can change the answer
    msg: str
    look: str = ""  # the one that was not content, or the last one
    seen: str = ""  # what it saw, so short that it can be compared with what the same look saw of another release; empty where that tells nothing


class Seen(t.NamedTuple):
    """A process of a release, as far as a verdict needs it."""

    pid: int
    version: str
    root: str
    seconds: float

    def __str__(self) -> str:
        return f"{self.version} (pid {self.pid}) from {self.root}"


class Answer(t.NamedTuple):
    """An HTTP answer, or why there was none, and what to do where that is known."""

    status: int | None
    body: str
    error: str | None
    advice: str = ""


class Sockets(t.NamedTuple):
    """Where the release listens, and who else does; None where that could not be looked at."""

    own: set[int] | None
    serving: set[int] | None  # without the port that other nodes reach it by
    owners: dict[int, str]  # of the port that is asked for; 0 is one that cannot be seen
    missing_right: str = ""


def yes(msg: str, look: str = "", seen: str = "") -> Verdict:
    return Verdict(True, False, msg, look, seen)


def not_yet(msg: str, look: str = "", seen: str = "") -> Verdict:
    return Verdict(False, False, msg, look, seen)


def never(msg: str, look: str = "", seen: str = "") -> Verdict:
    return Verdict(False, True, msg, look, seen)


def all_of(looks: t.Iterable[t.Callable[[], Verdict]]) -> Verdict:
    """The verdict of the first look that is not content, so that an expensive look comes only after the cheap ones."""
    verdict = yes("no look was taken.")
    for look in looks:
        verdict = look()
        if not verdict.ready:
            break
    return verdict


def too_late(verdict: Verdict, seconds: float, within: float | None, what: str) -> Verdict:
    """What is not ready after all the time that it was given never will be."""
    if verdict.ready or verdict.fatal or within is None or seconds <= within:
        return verdict
    return verdict._replace(fatal=True, msg=f"{verdict.msg.rstrip('. ')}, {seconds:.0f} s after {what} (limit {within:g} s).")


def stopped(root: str, running: list[Seen], node: str | None, holders: list[Seen], registered: bool) -> Verdict:
    """Nothing of the root runs, and the node name is free for the next one."""
    if running:
        return not_yet(f"{running[0]} still runs; it was asked to stop and may be finishing requests.", "stopped", "runs")
    if holders:
        return never(
            f"the node name {node} is taken by {holders[0]}, which is not of {root}: stop that one, or set another RELEASE_NODE in the env file.",
            "stopped",
            "node name taken",
        )
    if registered:
        return not_yet(f"epmd still lists the node name {node}.", "stopped", "node name registered")
    return yes(f"no release of {root} runs" + (f", and the node name {node} is free." if node else "."), "stopped", "gone")


def closed(serving: list[tuple[Seen, set[int] | None]]) -> Verdict:
    """Nothing that is to be replaced listens any more. Where that cannot be told of one, it has to be gone."""
    for seen, ports in serving:
        if ports is None:
            return not_yet(f"{seen} still runs, and whether it listens cannot be told.", "closed", "cannot be told")
        if ports:
            listening = ", ".join(map(str, sorted(ports)))
            return not_yet(f"{seen} still listens on port {listening}; it was asked to stop.", "closed", listening)
    return yes("what is replaced listens no more.", "closed", "none")


def process(release_root: str, expected_pid: int | None, running: list[Seen], stable_for: float, overlap: bool = False) -> Verdict:
    """One process of this release, the one that was started, up for long enough. With overlap, what it replaces may be there still."""
    ours = [seen for seen in running if seen.root == release_root]
    others = [seen for seen in running if seen.root != release_root]
    if expected_pid is not None and expected_pid not in [seen.pid for seen in ours]:
        return never(f"the release that was started as pid {expected_pid} has died.", "process", "died")
    if others and not ours:
        return never(f"{others[0]} runs, not {release_root}.", "process", "another runs")
    if not ours:
        return not_yet(f"no process of {release_root} runs.", "process", "none runs")
    if others and not overlap:
        return never(f"{others[0]} runs beside {ours[0]}.", "process", "two run")
    if ours[0].seconds < stable_for:
        return not_yet(f"{ours[0]} is up for {ours[0].seconds:.1f} s, and is to be for {stable_for:g} s.", "process", "up for too short")
    return yes(f"{ours[0]} is up for {ours[0].seconds:.1f} s.", "process", "up")


def port(number: int, sockets: Sockets) -> Verdict:
    """The release itself listens there, not somebody else. Where its sockets cannot be read, somebody does."""
    if sockets.own is None:
        if sockets.owners:
            return yes(f"port {number} is listened on, and by whom cannot be told: {sockets.missing_right}.", "port", "cannot be told")
        return not_yet(f"nobody listens on port {number} yet.", "port", "none")
    seen = ", ".join(map(str, sorted(sockets.own if sockets.serving is None else sockets.serving))) or "none"
    if number in sockets.own:
        return yes(f"the release listens on port {number}.", "port", seen)
    if sockets.owners:
        pid, command = sorted(sockets.owners.items())[0]
        by = f"{_text.shown(command)} (pid {pid})" if pid else command
        return not_yet(f"port {number} is held by {by}, not by the release.", "port", seen)
    listening = ", ".join(map(str, sorted(sockets.own))) or "none"
    advice = "" if sockets.serving else " If it is to open none, set 'port' to 0 (elixir_release_port of the role)."
    return not_yet(f"the release does not listen on port {number} yet; its ports: {listening}.{advice}", "port", seen)


def serves(sockets: Sockets) -> Verdict:
    """It listens anywhere, as what it replaces did."""
    if sockets.serving is None:
        return yes("where the release listens cannot be told.", "port", "cannot be told")
    if sockets.serving:
        seen = ", ".join(map(str, sorted(sockets.serving)))
        return yes(f"the release listens on port {seen}.", "port", seen)
    return not_yet(
        "the release listens on no port, and what it replaces did: if it is to open none, set 'port' to 0 (elixir_release_port of the role).", "port", "none"
    )


def http(url: str, answer: Answer, status_codes: t.Collection[int], search_regex: str | None) -> Verdict:
    excerpt = _text.shown(answer.body[:EXCERPT])
    if answer.error is not None:
        advice = f" {_text.sentence(answer.advice)}" if answer.advice else ""
        return not_yet(f"{url} gives no answer: {_text.sentence(_text.shown(answer.error))}{advice}", "http", "no answer")
    if answer.status not in status_codes:
        wanted = ", ".join(map(str, sorted(status_codes)))
        return not_yet(f"{url} answers {answer.status}, and is to answer {wanted}: {excerpt}", "http", str(answer.status))
    # Not to be compared: most often an expression names the version, and another release must not match
    if search_regex and not re.search(search_regex, answer.body):
        return not_yet(f"{url} answers {answer.status}, but nothing in the body matches {search_regex!r}: {excerpt}", "http")
    return yes(f"{url} answers {answer.status}.", "http", str(answer.status))


def expression(wanted: str, is_true: bool, text: str) -> Verdict:
    """What the node makes of an expression of the user's."""
    seen = _text.shown(" ".join(text.split())[:EXCERPT])
    if is_true:
        return yes(f"{wanted} is true.", "expression", "true")
    return not_yet(f"{wanted} is not true: {_text.sentence(seen)}", "expression", seen)


def status(answer: t.Mapping[str, str] | str, pid: int, version: str) -> Verdict:
    """What the node says of itself, by rpc."""
    if isinstance(answer, str):
        return not_yet(_text.sentence(_text.shown(answer)), "rpc", "no answer")
    if int(answer["pid"]) != pid:
        return never(f"another node answers to the name: pid {answer['pid']}, version {answer['version']}, instead of pid {pid}.", "rpc", "another node")
    if answer["version"] != version:
        return never(f"version {answer['version']} answers, not {version}.", "rpc", "another version")
    if answer["status"] != "started":
        return not_yet(f"the node is still {answer['status']}.", "rpc", answer["status"])
    return yes(f"{version} is started, as pid {pid}.", "rpc", "started")
