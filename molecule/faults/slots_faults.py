# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fault table of the strategy blue_green: a row a fault, as in faults.py. There is one host, and at the start 0.1.0 serves from its slot blue."""

from __future__ import annotations

import signal
import time
import typing as t

from ansible_collections.beamops.elixir.molecule.faults.faults import SOON_BACK
from ansible_collections.beamops.elixir.molecule.faults.language import AFTER, BEFORE, BOOTING, IN, NEW, OLD, ROOT, At, Earlier, End, Fault, Now, Scene
from ansible_collections.beamops.elixir.molecule.faults.machines import Machine

FLAGS = "/etc/nginx/elixir-release/guestbook"
SITE = "/etc/nginx/conf.d/elixir-release-guestbook.conf"

# Moments on the host
SWITCHED: dict[str, t.Any] = {"files": [f"{FLAGS}/green"], "bytes": 0}
# Of what is written when the new release was seen through nginx, nearly the last
PROVEN: dict[str, t.Any] = {"files": [f"{ROOT}/current/releases/{NEW}/start.boot"], "bytes": 1}

UNTOUCHED = End("not zero", slot="blue")
DEPLOYED = End("zero", {"web1": NEW}, ledger={"web1": ["deploy"]}, slot="green")
WENT_BACK = End("not zero", bad=("web1",), ledger={"web1": ["failure", "rollback"]}, slot="blue")
# The new release serves and is proven, and nobody has stopped the old one
BOTH = End("not zero", {"web1": NEW}, slot="green", beside=OLD)

# The look through nginx lasts, so that something may happen meanwhile
SLOW_LOOK = {"elixir_release_health_url": "/poll?ms=1500"}
KILL_NEW = f"pkill -KILL -f '[b]eam.smp .*/{NEW}/start '"
# Somebody waits for an answer of the old release, which holds it up
POLL = "import urllib.request; urllib.request.urlopen('http://127.0.0.1:4002/poll?ms=50000')"
HOLD = f'setsid python3 -c "{POLL}" >/dev/null 2>&1 </dev/null &'
SECONDS_AWAY = 5
FILL_FLAGS = f"""
cp -a {FLAGS} /root/flags && mount -t tmpfs -o size=16k,mode=0755 flags {FLAGS} && cp -a /root/flags/. {FLAGS}
if dd if=/dev/zero of={FLAGS}/full bs=1k status=none 2>/dev/null; then exit 1; fi
"""
EMPTY_FLAGS = f"rm -r {FLAGS}/full /root/flags; cp -a {FLAGS} /root/flags; umount {FLAGS}; rm {FLAGS}/*; cp -a /root/flags/. {FLAGS}; rm -r /root/flags"


def reboot(_scene: Scene, machine: Machine) -> None:
    machine.docker("stop", "--time=0")
    time.sleep(SECONDS_AWAY)
    machine.docker("start")


FAULTS = [
    Fault("no-fault", "none", BEFORE, "the update itself, for comparison", DEPLOYED, away=0),
    Fault(
        "nginx-stopped",
        "nginx stopped",
        BEFORE,
        "before the run, and started again after it",
        UNTOUCHED,
        "nginx does not answer at http://127.0.0.1:4002/.elixir-release/slot",
        inject=(Now("systemctl stop nginx", "systemctl start nginx"),),
        patience=0,
        quick=True,
    ),
    Fault(
        "nginx-broken",
        "nginx' configuration broken by hand",
        BEFORE,
        "nonsense in `conf.d`, with which it could not be reloaded; a switch needs no reload",
        DEPLOYED,
        inject=(Now("echo nonsense >/etc/nginx/conf.d/broken.conf", "rm /etc/nginx/conf.d/broken.conf"),),
        away=0,
    ),
    Fault(
        "no-include",
        "our include removed by hand",
        BEFORE,
        "nginx reloaded without it before the run, and with it after the run: meanwhile it serves its default page",
        UNTOUCHED,
        "that its site includes /etc/nginx/elixir-release/guestbook.conf",
        inject=(Now(f"mv {SITE} /root/; systemctl reload nginx", f"mv /root/{SITE.rpartition('/')[2]} {SITE}; systemctl reload nginx"),),
        patience=0,
    ),
    Fault(
        "both-up",
        "both slots up at the start",
        BEFORE,
        "green has another build of 0.2.0, which an earlier deploy and a rollback have left there, kept warm",
        DEPLOYED,
        earlier=(
            Earlier(tarball="0.2.0 again", variables={"elixir_release_keep_warm": 600}),
            Earlier("rollback", variables={"elixir_release_keep_warm": 600, "elixir_release_rollback_migrations": "warn"}),
        ),
        away=0,
    ),
    Fault(
        "unhealthy",
        "new slot unhealthy",
        IN,
        "health answers 500",
        WENT_BACK,
        "/health (answers 500)",
        env={"GUESTBOOK_FAULT_UNHEALTHY": "true"},
        variables={"elixir_release_start_timeout": 6},
        away=0,
    ),
    Fault(
        "controller-killed-early",
        "controller killed before the switch",
        IN,
        "SIGKILL to the run while the new slot boots; `elixir_release_deadman` is 30",
        End("killed", ledger={"web1": ["rollback"]}, lock=("web1",), slot="blue"),
        inject=(At(BOOTING, lambda scene, machine: scene.signal(signal.SIGKILL)),),
        variables=SOON_BACK,
        patience=60,
        away=0,
    ),
    Fault(
        "flag-read-only",
        "disk read-only at the flag",
        IN,
        "the directory of nginx' flag mounted read-only",
        WENT_BACK._replace(bad=(), ledger={"web1": ["rollback"]}),
        "so the traffic stays where it is",
        inject=(Now(f"mount --bind {FLAGS} {FLAGS}; mount -o remount,ro,bind {FLAGS}", f"umount {FLAGS}"),),
        away=0,
    ),
    Fault(
        "flag-disk-full",
        "disk full at the flag",
        IN,
        "the directory of nginx' flag on a disk of its own that is full; to rename a file needs no room there",
        DEPLOYED,
        inject=(Now(FILL_FLAGS, EMPTY_FLAGS),),
        away=0,
    ),
    Fault(
        "nginx-stopped-early",
        "nginx stopped in the middle",
        IN,
        "while the new slot boots, and started again after the run",
        UNTOUCHED._replace(kept=("web1",), beside=NEW),
        "This host could NOT go back",
        inject=(At(BOOTING, "systemctl stop nginx", undo="systemctl start nginx"),),
        patience=0,
    ),
    Fault(
        "dies",
        "new slot dies after the switch",
        IN,
        "SIGKILL to its process as soon as it has the traffic; systemd would start it again",
        WENT_BACK,
        "(has died since it has the traffic)",
        inject=(At(SWITCHED, KILL_NEW),),
        variables=SLOW_LOOK,
        away=30,
    ),
    Fault(
        "controller-killed",
        "controller killed between the switch and the stop, then run again",
        IN,
        "SIGKILL to the run as soon as the new slot is proven; until the second run both are up, and green serves",
        DEPLOYED,
        inject=(At(PROVEN, lambda scene, machine: scene.signal(signal.SIGKILL)),),
        again=True,
        between=BOTH,
        away=0,
        quick=True,
    ),
    Fault(
        "rebooted",
        "host rebooted between the switch and the stop, then run again",
        IN,
        f"switched off while the old slot drains, and on again {SECONDS_AWAY} s later; until the second run both are up, and green serves",
        DEPLOYED,
        "UNREACHABLE",
        inject=(Now(HOLD), At(PROVEN, reboot)),
        again=True,
        between=BOTH,
        patience=60,
        away=60,
    ),
    Fault(
        "no-stop",
        "old slot never stops",
        AFTER,
        "it shuts down for an hour; `elixir_release_stop_timeout` is 6",
        DEPLOYED._replace(ledger={"web1": ["kill", "deploy"]}),
        r"was killed\. What it was doing is lost",
        old="export GUESTBOOK_FAULT_SLOW_STOP_MS=3600000",
        variables={"elixir_release_stop_timeout": 6},
        away=0,
    ),
    Fault(
        "rollback",
        "none",
        AFTER,
        "a rollback from 0.2.0 with its migrations, for comparison",
        End("zero", {"web1": OLD}, ledger={"web1": ["rollback"]}, slot="blue"),
        r"(These migrations were taken back: 2)\.",
        playbook="rollback",
        earlier=(Earlier(),),
        variables={"elixir_release_rollback_migrations": "down"},
        away=0,
    ),
]
