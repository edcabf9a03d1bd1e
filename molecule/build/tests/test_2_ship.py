# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the source to the fleet, by `beamops.elixir.ship`."""

from __future__ import annotations


def test_what_was_written_serves(play, project, hosts):
    before = play("ship", "--check", "--diff")
    assert before.rc == 0 and "Would build guestbook from commit " in before.plain(), before.output
    assert not any(host.beams() for host in hosts.values())

    run = play("ship")
    assert run.rc == 0, run.output
    assert all(host.serves("0.1.0") for host in hosts.values())

    pids = {name: host.beams() for name, host in hosts.items()}
    again = play("ship")
    assert again.rc == 0 and "changed=1" not in again.output, again.output
    assert {name: host.beams() for name, host in hosts.items()} == pids

    project.replace("mix.exs", 'version: "0.1.0"', 'version: "0.2.0"')
    run = play("ship")
    assert run.rc == 0, run.output
    assert all(host.serves("0.2.0") for host in hosts.values())


def test_what_does_not_compile_stops_nothing(play, project, hosts):
    pids = {name: host.beams() for name, host in hosts.items()}
    project.replace("mix.exs", 'version: "0.1.0"', 'version: "0.3.0"')
    project.replace("lib/guestbook.ex", "defmodule Guestbook do", "defmodule Guestbook do\n  def broken, do: nowhere()")
    run = play("ship")
    assert run.rc != 0 and "undefined function nowhere/0" in run.plain()
    assert "Prepare all hosts" not in run.output
    assert {name: host.beams() for name, host in hosts.items()} == pids


def test_a_tarball_of_elsewhere_is_not_what_is_built(play, tarballs):
    run = play("ship", elixir_release_tarball=tarballs["0.1.0"])
    assert run.rc != 0 and "leave it out where the tarball is built" in run.plain()
