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
from ansible_collections.beamops.elixir.molecule.faults import baseline, material
from ansible_collections.beamops.elixir.molecule.faults.injection import Injection
from ansible_collections.beamops.elixir.molecule.faults.language import HOSTS, NEW, OLD, UNTOUCHED, End, Fault
from ansible_collections.beamops.elixir.molecule.faults.machines import Machine
from ansible_collections.beamops.elixir.molecule.faults.runs import Ended, Running
from ansible_collections.beamops.elixir.molecule.faults.traffic import Traffic

MARKS = {OLD: "old", NEW: "new"}  # of the env file that belongs to a version
BEFORE_AND_AFTER = 1.5  # seconds of traffic
LIMIT = 300  # seconds that a deploy may take

Seen = t.Dict[str, t.Any]


class Deploy:
    """The scene of a row: one deploy of the fleet, and perhaps a second one beside it."""

    def __init__(self, fault: Fault, tarball: str):
        self.fault = fault
        self.tarball = tarball
        self.first: Running | None = None
        self.second: Ended | None = None
        # Short paths, as a socket needs them
        self._sockets = tempfile.TemporaryDirectory(prefix="faults-", ignore_cleanup_errors=True)

    def start(self, name: str = "first", faulty: bool = True, playbook: str = "deploy") -> Running:
        slow = self.fault.slow_upload and faulty
        variables = {
            "elixir_release_tarball": self.tarball,
            "elixir_release_env_file": self._env_file(faulty),
            "elixir_release_root": self.fault.root,
            "ansible_ssh_common_args": material.common_ssh_args(slow),
            **({} if name == "before" else self.fault.variables),
        }
        logs = FLEET / "logs"
        logs.mkdir(exist_ok=True)
        argv = ["ansible-playbook", "-i", str(INVENTORY), str(PROJECT / "playbooks" / f"{playbook}.yml"), "--extra-vars", json.dumps(variables)]
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


def run(fault: Fault, machines: t.Mapping[str, Machine], database: Machine, secrets: t.Iterable[str]) -> dict[str, t.Any]:
    """Run the row; what was seen, and what is wrong with it."""
    began = time.monotonic()
    baseline.collection(machines, database, fault.root, fault.old, fault.hosts)
    if fault.uploads:  # as after a deploy by an older version of the collection
        for machine in machines.values():
            machine.sh(f"rm -f {fault.root}/releases/*/.contents.json")
    deploy = Deploy(fault, material.tarball(fault.tarball))
    if fault.playbook == "rollback":
        assert deploy.start("before", faulty=False).wait(LIMIT).rc == 0
    before = look(machines, fault)
    injection = Injection(deploy, deploy.tarball)
    traffic = Traffic([machine.door for machine in machines.values()])
    complaints: list[str] = []
    with traffic:
        time.sleep(BEFORE_AND_AFTER)
        with injection.around(fault.inject, [machines[name] for name in fault.hosts], machines):
            deploy.first = deploy.start(playbook=fault.playbook)
            runs = [deploy.first.wait(LIMIT)]
            injection.stop_watching()
            if fault.again:
                complaints += between(fault, runs[0], before, look(machines, fault))
                runs.append(deploy.start("again", faulty=False).wait(LIMIT))
            after = eventually(fault, machines, before)
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
        "lost": traffic.lost(),
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


def eventually(fault: Fault, machines: t.Mapping[str, Machine], before: dict[str, Seen]) -> dict[str, Seen]:
    """A host may go back by itself some time after the run."""
    deadline = time.monotonic() + fault.patience
    while True:
        after = look(machines, fault)
        if time.monotonic() > deadline or not [line for name in HOSTS for line in wrong_process(name, fault.end, before[name], after[name])]:
            return after
        time.sleep(0.5)


def between(fault: Fault, ended: Ended, before: dict[str, Seen], after: dict[str, Seen]) -> list[str]:
    """What an interrupted run may leave before the switch: its lock, and nothing else."""
    left = tuple(name for name in HOSTS if after[name]["lock"])
    return [f"after the interrupted run: {line}" for line in judge(UNTOUCHED._replace(lock=left), ended, before, after)]


def judge(end: End, ended: Ended, before: dict[str, Seen], after: dict[str, Seen]) -> list[str]:
    """What is not as it has to be, a sentence each."""
    found = []
    codes = {"zero": ended.rc == 0, "not zero": ended.rc != 0 and ended.limit is None, "killed": ended.rc < 0}
    if not codes[end.rc]:
        found.append(f"exit code {ended.rc} is to be {end.rc}" + (f"; it had not ended after {ended.limit:g} s" if ended.limit else ""))
    for name in HOSTS:
        found += wrong_process(name, end, before[name], after[name])
        found += [f"{name}: {line}" for line in wrong_records(name, end, before[name], after[name])]
    return found


def wrong_process(name: str, end: End, before: Seen, after: Seen) -> list[str]:
    """Who serves: exactly one process of that root, the one that answers, with the env file that belongs to its version."""
    found = []
    pids = [beam["pid"] for beam in after["beams"]]
    if name in end.serves and end.serves[name] is None:
        return [] if after["answers"] is None else [f"{name}: something answers"]
    version = end.serves.get(name) or OLD
    if not after["answers"]:
        return [f"{name}: nothing answers; BEAMs: {pids}"]
    if after["answers"]["version"] != version or [str(pid) for pid in pids] != [after["answers"]["pid"]] or after["beams"][0]["version"] != version:
        return [f"{name}: {after['answers']['version']} (pid {after['answers']['pid']}) answers, BEAMs are {pids}, and it is to be {version} alone"]
    beam, same = after["beams"][0], pids == [one["pid"] for one in before["beams"]]
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


def reason(fault: Fault, runs: t.Iterable[Ended]) -> str:
    """The words in the output that say why: the last group of the expression, if it has one."""
    matches = [re.search(fault.reason, one.plain()) for one in runs] if fault.reason else []
    return next((match[match.lastindex or 0] for match in matches if match), "")


def summary(before: Seen, after: Seen) -> dict[str, t.Any]:
    """What words.py needs to know of a host."""
    return {
        "serves": after["answers"] and after["answers"]["version"],
        "same": bool(after["answers"]) and after["answers"]["pid"] == (before["answers"] or {}).get("pid"),
        "bad": any(record.get("state") == "bad" for record in after["releases"].values()),
        "lock": "kept" if after["lock"] and after["lock"].get("kept") else "left" if after["lock"] else None,
        "ledger": [line.get("event") for line in after["ledger"][len(before["ledger"]) :]],
    }
