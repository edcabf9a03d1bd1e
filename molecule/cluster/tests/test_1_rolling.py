# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Three nodes with long names that are connected with each other: each comes back into the cluster before the next one is touched."""

import pathlib
import re

ROOT = "/opt/guestbook"
TASKS = pathlib.Path(__file__).resolve().parents[1] / "tasks"
QUICK = {"elixir_release_stable_for": 0, "elixir_release_force": True}
CONNECTED = {**QUICK, "elixir_release_after_switch_tasks": str(TASKS / "all_are_connected.yml")}


def note(name):
    """An expression that notes the version that evaluates it."""
    return f'File.write!("{ROOT}/tmp/{name}", Guestbook.version() <> "\\n", [:append])'


def noted(host, name):
    return host.os.run(f"sudo cat {ROOT}/tmp/{name}").stdout.split()


def forget(hosts):
    for host in hosts.values():
        host.run(f"rm -f {ROOT}/tmp/drained {ROOT}/tmp/asked {ROOT}/tmp/go")


def seen(hosts):
    return {name: (host.current(), host.beams(), host.os.run(f"sudo test -e {ROOT}/deploy.lock").rc) for name, host in hosts.items()}


def batches(run):
    return [found.split() for found in re.findall(r"Replace what runs by the release\] \*+\s+((?:changed: \[\w+\]\s+)+)", run.output)]


def test_an_update_takes_one_host_after_the_other_and_each_comes_back_into_the_cluster(whole, deploy):
    forget(whole)
    ready = f'{note("asked")} == :ok'
    run = deploy("0.2.0", limit="all", elixir_release_drain=note("drained"), elixir_release_ready=ready, **CONNECTED)
    assert run.rc == 0, run.output
    assert [len(batch) // 2 for batch in batches(run)] == [1, 1, 1]
    for host in whole.values():
        assert host.serves("0.2.0")
        assert noted(host, "drained") == ["0.1.0"], "by the old one, once"
        assert set(noted(host, "asked")) == {"0.2.0"}
        assert host.release("0.2.0")["proof"]["expression"] == ready, "what proved it is kept with it"


def test_a_rollback_as_well(whole, playbook):
    forget(whole)
    run = playbook("rollback", elixir_release_rollback_migrations="warn", elixir_release_drain=note("drained"), **CONNECTED)
    assert run.rc == 0, run.output
    assert all(host.serves("0.1.0") and noted(host, "drained") == ["0.2.0"] for host in whole.values())


def test_a_restart_as_well(whole, playbook):
    before = seen(whole)
    run = playbook("restart", elixir_release_cluster=3, **CONNECTED)
    assert run.rc == 0, run.output
    after = seen(whole)
    assert all(after[name][1] != before[name][1] for name in whole)


def test_in_a_play_of_ones_own(whole, playbook, tarballs):
    run = playbook("cluster/play.yml", elixir_release_tarball=tarballs["0.2.0"], **CONNECTED)
    assert run.rc == 0, run.output
    assert [len(batch) // 2 for batch in batches(run)] == [1, 1, 1]
    assert all(host.serves("0.2.0") for host in whole.values())


def test_nothing_of_a_cluster_is_stopped_that_is_not_whole(whole, playbook, tarballs, cut):
    """Although both sides take the connection for one still: it was cut this moment."""
    before = seen(whole)
    cut("web3")
    deploy = {"elixir_release_tarball": tarballs["0.2.0-again"], **QUICK}
    for name, given in (("deploy", deploy), ("restart", QUICK), ("rollback", {"elixir_release_rollback_migrations": "warn", **QUICK})):
        run = playbook(name, **given)
        assert run.rc != 0, run.output
        said = run.plain()
        assert "The nodes of these hosts are no whole cluster, so nothing was stopped: web1: guestbook@web1." in said, run.output
        assert re.search(r"web3: guestbook@web3\S+ is connected with nobody, and not with guestbook@web1\S+, guestbook@web2", said)
    counted = playbook("deploy", "--check", **deploy, elixir_release_cluster=2)
    assert counted.rc != 0 and "is connected with nobody, and with its own that are 1 of the 2 hosts that are to be." in counted.plain(), counted.output
    ignored = playbook("deploy", "--check", **deploy, elixir_release_cluster=False)
    assert ignored.rc == 0, ignored.output
    assert seen(whole) == before


def test_a_release_that_is_not_ready_goes_back_and_a_drain_that_hangs_is_not_waited_for(whole, deploy):
    """On one host of three, whose node is not alone."""
    ready = f'{note("asked")}; Guestbook.version() == "0.2.0"'
    forget(whole)
    run = deploy(
        "0.1.0",
        elixir_release_drain=f'{note("drained")}; Process.sleep(:infinity)',
        elixir_release_drain_timeout=1,
        elixir_release_ready=ready,
        elixir_release_start_timeout=10,
        **QUICK,
    )
    assert run.rc != 0 and "is not true: false" in run.plain() and "It went back to 0.2.0-" in run.plain(), run.output
    assert "was asked to stop without having drained" in run.plain() and "it did not end within 1 s" in run.plain()
    assert whole["web1"].serves("0.2.0") and noted(whole["web1"], "drained") == ["0.2.0"], "what has failed has nothing to let go of"
    assert whole["web1"].release("0.1.0")["state"] == "bad"
