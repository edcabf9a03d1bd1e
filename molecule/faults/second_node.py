# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""For the row of prune: older good releases on a host, and a second node that a person started from one of them."""

from __future__ import annotations

import typing as t

from ansible_collections.beamops.elixir.molecule.faults.language import ROOT, Scene
from ansible_collections.beamops.elixir.molecule.faults.machines import Machine

RUNNING = "0.0.8-00000008"
OLDER = ["0.0.7-00000007", RUNNING, "0.0.9-00000009"]

MORE_RELEASES = f"""
cd {ROOT}/releases
for id in {" ".join(OLDER)}; do
  cp -a --reflink=auto 0.1.0-* $id
  python3 - $id <<'EOF'
import json, sys
path = sys.argv[1] + "/.deploy.json"
record = json.load(open(path))
hour = "2026-01-01T0" + sys.argv[1][4] + ":00:00+00:00"
record.update(good_at=hour, staged_at=hour, version=sys.argv[1][:5], sha256=sys.argv[1][6:] * 8)
open(path, "w").write(json.dumps(record))
EOF
done
"""
START = f"""
install -d -o guestbook /tmp/second
ulimit -S -n 1024
cd /
runuser -u guestbook -- sh -c '. {ROOT}/releases/{RUNNING}/.env
  export RELEASE_NODE=second PORT=4001 PHX_SERVER=true RELEASE_TMP=/tmp/second LANG=C.UTF-8
  {ROOT}/releases/{RUNNING}/bin/guestbook daemon'
"""
STOP = f"pkill -KILL -f 'beam.smp .*{RUNNING}' || true"


def start(_scene: Scene, machine: Machine) -> None:
    machine.sh(START)


def complaints(machines: t.Mapping[str, Machine]) -> list[str]:
    seen = machines["web1"].look(ROOT)
    left = sorted(seen["releases"])
    found = []
    if RUNNING not in left:
        found.append(f"{RUNNING} runs and was removed")
    if set(left) & (set(OLDER) - {RUNNING}):
        found.append(f"what is to be pruned is still there: {left}")
    if not any(beam["root"].endswith(RUNNING) for beam in seen["beams"]):
        found.append("the second node does not run any more")
    return found
