# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import signal
import subprocess

from ansible_collections.beamops.elixir.benchmarks.scale import controller


def test_all_that_came_of_a_process_counts():
    """Also what has a session of its own, as a worker of Ansible has."""
    with subprocess.Popen(["sh", "-c", "setsid sh -c 'echo; exec sleep 10' & wait"], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        found, inner = ([int(path.name) for path in controller.descendants(pid)] for pid in (os.getpid(), process.pid))
        for pid in (process.pid, *inner):
            os.kill(pid, signal.SIGKILL)
    assert process.pid in found and inner and set(inner) < set(found)
    assert controller.proportional_mib(controller.PROC / "none") == 0


def test_the_most_that_was_seen(tmp_path):
    (tmp_path / "socket").touch()
    with subprocess.Popen(["sleep", "10"]) as process:
        sampler = controller.Sampler(os.getpid(), tmp_path)
        sampler.start()
        sampler._over.wait(3 * controller.EVERY)
        most = sampler.end()
        process.kill()
    assert most.mib > 0 and most.connections == 1


def test_the_cpu_of_one_process_is_its_own():
    began = os.times()
    while os.times().user - began.user < 0.05:
        pass
    own = controller.own_cpu(controller.PROC / "self")
    now = os.times()
    assert began.user + began.system <= own + 0.02 and own <= now.user + now.system + 0.02
    assert controller.own_cpu(controller.PROC / "none") == 0
