# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What keeps a release from starting is told before the one that runs is stopped, and whatever runs is found."""

import time

from ansible_collections.beamops.elixir.molecule.conftest import at_length

ROOT = "/opt/guestbook"
DEBUG = "erts-[^/]*/bin/beam[.]debug[.]smp "


def test_a_port_that_somebody_else_holds_is_told_before_the_stop(deploy, env_file, web1):
    before = web1.beams()
    assert before
    web1.run("setsid python3 -m http.server 4999 >/dev/null 2>&1 & echo $! > /tmp/stranger.pid; sleep 0.5")
    try:
        run = deploy("0.1.0", elixir_release_env_file=env_file(PORT="4999"))
        assert run.rc != 0
        assert "Port 4999, where the release would listen, is held by pid" in run.plain()
    finally:
        web1.run("kill $(cat /tmp/stranger.pid)")
    assert web1.beams() == before and web1.serves("0.2.0")


def test_a_node_name_that_bin_name_cannot_reach_is_told_in_check_mode(deploy, env_file, web1):
    """The new node would be healthy, and would go back since no rpc reaches it."""
    before = web1.beams()
    run = deploy("0.1.0", "--check", elixir_release_env_file=env_file(ERL_AFLAGS="'-sname other'"))
    assert run.rc != 0
    assert "ERL_AFLAGS gives erl '-sname other', and RELEASE_NODE '-sname guestbook'. erl takes '-sname other'" in run.plain()
    assert web1.beams() == before and web1.serves("0.2.0")


@at_length
def test_a_node_under_another_emulator_is_found_and_stopped(deploy, playbook, web1):
    assert playbook("stop", "--limit", "web1").rc == 0
    web1.run(f"cd {ROOT}/current/erts-*/bin && cp -a beam.smp beam.debug.smp")
    variables = f"set -a; . {ROOT}/.env; ERL_FLAGS='-emu_type debug'; RELEASE_TMP={ROOT}/tmp; set +a"
    web1.run(f'runuser -u guestbook -- sh -c "{variables}; cd {ROOT}/tmp && {ROOT}/current/bin/guestbook daemon"')
    deadline = time.monotonic() + 20
    while not web1.os.run(f"pgrep -f '{DEBUG}'").stdout and time.monotonic() < deadline:
        time.sleep(0.2)
    assert web1.os.run(f"pgrep -f '{DEBUG}'").stdout
    run = deploy("0.1.0")
    assert run.rc == 0, run.output
    assert web1.os.run(f"pgrep -f '{DEBUG}'").stdout == ""
    assert web1.serves("0.1.0")
    assert deploy("0.2.0").rc == 0
