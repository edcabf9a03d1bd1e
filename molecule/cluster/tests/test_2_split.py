# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A network that is cut in the middle of an update stops it where it is."""

import pathlib

ROOT = "/opt/guestbook"
TASKS = pathlib.Path(__file__).resolve().parents[1] / "tasks"
HELD = {"elixir_release_stable_for": 0, "elixir_release_force": True, "elixir_release__watch": 5}


def pids(hosts, *names):
    return [hosts[name].beams() for name in names]


def test_in_the_switch_of_the_first_host(whole, running, cut):
    web1 = whole["web1"]
    web1.run(f"rm -f {ROOT}/tmp/held {ROOT}/tmp/go")
    before, others = web1.site.version(), pids(whole, "web2", "web3")
    # What serves is known to be connected by then, and is stopped next
    hold = f'File.touch!("{ROOT}/tmp/held"); Enum.find(Stream.interval(50), fn _ -> File.exists?("{ROOT}/tmp/go") end)'
    with running("0.2.0-again", elixir_release_drain=hold, elixir_release_start_timeout=8, **HELD) as run:
        assert run.comes_to(lambda: web1.os.run(f"sudo test -e {ROOT}/tmp/held").rc == 0), run.so_far()
        cut("web1")
        web1.run(f"touch {ROOT}/tmp/go")
        ended = run.end()
    said = ended.plain()
    assert ended.rc != 0 and "guestbook@web1.beamops-molecule-cluster is not connected with guestbook@web2.beamops-molecule-cluster;" in said, ended.output
    assert "s after its start (limit 8 s)" in said and "It went back to 0.2.0-" in said
    assert "fails the same look" in said and "is not marked bad. See whether these hosts reach each other" in said
    after = web1.site.version()
    assert (after["salt"], after["pid"] != before["pid"]) == (before["salt"], True), "it is back"
    assert pids(whole, "web2", "web3") == others, "nobody else was touched"


def test_between_two_hosts(whole, running, cut):
    """What has switched is well, and to go back is to be taken out as well."""
    web1 = whole["web1"]
    web1.run(f"rm -f {ROOT}/tmp/go")
    others = pids(whole, "web2", "web3")
    with running("0.2.0-again", elixir_release_after_switch_tasks=str(TASKS / "hold.yml"), **HELD) as run:
        assert run.comes_to(lambda: "TASK [beamops.elixir.elixir_release : Hold the run" in run.so_far()), run.so_far()
        cut("web3")
        web1.run(f"touch {ROOT}/tmp/go")
        ended = run.end()
    said = ended.plain()
    assert ended.rc != 0 and "Nothing was stopped, since the cluster is not whole any more: guestbook@web3." in said, ended.output
    assert "did not answer guestbook@web2.beamops-molecule-cluster within 2 s" in said
    assert web1.site.version()["salt"] == "again" and web1.ledger()[-1]["event"] == "deploy"
    assert pids(whole, "web2", "web3") == others
    assert all(host.os.run(f"sudo test -e {ROOT}/deploy.lock").rc for host in whole.values()), "the locks are given back"
