# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The other half of a row: the bash script under the same fault, against one of the hosts, and what is seen there afterwards."""

from __future__ import annotations

import contextlib
import pathlib
import shutil
import time
import typing as t

from ansible_collections.beamops.elixir.molecule.conftest import FLEET, PROJECT
from ansible_collections.beamops.elixir.molecule.faults import baseline, material
from ansible_collections.beamops.elixir.molecule.faults.collection import BEFORE_AND_AFTER, answers
from ansible_collections.beamops.elixir.molecule.faults.injection import Injection
from ansible_collections.beamops.elixir.molecule.faults.language import OLD, ROOT, Fault
from ansible_collections.beamops.elixir.molecule.faults.machines import Machine
from ansible_collections.beamops.elixir.molecule.faults.runs import Ended, Running
from ansible_collections.beamops.elixir.molecule.faults.traffic import Traffic

PROGRAM = PROJECT / "molecule" / "shared" / "bash-script"
DIRECTORY, SMALL_DIRECTORY = "/var/script", "/srv/small/script"


def project(name: str, version: str, tarball: str, env: str, slow: bool = False) -> pathlib.Path:
    """A mix project as the script wants it."""
    folder = FLEET / "projects" / name
    folder.mkdir(parents=True, exist_ok=True)
    text = (PROJECT / "examples" / "guestbook" / "mix.exs").read_text()
    (folder / "mix.exs").write_text(text.replace('version: "0.1.0"', f'version: "{version}"'))
    shutil.copy(tarball, folder / f"guestbook-{version}.tar.gz")
    (folder / ".env.production").write_text(env)
    (folder / "ssh_config").write_text(material.ssh_config(slow))
    return folder


def own_variables(cookie: bool) -> str:
    """What the script does not know of. The cookie is what its author found out to be needed."""
    return "\nexport PHX_SERVER=true\n" + (f"export RELEASE_COOKIE={(FLEET / 'env.production.cookie').read_text().strip()}\n" if cookie else "")


class Script:
    """The scene of a row: one run of the script, and perhaps a second one beside it."""

    def __init__(self, fault: Fault, machine: Machine):
        self.fault = fault
        self.machine = machine
        self.tarball = material.tarball(fault.tarball)
        self.first: Running | None = None
        self.second: Ended | None = None

    def start(self, name: str = "first", faulty: bool = True) -> Running:
        version = self.fault.tarball.partition(" ")[0]
        # Where the env file begins with a fault of its syntax it is the script's fault to find it
        env = own_variables("RELEASE_COOKIE" not in self.fault.old) + material.env_text(self.fault, faulty)
        folder = project(f"{self.fault.name}-{name}", version, self.tarball, env, self.fault.slow_upload and faulty)
        return Running([str(PROGRAM), "ssh_config", self.machine.name], FLEET / "logs" / f"{self.fault.name}-script-{name}.log", folder)

    def signal(self, number: int) -> None:
        if self.first:
            self.first.signal(number)

    def second_deploy(self) -> None:
        self.second = self.start("second").wait(self.fault.script_limit)


def prepare(machines: t.Mapping[str, Machine]) -> None:
    """Have the script deploy the old version to all hosts, and remember what it made."""
    folder = project("old", OLD, material.tarball(OLD), own_variables(True) + (FLEET / "env.old").read_text())

    def deploy(machine: Machine) -> None:
        machine.sh("[ -e /var/pristine/script ] || { pkill -KILL -f 'beam.smp ' || true; rm -rf /home/deploy/guestbook; }")
        if machine.sh("ls /var/pristine").find("script\n") < 0:
            ended = Running([str(PROGRAM), "ssh_config", machine.name], FLEET / "logs" / f"script-old-{machine.name}.log", folder).wait(60)
            assert ended.rc == 0, ended.output
            baseline.keep_pristine([machine], "script", baseline.SCRIPT_HOME)
            machine.sh(f"pkill -KILL -f 'beam.smp ' || true; rm -rf {baseline.SCRIPT_HOME}")

    baseline.in_parallel(deploy, machines.values())


def run(fault: Fault, machine: Machine) -> dict[str, t.Any]:
    """Run the row; what was seen."""
    began = time.monotonic()
    root = DIRECTORY if fault.root == ROOT else SMALL_DIRECTORY
    baseline.script(machine, root, fault.old)
    old = answers(machine)
    scene = Script(fault, machine)
    injection = Injection(scene, scene.tarball)
    with Traffic([machine.door]) as traffic:
        time.sleep(BEFORE_AND_AFTER)
        with injection.around(fault.inject, [machine], {machine.name: machine}, script=True):
            scene.first = scene.start()
            ended = scene.first.wait(fault.script_limit)
            # One of two at the same time may be the one that the moment belongs to
            injection.stop_watching()
            runs = [ended]
            if fault.again:
                runs.append(scene.start("again", faulty=False).wait(fault.script_limit))
            time.sleep(fault.script_later)
            seen = machine.look(root)
            now = answers(machine)
            health = status(machine)
    if scene.second:
        runs.append(scene.second)
    return {
        "runs": [{"rc": one.rc, "limit": one.limit, "talking": one.talking, "seconds": round(one.seconds, 1)} for one in runs],
        "again": fault.again,
        "missed": injection.missed,
        "old": old,
        "now": now,
        "health": health,
        "beams": seen["beams"],
        "unpacked": seen["unpacked"],
        "env_file": seen["env_file"],
        "lost": traffic.lost(),
        "back": traffic.seconds_to_be_back(),
        "seconds": round(time.monotonic() - began, 1),
    }


def status(machine: Machine) -> int:
    with contextlib.suppress(OSError):
        return machine.site.get("/health")[0]
    return 0
