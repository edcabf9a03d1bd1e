# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Our half of a row: the playbook deploy.yml under the fault, what is seen on the hosts afterwards, and what of that is not as it has to be."""

from __future__ import annotations

import json
import re
import tempfile
import time
import typing as t

from ansible_collections.beamops.elixir.molecule.conftest import FLEET, INVENTORY, PROJECT
from ansible_collections.beamops.elixir.molecule.faults import baseline, material, rows
from ansible_collections.beamops.elixir.molecule.faults.injection import Injection
from ansible_collections.beamops.elixir.molecule.faults.language import NEW, OLD, End, Fault
from ansible_collections.beamops.elixir.molecule.faults.machines import Machine
from ansible_collections.beamops.elixir.molecule.faults.runs import Ended, Running
from ansible_collections.beamops.elixir.molecule.faults.traffic import Traffic, Visit, visitor

MARKS = {OLD: "old", NEW: "new"}  # of the env file that belongs to a version
BEFORE_AND_AFTER = 1.5  # seconds of traffic
LIMIT = 300  # seconds that a deploy may take

Seen = t.Dict[str, t.Any]


class Way(t.NamedTuple):
    """What the ways that a deploy has to switch do not share."""

    reset: t.Callable[[Fault, t.Mapping[str, Machine], Machine], None]  # so that the old version serves, and nothing else is there
    visits: tuple[Visit, ...] = (visitor,)
    variables: t.Mapping[str, t.Any] = {}


def reset_in_place(fault: Fault, machines: t.Mapping[str, Machine], database: Machine) -> None:
    baseline.collection(machines, database, fault.root, fault.old, fault.hosts)


IN_PLACE = Way(reset_in_place)


class Deploy:
    """The scene of a row: one deploy of the fleet, and perhaps a second one beside it."""

    def __init__(self, fault: Fault, way: Way = IN_PLACE):
        self.fault = fault
        self.way = way
        self.tarball = material.tarball(fault.tarball)
        self.first: Running | None = None
        self.second: Ended | None = None
        # Short paths, as a socket needs them
        self._sockets = tempfile.TemporaryDirectory(prefix="faults-", ignore_cleanup_errors=True)

    def start(self, name: str = "first", faulty: bool = True) -> Running:
        return self._start(name, self.fault.playbook, faulty, {"elixir_release_tarball": self.tarball, **self.fault.variables})

    def prepare(self) -> None:
        """What was run before the row's own."""
        for number, run in enumerate(self.fault.earlier):
            ended = self._start(f"earlier-{number}", run.playbook, False, {"elixir_release_tarball": material.tarball(run.tarball), **run.variables}).wait(
                LIMIT
            )
            assert ended.rc == 0, ended.output

    def _start(self, name: str, playbook: str, faulty: bool, variables: t.Mapping[str, t.Any]) -> Running:
        given = {
            "elixir_release_env_file": self._env_file(faulty),
            "elixir_release_root": self.fault.root,
            "ansible_ssh_common_args": material.common_ssh_args(self.fault.slow_upload and faulty),
            **self.way.variables,
            **variables,
        }
        logs = FLEET / "logs"
        logs.mkdir(exist_ok=True)
        argv = ["ansible-playbook", "-i", str(INVENTORY), str(PROJECT / "playbooks" / f"{playbook}.yml"), "--extra-vars", json.dumps(given)]
        # Connections of its own: those of an earlier row may be slow, or hang
        environ = {"ANSIBLE_SSH_CONTROL_PATH_DIR": tempfile.mkdtemp(dir=self._sockets.name)}
        return Running(argv, logs / f"{self.fault.name}-{name}.log", PROJECT, environ)

    def _env_file(self, faulty: bool) -> str:
        files = {}
        for bad in (True, False):
            path = FLEET / f"env-{self.fault.name}-{'bad' if bad else 'good'}"
            path.write_text(material.env_text(self.fault, bad))
            files[bad] = str(path)
        if not faulty:
            return files[False]
        if self.fault.env_everywhere:
            return files[True]
        return f"{{{{ '{files[True]}' if inventory_hostname in {list(self.fault.hosts)} else '{files[False]}' }}}}"

    def signal(self, number: int) -> None:
        if self.first:
            self.first.signal(number)

    def second_deploy(self) -> None:
        self.second = self.start("second").wait(LIMIT)


def complaints(fault: Fault, *arguments: t.Any, **options: t.Any) -> list[str]:
    """Of a row that is run, and kept for the table."""
    rows.forget(fault, "collection")
    row = run(fault, *arguments, **options)
    rows.keep(fault, "collection", row)
    return row["complaints"]


def run(fault: Fault, machines: t.Mapping[str, Machine], database: Machine, secrets: t.Iterable[str], way: Way = IN_PLACE) -> dict[str, t.Any]:
    """Run the row; what was seen, and what is wrong with it."""
    began = time.monotonic()
    way.reset(fault, machines, database)
    if fault.uploads:  # as after a deploy by an older version of the collection
        for machine in machines.values():
            machine.sh(f"rm -f {fault.root}/releases/*/.contents.json")
    deploy = Deploy(fault, way)
    deploy.prepare()
    before = look(machines, fault)
    injection = Injection(deploy, deploy.tarball)
    traffic = Traffic([machine.door for machine in machines.values()], way.visits)
    complaints: list[str] = []
    with traffic:
        time.sleep(BEFORE_AND_AFTER)
        with injection.around(fault.inject, [machines[name] for name in fault.hosts], machines):
            deploy.first = deploy.start()
            runs = [deploy.first.wait(LIMIT)]
            injection.stop_watching()
            if fault.again:
                complaints += between(fault, runs[0], before, eventually(fault, fault.between, machines, before))
                runs.append(deploy.start("again", faulty=False).wait(LIMIT))
            after = eventually(fault, fault.end, machines, before)
            complaints += fault.also(dict(machines)) if fault.also else []
        time.sleep(BEFORE_AND_AFTER)
    after = look(machines, fault)
    if deploy.second:
        complaints += [] if deploy.second.rc != 0 else ["the second deploy went through"]
        runs.append(deploy.second)
    main = runs[1] if fault.again else runs[0]
    missing = sorted(set(traffic.acknowledged()) - set(baseline.query(database, "SELECT name FROM entries")))
    told = reason(fault, runs)
    complaints += injection.missed + judge(fault.end, main, before, after)
    complaints += [f"lost entries: {missing}"] if missing else []
    complaints += away_too_long(fault, traffic)
    complaints += [f"{traffic.errors()} requests were answered with an error of the application's own"] if fault.no_errors and traffic.errors() else []
    complaints += [] if traffic.acknowledged() else ["no entry was acknowledged"]
    hidden = (*secrets, *fault.secrets)
    complaints += [f"a secret is in the output of run {number}" for number, one in enumerate(runs) if any(secret in one.output for secret in hidden)]
    complaints += [f"the output does not say {fault.reason!r}"] if fault.reason and not told else []
    return {
        "complaints": complaints,
        "rc": main.rc,
        "rcs": [one.rc for one in runs],
        "reason": told,
        "hosts": {name: summary(before[name], after[name]) for name in machines},
        "asked": traffic.asked(),
        "lost": traffic.lost(),
        "losses": traffic.losses(),
        "back": traffic.seconds_to_be_back(),
        "entries": len(traffic.acknowledged()),
        "seconds": round(time.monotonic() - began, 1),
        "run_seconds": [round(one.seconds, 1) for one in runs],
    }


def look(machines: t.Mapping[str, Machine], fault: Fault) -> dict[str, Seen]:
    """What is on each host, and what it answers."""

    def one(machine: Machine) -> Seen:
        seen = machine.look(fault.root)
        seen["beams"] = [beam for beam in seen["beams"] if not fault.beside or not beam["root"].endswith(fault.beside)]
        seen["answers"] = answers(machine)
        return seen

    return dict(zip(machines, baseline.in_parallel(one, machines.values())))


def answers(machine: Machine) -> dict[str, t.Any] | None:
    try:
        return machine.site.version()
    except (OSError, ValueError):
        return None


def eventually(fault: Fault, end: End, machines: t.Mapping[str, Machine], before: dict[str, Seen]) -> dict[str, Seen]:
    """A host may go back by itself some time after the run."""
    deadline = time.monotonic() + fault.patience
    while True:
        after = look(machines, fault)
        if time.monotonic() > deadline or not [line for name in after for line in wrong_process(name, end, before[name], after[name])]:
            return after
        time.sleep(0.5)


def between(fault: Fault, ended: Ended, before: dict[str, Seen], after: dict[str, Seen]) -> list[str]:
    """What an interrupted run may leave: its lock, and nothing else that is not told."""
    left = tuple(name for name in after if after[name]["lock"])
    return [f"after the interrupted run: {line}" for line in judge(fault.between._replace(lock=left), ended, before, after)]


def away_too_long(fault: Fault, traffic: Traffic) -> list[str]:
    """Longer than its users may be. One request that is lost is too long where none may be."""
    seconds = traffic.seconds_to_be_back()
    if fault.away is None or traffic.lost() == 0 or seconds is not None and seconds <= fault.away:
        return []
    answers = ", ".join(f"{status or 'no answer'}: {count}" for status, count in traffic.losses().items())
    return [f"{traffic.lost()} of {traffic.asked()} requests were lost ({answers}), for {'ever' if seconds is None else f'{seconds:.1f} s'}"]


def judge(end: End, ended: Ended, before: dict[str, Seen], after: dict[str, Seen]) -> list[str]:
    """What is not as it has to be, a sentence each."""
    found = []
    codes = {"zero": ended.rc == 0, "not zero": ended.rc != 0 and ended.limit is None, "killed": ended.rc < 0}
    if not codes[end.rc]:
        found.append(f"exit code {ended.rc} is to be {end.rc}" + (f"; it had not ended after {ended.limit:g} s" if ended.limit else ""))
    for name in after:
        found += wrong_process(name, end, before[name], after[name])
        found += [f"{name}: {line}" for line in wrong_records(name, end, before[name], after[name]) + wrong_slot(end, after[name])]
    return found


def wrong_process(name: str, end: End, before: Seen, after: Seen) -> list[str]:
    """Who serves: exactly one process of that root, the one that answers, with the env file that belongs to its version."""
    found = []
    beams = [beam for beam in after["beams"] if beam["version"] != end.beside]
    pids = [beam["pid"] for beam in beams]
    if len(after["beams"]) - len(beams) != bool(end.beside):
        return [f"{name}: {end.beside} does not run beside it; BEAMs: {after['beams']}"]
    if name in end.serves and end.serves[name] is None:
        return [] if after["answers"] is None else [f"{name}: something answers"]
    version = end.serves.get(name) or OLD
    if not after["answers"]:
        return [f"{name}: nothing answers; BEAMs: {pids}"]
    if after["answers"]["version"] != version or [str(pid) for pid in pids] != [after["answers"]["pid"]] or beams[0]["version"] != version:
        return [f"{name}: {after['answers']['version']} (pid {after['answers']['pid']}) answers, BEAMs are {pids}, and it is to be {version} alone"]
    beam, same = beams[0], after["answers"]["pid"] == (before["answers"] or {}).get("pid")
    if same != (name not in end.serves):
        found.append(f"{name}: the process is {'still' if same else 'not'} the old one")
    if not after["current"] or beam["root"].rpartition("/")[2] != after["current"]:
        found.append(f"{name}: {beam['root']} runs, current is {after['current']}")
    if not beam["environ"].get("GUESTBOOK_ENV") == after["env_file"] == MARKS[version]:
        found.append(f"{name}: runs {version} with the {beam['environ'].get('GUESTBOOK_ENV')} env, the env file of current is the {after['env_file']} one")
    return found


def wrong_records(name: str, end: End, before: Seen, after: Seen) -> list[str]:
    found = []
    bad = {key: record for key, record in after["releases"].items() if record.get("version") == NEW and record["state"] == "bad"}
    good = [key for key, record in after["releases"].items() if record.get("version") == NEW and record["state"] == "good"]
    if bool(bad) != (name in end.bad) or not all(record["reason"] for record in bad.values()):
        found.append(f"bad releases: {bad or 'none'}")
    if good and end.serves.get(name) != NEW and name not in end.serves:
        found.append(f"{good} is good and was never proven")
    events = [line.get("event") for line in after["ledger"][len(before["ledger"]) :]]
    if events != end.ledger.get(name, []):
        found.append(f"the ledger's new lines are {events}, not {end.ledger.get(name, [])}")
    lock = after["lock"]
    if bool(lock) != (name in end.lock + end.kept) or (lock and bool(lock.get("kept")) != (name in end.kept)):
        found.append(f"lock: {lock or 'none'}")
    return found


def wrong_slot(end: End, after: Seen) -> list[str]:
    """Where it runs, and what starts with the host."""
    if not end.slot:
        return []
    found = [] if slot_of(after) == end.slot else [f"the slot {slot_of(after)} serves, not {end.slot}"]
    if end.slot not in after["starting"] or len(after["starting"]) > 1 and not end.beside:
        found.append(f"what starts with the host is {after['starting']}, and is to be {end.slot}")
    return found


def slot_of(seen: Seen) -> str | None:
    """As the node that answers is called."""
    found = re.search("-(blue|green)@", seen["answers"]["node"] if seen["answers"] else "")
    return found[1] if found else None


def reason(fault: Fault, runs: t.Iterable[Ended]) -> str:
    """The words in the output that say why: the last group of the expression, if it has one."""
    matches = [re.search(fault.reason, one.plain()) for one in runs] if fault.reason else []
    return next((match[match.lastindex or 0] for match in matches if match), "")


def summary(before: Seen, after: Seen) -> dict[str, t.Any]:
    """What words.py needs to know of a host."""
    return {
        "serves": after["answers"] and after["answers"]["version"],
        "slot": slot_of(after),
        "beside": [beam["version"] for beam in after["beams"] if str(beam["pid"]) != (after["answers"] or {}).get("pid")],
        "same": bool(after["answers"]) and after["answers"]["pid"] == (before["answers"] or {}).get("pid"),
        "bad": any(record.get("state") == "bad" for record in after["releases"].values()),
        "lock": "kept" if after["lock"] and after["lock"].get("kept") else "left" if after["lock"] else None,
        "ledger": [line.get("event") for line in after["ledger"][len(before["ledger"]) :]],
    }
