# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The first deploy to hosts that the bash script deployed to, and a second run of it."""

import json

import pytest

FILES = "find /home/deploy/guestbook -type f -not -path '*/tmp/*' -exec sha256sum {} + | sort"


@pytest.fixture(scope="module")
def before(fleet):
    return json.loads((fleet / "before.json").read_text())


def test_the_new_release_runs_and_the_old_one_is_gone(hosts, before):
    for name, host in hosts.items():
        answer = host.site.version()
        assert answer["version"] == "0.2.0"
        assert [str(pid) for pid in host.beams()] == [answer["pid"]]
        assert host.beams() != before[name]["pids"]
        assert f"-boot /opt/guestbook/releases/{host.current()}/" in host.run(f"tr '\\0' ' ' < /proc/{host.beams()[0]}/cmdline")


def test_the_old_release_stopped_in_an_orderly_way(hosts):
    for host in hosts.values():
        assert host.run("ls /home/deploy/guestbook /home/deploy | grep -c crash || true") == "0"


def test_its_files_are_as_they_were(hosts, before):
    for name, host in hosts.items():
        assert host.run(FILES) == before[name]["files"]
