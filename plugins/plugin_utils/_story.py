# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run says while it runs: what a module answered comes in, a line goes out. Pure; plugins/callback/story.py prints it.

What a module has not answered is not told: nothing is measured here. And nothing is told that Ansible's own output would hide, so of what a command
printed only the numbers of migrations are.
"""

from __future__ import annotations

import json
import typing as t

from ansible_collections.beamops.elixir.plugins.plugin_utils import _fleet, _fleet_text

Answer = t.Mapping[str, t.Any]

BAR = 20
# What is in an answer, and says nothing of a failure. The arguments are here since Ansible shows them with -vvv only
ASIDE = ("changed", "failed", "exception", "warnings", "deprecations", "invocation", "diff", "attempts", "retries", "failed_when_result", "item")
OUTPUTS = ("stdout", "stderr", "module_stdout", "module_stderr")


class Step(t.NamedTuple):
    """What a module of this collection, named without elixir_release_, answered on a host."""

    name: str
    answer: Answer
    options: t.Mapping[str, t.Any] = {}  # of its task, without those that were left out
    check_mode: bool = False
    known: t.Mapping[str, t.Any] = {}  # what the steps before it told of the same host, see learned()


def line(step: Step) -> str:
    """Empty where there is nothing to tell: it only looked, or it answered something else, as a task that runs in the background does."""
    key, tell = TELLERS.get(step.name, ("", None))
    return tell(step) if tell and key in step.answer else ""


def learned(step: Step) -> dict[str, t.Any]:
    """What is known of the host from then on: which release this is about, what runs, whether it is awaited, and what was asked to stop."""
    answer, known = step.answer, dict(step.known)
    if step.name in ("stage", "rollback_info") and "release" in answer:
        known.update(release=answer["release"], live=answer["live"], awaited=answer["live"], runs=_versions(answer["replaces"]))
    if step.name == "start" and "release" in answer:
        known.update(release=answer["release"], live=False, awaited=bool(answer["ready"]))
    if step.name in ("start", "stop") and answer.get("asked"):
        known["asked"] = _versions(answer["asked"])
    if step.name == "wait" and answer.get("ready"):
        known["awaited"] = known.get("awaited", False) and answer["look"] == "stopped"
    return known


def _stage(step: Step) -> str:
    answer, version = step.answer, _version(step.answer["release"])
    if answer["live"]:
        return ""  # that it serves is seen in a moment
    if step.check_mode and answer["changed"]:
        return f"{version} would be staged"
    rehearsed = " and rehearsed" if "rehearsal" in step.options else ""
    if not answer["changed"]:
        return f"{version} is there already{rehearsed and ',' + rehearsed}"
    return f"{version} staged{rehearsed}" + (f", {amount(answer['sent_bytes'])} sent" if "sent_bytes" in answer else "")


def _start(step: Step) -> str:
    answer, version = step.answer, _version(step.answer["release"])
    if not answer["ready"] or not (answer["changed"] or answer["pid"]):
        return ""
    slot = f" in the slot {answer['slot']}" if answer.get("slot") else ""
    before = _versions(answer["asked"])
    if answer["pid"] is None:  # check mode, in which a release that is not staged yet asks nobody
        before = before or ("" if slot else step.known.get("runs", ""))
    instead = f" in the place of {before}" if before else ""
    if answer["pid"] is None:
        return f"{version} would be started{slot}{instead}"
    return f"{version} {'started' if answer['changed'] else 'runs already'}{slot}{instead}, pid {answer['pid']}"


def _wait(step: Step) -> str:
    answer, known = step.answer, step.known
    if not answer["ready"]:
        return ""
    if answer["look"] == "stopped":
        return f"{known['asked']} is gone" if known.get("asked") else _clause(answer["msg"])
    if "release" not in known:
        return _clause(answer["msg"])
    if not known.get("awaited"):
        return ""  # one more look at what was told of
    return f"{_version(known['release'])} {'runs already, and ' if known['live'] else ''}is ready"


def _switch(step: Step) -> str:
    if not step.answer["ready"]:
        return ""
    release = _version(step.known.get("release", "the release"))
    if not step.answer["changed"]:
        return f"the traffic stays with {release}"
    return f"the traffic {'would be' if step.check_mode else 'is'} moved to {release}"


def _stop(step: Step) -> str:
    answer = step.answer
    if "after" in step.options and answer.get("msg"):  # what it keeps warm
        return _clause(answer["msg"])
    if not answer["ready"] or not answer["asked"]:
        return ""
    return f"{_versions(answer['asked'])} {'would be' if step.check_mode else 'is'} asked to stop"


def _current(step: Step) -> str:
    """What was recorded of a release stands in the difference that this makes."""
    before, after = (step.answer.get("diff", {}).get(key, "").strip() for key in ("before", "after"))
    release, dummy, state = after.partition(": ")
    if not step.answer["changed"] or before == after and step.options.get("event") != "rollback":
        return ""
    if step.options.get("event") == "rollback" and state == "good":
        return f"went back to {_version(release)}"
    would = "would be" if step.check_mode else "is"
    return f"{_version(release)} {would} marked {state}" if state else f"{after or 'current -> nothing'}".replace("->", f"{would} pointed to", 1)


def _settle(step: Step) -> str:
    answer, known = step.answer, step.known
    told = []
    if answer["changed"] and "release" in known and not known["live"]:
        told.append(f"{_version(known['release'])} {'would be' if step.check_mode else 'is'} recorded as good")
    return ", ".join(told + _removed(step))


def _prune(step: Step) -> str:
    return "".join(_removed(step))


def _removed(step: Step) -> list[str]:
    removed = step.answer["removed"]
    return [f"{', '.join(removed)} {'would be ' if step.check_mode else ''}removed"] if removed else []


def _eval(step: Step) -> str:
    answer = step.answer
    if "rehearsed_word" in step.options:
        return f"{_version(step.known['release'])} rehearsed" if "release" in step.known else "rehearsed"
    said = f"{answer.get('stdout', '')}{answer.get('stderr', '')}"
    migrated = _fleet.MIGRATED.findall(said)
    if answer["changed"] and migrated:
        return f"{'migration' if len(migrated) == 1 else 'migrations'} {', '.join(migrated)} done"
    return "no migration to run" if "already up" in said else ""


def _deadman(step: Step) -> str:
    return _clause(step.answer["msg"])  # only what has fired has something to say


def _lock(step: Step) -> str:
    return f"took over the lock of {step.answer['taken_over']}" if step.answer["taken_over"] else ""


def _msg(step: Step) -> str:
    return step.answer["msg"]


# By the name of the module: what is in its answer where it came to that, and what is to be told of it. What is not here only looks
TELLERS: dict[str, tuple[str, t.Callable[[Step], str]]] = {
    "build": ("source", _msg),
    "current": ("changed", _current),
    "deadman": ("msg", _deadman),
    "eval": ("rc", _eval),
    "lock": ("taken_over", _lock),
    "prepare": ("taken_over", _lock),
    "prune": ("removed", _prune),
    "settle": ("removed", _settle),
    "stage": ("release", _stage),
    "start": ("release", _start),
    "stop": ("asked", _stop),
    "switch": ("ready", _switch),
    "tarball_info": ("release_id", _msg),
    "wait": ("ready", _wait),
}
# What these tell is of the run, and not of a host
OF_THE_RUN = ("build", "tarball_info")


def _version(release: str) -> str:
    return _fleet_text.BUILD.sub("", release)


def _versions(processes: t.Iterable[t.Mapping[str, t.Any]]) -> str:
    return ", ".join(dict.fromkeys(process["version"] or "what is being started again" for process in processes))


def _clause(sentence: str) -> str:
    return sentence.strip().removesuffix(".")


def amount(size: float) -> str:
    """Of bytes, as elixir_release_tarball_info says it."""
    for unit in ("bytes", "KiB", "MiB"):
        if size < 1024:
            break
        size /= 1024
    else:
        unit = "GiB"
    return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"


def heading(play: str, number: int, batches: int, check_mode: bool) -> str:
    return play + (f", {number} of {batches}" if batches > 1 else "") + (" (check mode)" if check_mode else "")


def seconds(passed: float) -> str:
    return f"{passed:.1f} s" if passed < 60 else f"{int(passed) // 60} min {int(passed) % 60} s"


def progress(passed: float, limit: float | None, what: str, columns: int) -> str:
    """One line. Of what has a limit, how much of it is over."""
    gone = ""
    if limit:
        filled = min(int(BAR * passed / limit), BAR)
        gone = f"[{'#' * filled}{'.' * (BAR - filled)}] "
    text = f"  {gone}{passed:.0f} s{f' of at most {limit:.0f} s' if limit else ''}  {what}"
    return text if len(text) <= columns else text[: columns - 1] + "…"


def names(hosts: t.Sequence[str], most: int = 5) -> str:
    return ", ".join(hosts) if len(hosts) <= most else f"{', '.join(hosts[: most - 1])} and {len(hosts) - most + 1} more"


def failure(answer: Answer) -> list[str]:
    """What a task that failed says, line by line."""
    lines = _lines(answer.get("msg") or answer.get("censored") or "")
    lines = [lines[0].removeprefix("Task failed: "), *lines[1:]] if lines else []
    if "cmd" in answer and "rc" in answer:
        lines.append(f"Its exit code is {answer['rc']}.")
    said = {output: _lines(answer[output]) for output in OUTPUTS if answer.get(output)}
    lines += [text for output, texts in said.items() if texts != lines for text in (f"{output}:", *_indented(texts))]
    return lines or [f"{key}: {value}" for key, value in answer.items() if key not in ASIDE and not key.startswith("_ansible_")] or ["It says nothing."]


def _indented(lines: t.Iterable[str]) -> list[str]:
    return [f"  {text}" for text in lines]


def _lines(text: t.Any) -> list[str]:
    """Of a text, or of whatever stands in its place."""
    if isinstance(text, list):
        return [one for item in text for one in _lines(item)]
    return (text if isinstance(text, str) else json.dumps(text, default=str)).strip("\r\n").splitlines()


def said(answer: Answer) -> list[str] | None:
    """The lines of a message, such as the run's tables. None where there is none, but a value."""
    return _lines(answer["msg"]) if isinstance(answer.get("msg"), (str, list)) else None


def ending(hosts: t.Mapping[str, t.Mapping[str, int]], passed: float, check_mode: bool) -> tuple[str, bool]:
    """The last line, and whether all is well. Of each host what Ansible counted."""
    failed = [host for host, counts in hosts.items() if counts["failures"]]
    lost = [host for host, counts in hosts.items() if counts["unreachable"] and host not in failed]
    others = [counts for host, counts in hosts.items() if host not in failed + lost]
    changed = sum(1 for counts in others if counts["changed"])
    would = "would change" if check_mode else "changed"
    told = [f"{len(failed)} of {len(hosts)} failed ({names(failed)})"] if failed else []
    told += [f"{len(lost)} of {len(hosts)} could not be reached ({names(lost)})"] if lost else []
    # What a run that failed has changed the table tells better: staged is a change, too
    told += [] if told else [f"{changed} of {len(hosts)} {would}" if changed else f"nothing {would}"]
    rescued = sum(1 for counts in others if counts["rescued"])
    told += [f"on {rescued} a failure was dealt with"] if rescued else []
    text = f"Hosts: {', '.join(told)}. {seconds(passed)}."
    if failed or lost:
        text += " The reason stands above; -v shows all that the tasks answer."
    return text, not failed and not lost
