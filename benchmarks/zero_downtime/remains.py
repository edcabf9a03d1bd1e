# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is on a host besides what serves: counted, so that the first deploy's and the tenth update's can be compared."""

from __future__ import annotations

import subprocess
import typing as t

Counts = t.Dict[str, int]

LOOKS = {
    "processes of a release (BEAMs)": "pgrep -c -x beam.smp",
    "processes of the run user or of epmd": "ps -eo user=,comm= | grep -cE '^guestbo|^deploy .*(run_erl|beam|erl_child|inet_geth)|epmd$'",
    "TCP ports that are listened on": "ss -Hltn | awk '{print $4}' | sed 's/.*://' | sort -u | grep -cvE '^(22|80)$'",
    "names in epmd": "(/usr/local/libexec/elixir-release/epmd -names || $(ls -d /opt/guestbook/current/erts-*/bin/epmd /home/deploy/guestbook/erts-*/bin/epmd"
    " | head -1) -names) 2>/dev/null | grep -c '^name '",
    "units that start with the host": "ls /etc/systemd/system/multi-user.target.wants | grep -c guestbook",
    "units of systemd-run": "systemctl list-units --all --no-legend 'elixir-release-deadman*' 'elixir-release-warm*' | grep -c .",
    "links of slots": "find /opt/guestbook/slots -type l | grep -c .",
    "files in ROOT/.deadman, ROOT/.warm and ROOT/tmp, without logs and the last crash dump": "find /opt/guestbook/.deadman /opt/guestbook/.warm"
    " /opt/guestbook/tmp -type f | grep -vcE '/log/|/erl_crash.dump$'",
    "flags of the proxy": "ls /etc/nginx/elixir-release/guestbook | grep -cE '^(blue|green)$'",
    "locks": "ls /opt/guestbook/deploy.lock | grep -c .",
    "temporary files (/tmp, /run)": "ls -A /tmp /run | grep -c elixir",
}


def of(hosts: t.Mapping[str, t.Mapping[str, t.Any]]) -> dict[str, Counts]:
    return {name: {look: _count(variables["container"], command) for look, command in LOOKS.items()} for name, variables in hosts.items()}


def _count(container: str, command: str) -> int:
    """Nothing counts as none."""
    said = subprocess.run(["docker", "exec", container, "sh", "-c", command], check=False, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    return int(said.split()[-1]) if said.split() and said.split()[-1].isdigit() else 0
