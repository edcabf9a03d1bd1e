# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the playbooks answer that look and change nothing: all hosts in one table, the same as data, and who is not as he should be.

Pure: by host, what its module answered comes in. A host that was lost, or where the module failed, answered something else.
"""

from __future__ import annotations

import collections
import typing as t

Answers = t.Mapping[str, t.Mapping[str, t.Any]]
Line = str

STATUS = "{:<20} {:<13} {:<8} {:<26} {:<22} {:<22} {:<8} {}"
HISTORY = "{:<26} {:<20} {:<9} {:<22} {:<22} {:<20} {}"
EVALUATED = "{:<20} {:<8} {}"
DOCTOR = "{:<20} {:<6} {:<8} {}"
VERDICTS = {True: "WRONG", False: "note", None: "-"}
# In the table; as data it is whole
WIDEST_REASON = 120


class Answer(t.NamedTuple):
    lines: list[Line]
    data: dict[str, t.Any]  # for a program
    wrong: dict[str, str]  # by host, what is not as it should be


def unanswered(answers: Answers, field: str) -> dict[str, str]:
    """Why a host did not answer the question that this field is the answer to."""
    return {host: _why(answer) for host, answer in answers.items() if field not in answer}


def _why(answer: t.Mapping[str, t.Any]) -> str:
    said = str(answer.get("msg") or answer.get("module_stderr") or "It did not say why.").strip()
    return f"It cannot be reached: {said}" if answer.get("unreachable") else said


def status(answers: Answers) -> Answer:
    silent = unanswered(answers, "running")
    seen = {host: answer for host, answer in answers.items() if host not in silent}
    currents = list(dict.fromkeys(answer["current"] for answer in seen.values()))
    differ = [f"The hosts differ: {', '.join(current or 'none' for current in currents)}."] if len(currents) > 1 else []
    drift = {host: list(answer["drift"]) for host, answer in seen.items()}
    lines = [
        STATUS.format("HOST", "RUNNING", "PID", "SINCE", "CURRENT", "ROLLBACK TO", "ENV", "LOCK"),
        *(STATUS.format(host, *(_status_row(seen[host]) if host in seen else ["?", *"-" * 6])).rstrip() for host in answers),
        *(f"{host}: {sentence}" for host, answer in seen.items() for sentence in [*drift[host], *answer["remarks"]]),
        *(f"{host}: {why}" for host, why in silent.items()),
        *differ,
    ]
    usual = _most_common([answer["current"] for answer in seen.values()])
    wrong = {host: [*drift[host], *(differ if seen[host]["current"] != usual else [])] for host in seen}
    fields = ("current", "last_good", "running", "lock", "releases", "drift", "remarks")
    return Answer(lines, _by_host(answers, silent, fields), {**_sentences(wrong), **silent})


def _status_row(seen: t.Mapping[str, t.Any]) -> t.Iterable[str]:
    # What is kept warm in the other slot is told of below
    running = min(seen["running"], key=lambda process: process.get("release") != seen["current"], default=None)
    told = (_with_slot(running), running["pid"], running["since"]) if running else ("-", "-", "-")
    env = "-" if not running else "changed" if running["env_changed"] else "same"
    lock = f"{seen['lock']['owner']}, {seen['lock']['what']}" if seen["lock"] else "-"
    return (*told, seen["current"] or "-", seen["last_good"] or "-", env, lock)


def _with_slot(process: t.Mapping[str, t.Any]) -> str:
    return f"{process['version']} {process['slot']}" if process.get("slot") else process["version"]


def history(answers: Answers, most: int) -> Answer:
    """The ledgers of all hosts as one, oldest first, and of that the end."""
    silent = unanswered(answers, "entries")
    entries = [{"host": host, **entry} for host, answer in answers.items() for entry in answer.get("entries", [])]
    # Their clocks are what they are: times are in UTC, and of the same second the hosts are in the order of the inventory
    told = sorted(entries, key=lambda entry: str(entry.get("at") or ""))[-most:]
    lines = [
        HISTORY.format("WHEN", "HOST", "WHAT", "FROM", "TO", "BY", "WHY"),
        *(HISTORY.format(*_history_row(entry)).rstrip() for entry in told),
        *([] if told else ["Nothing was deployed yet."] if not silent else []),
        *(f"{host}: {why}" for host, why in silent.items()),
    ]
    return Answer(lines, {"history": told}, silent)


def _history_row(entry: t.Mapping[str, t.Any]) -> t.Iterable[str]:
    reason = (str(entry.get("reason") or "").splitlines() or [""])[0]
    cut = reason if len(reason) <= WIDEST_REASON else f"{reason[:WIDEST_REASON]}..."
    return (*(str(entry.get(field) or "-") for field in ("at", "host", "event", "previous", "release", "by")), cut)


def doctor(answers: Answers) -> Answer:
    """What is wrong first, then advice."""
    silent = unanswered(answers, "findings")
    found = {host: sorted(answer["findings"], key=lambda finding: not finding["wrong"]) for host, answer in answers.items() if host not in silent}
    found.update({host: [{"about": "login", "wrong": True, "text": _of_login(why)}] for host, why in silent.items()})
    rows = [(host, finding) for host in answers for finding in found[host] or [{"about": "-", "wrong": None, "text": "all is well"}]]
    lines = [
        DOCTOR.format("HOST", "", "ABOUT", "WHAT WAS FOUND, AND WHAT TO DO"),
        *(DOCTOR.format(host, VERDICTS[finding["wrong"]], finding["about"], finding["text"]) for host, finding in rows),
    ]
    wrong = {host: [finding["text"] for finding in found[host] if finding["wrong"]] for host in answers}
    return Answer(lines, {"hosts": {host: {"findings": found[host]} for host in answers}}, _sentences(wrong))


def _of_login(why: str) -> str:
    wants_password = "password" in why and "sudo" in why
    return f"{why}: give --ask-become-pass, or allow the login to become root without one." if wants_password else why


def logs(answers: Answers, since: str = "") -> Answer:
    """Host by host: not every line has a time by which it could be put between those of another."""
    silent = unanswered(answers, "logs")
    found = [(host, log) for host, answer in answers.items() for log in answer.get("logs", [])]
    lines = [line for host, log in found for line in ["", f"== {host}: {_of_log(log, since)}", *log["lines"]]]
    follow = [f"{log['follow']}  # {host}" for host, log in found]
    return Answer(
        [
            *lines[1:],
            *(f"{host}: {why}" for host, why in silent.items()),
            *(["", "To see what is said from now on, with nothing masked:", *follow] if follow else []),
        ],
        _by_host(answers, silent, ["logs"]),
        silent,
    )


def _of_log(log: t.Mapping[str, t.Any], since: str) -> str:
    who = f"{log['version']}, pid {log['pid']}" if log["pid"] else "nothing runs"
    moment = f" since {since}" if since else ""
    what = f"the last {len(log['lines'])} lines{moment}, and there are more" if log["more"] else f"all {len(log['lines'])} lines{moment}"
    return f"{who}, {what if log['lines'] else f'nothing was said{moment}'} ({log['where']})"


def remote(answers: Answers) -> Answer:
    """Lines for a shell: who it is stands in a comment before each command."""
    silent = unanswered(answers, "consoles")
    found = [(host, console) for host, answer in answers.items() for console in answer.get("consoles", [])]
    lines = [line for host, console in found for line in _of_console(host, console)]
    refused: dict[str, list[str]] = {host: [] for host in answers}
    for host, console in found:
        refused[host] += [console["refused"]] if console["refused"] else []
    return Answer(
        [*lines, *(f"# {host}: {why}" for host, why in silent.items())],
        _by_host(answers, silent, ["consoles"]),
        {**_sentences(refused), **silent},
    )


def _of_console(host: str, console: t.Mapping[str, t.Any]) -> list[str]:
    who = f"# {host}: {console['version']}, pid {console['pid']}, node {console['node']}"
    if not console["refused"]:
        return [who, console["command"]]
    return [f"{who}. This will not open: {' '.join(console['refused'].split())}", f"# {console['command']}"]


def evaluated(answers: Answers) -> Answer:
    """The exit code and the output of each host. In check mode what would be."""
    # Where what serves has died of it, the expression may have ended well
    failed = {host: _why(answer) for host, answer in answers.items() if (answer.get("rc") != 0 or answer.get("died")) and not answer.get("skipped")}
    lines = [EVALUATED.format("HOST", "EXIT", "OUTPUT")]
    for host, answer in answers.items():
        first, *more = _output(answer)
        lines += [EVALUATED.format(host, str(answer.get("rc", "-")), first), *(EVALUATED.format("", "", line) for line in more)]
    wrong = {host: why.splitlines()[0].rstrip(":") for host, why in failed.items()}
    return Answer([line.rstrip() for line in lines], _by_host(answers, {}, ("skipped", "rc", "stdout", "stderr", "died", "msg")), wrong)


def _output(answer: t.Mapping[str, t.Any]) -> list[str]:
    """What was said, under what is said of it. A failure quotes some of it, which is not to be told twice."""
    told = (_why(answer) if answer.get("unreachable") else answer.get("msg") or "").splitlines()
    said = [line for stream in ("stdout", "stderr") for line in str(answer.get(stream) or "").splitlines()]
    return [*told[:1], *said] if said else told or [""]


def _by_host(answers: Answers, silent: t.Mapping[str, str], fields: t.Iterable[str]) -> dict[str, t.Any]:
    fields = list(fields)
    told = {host: {field: answer[field] for field in fields if field in answer} for host, answer in answers.items() if host not in silent}
    return {"hosts": {host: told.get(host, {"error": silent.get(host)}) for host in answers}}


def _sentences(wrong: t.Mapping[str, t.Sequence[str]]) -> dict[str, str]:
    return {host: " ".join(sentences) for host, sentences in wrong.items() if sentences}


def _most_common(values: t.Sequence[t.Any]) -> t.Any:
    counted = collections.Counter(values).most_common(1)
    return counted[0][0] if counted else None
