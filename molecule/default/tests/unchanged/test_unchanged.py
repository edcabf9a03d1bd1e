# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""After a second run of the same deploy, of which Molecule saw that it reported no change."""

import json


def test_the_same_processes_run(hosts, fleet):
    kept = json.loads((fleet / "pids.json").read_text())
    assert {name: host.beams() for name, host in hosts.items()} == kept


def test_nothing_was_recorded(hosts):
    for host in hosts.values():
        assert host.run("wc -l < /opt/guestbook/ledger.jsonl") == "1"
        assert len(host.run("ls /opt/guestbook/releases").split()) == 1
