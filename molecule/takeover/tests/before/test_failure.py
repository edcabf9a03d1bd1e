# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A first deploy that fails: what goes back is none of ours, and only its process knew how it was started."""

import json

FILES = "find /home/deploy/guestbook -type f -not -path '*/tmp/*' -exec sha256sum {} + | sort"


def test_what_the_bash_script_had_started_serves_again(hosts, playbook, fleet, tarballs, request):
    before = json.loads((fleet / "before.json").read_text())
    env = fleet / "project" / "env.unhealthy"
    env.write_text((fleet / "project" / ".env.production").read_text() + "export GUESTBOOK_FAULT_UNHEALTHY=1\n")
    run = playbook("deploy", elixir_release_tarball=tarballs["0.2.0"], elixir_release_env_file=str(env), elixir_release_start_timeout=8)
    assert run.rc != 0 and "answers 500" in run.plain()
    web1 = hosts["web1"]
    assert web1.serves("0.1.0") and web1.beams() != before["web1"]["pids"]
    assert "-boot /home/deploy/guestbook/releases/" in web1.run(f"tr '\\0' ' ' < /proc/{web1.beams()[0]}/cmdline")
    assert web1.run(f"stat -c %U /proc/{web1.beams()[0]}") == "deploy"
    for name in ("web2", "web3"):
        assert hosts[name].beams() == before[name]["pids"]
    for name, host in hosts.items():
        assert host.run(FILES) == before[name]["files"]
    # The cookie is among them, which that run has made
    assert not [secret for secret in request.getfixturevalue("secrets") if secret in run.output]
