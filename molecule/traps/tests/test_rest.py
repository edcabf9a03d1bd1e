# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What must not cost the release that serves anything: little memory, a leftover, an account that is somebody else's; and what outlives a release."""

from __future__ import annotations

import contextlib

import pytest

from ansible_collections.beamops.elixir.molecule.conftest import at_length
from ansible_collections.beamops.elixir.molecule.faults import machines


@pytest.fixture
def limited():
    """Limits the memory of a host for a while."""

    @contextlib.contextmanager
    def limit(name, mebibytes):
        machine = machines.machines()[name]
        machine.docker("update", f"--memory={mebibytes}m", f"--memory-swap={mebibytes}m")
        try:
            yield
        finally:
            machine.docker("update", "--memory=1t", "--memory-swap=1t")

    return limit


def used(name):
    """In MiB, without what can be reclaimed."""
    script = "cat /sys/fs/cgroup/memory/memory.usage_in_bytes; grep ^total_inactive_file /sys/fs/cgroup/memory/memory.stat | cut -d ' ' -f 2"
    usage, cache = machines.machines()[name].sh(script).split()
    return (int(usage) - int(cache)) >> 20


@pytest.fixture(autouse=True)
def something_runs(deploy, web1):
    assert deploy("0.2.0").rc == 0
    yield
    assert web1.serves("0.2.0"), "this test left something behind"


def test_a_rehearsal_that_the_memory_does_not_suffice_for_is_refused(deploy, web1, limited):
    before = web1.beams()
    with limited("web1", used("web1") + 20):
        run = deploy("0.1.0", "--check", elixir_release_force=True)
        assert web1.beams() == before and web1.serves("0.2.0")
    # 0.1.0 may be here from before: what is here is looked at when it is evaluated
    if run.rc == 0:
        with limited("web1", used("web1") + 20):
            run = deploy("0.1.0", elixir_release_force=True)
    assert run.rc != 0
    assert f"beside pid {before[0]}, which serves and could be killed for it: a second BEAM needs about" in run.plain()
    assert web1.beams() == before


def test_what_is_rehearsed_is_killed_and_not_what_serves(deploy, web1, limited):
    """Where the look at the memory was too hopeful."""
    before = web1.beams()
    greedy = "for _ <- 1..40, reduce: [], do: (eaten -> [:binary.copy(\"x\", 16 * 1024 * 1024) | eaten])"
    with limited("web1", used("web1") + 180):
        run = deploy("0.2.0-again", elixir_release_rehearse=greedy)
    assert run.rc != 0 and "was killed, most likely by the kernel for lack of memory (" in run.plain()
    assert "What serves runs on." in run.plain() and web1.beams() == before


@at_length
def test_a_damaged_leftover_does_not_fail_the_deploy(deploy, playbook, web1):
    damaged = "/opt/guestbook/releases/0.0.2-damaged"
    web1.run(f"mkdir {damaged} && echo '{{' >{damaged}/.deploy.json")
    try:
        run, status = deploy("0.2.0"), playbook("status", "--limit", "web1")
    finally:
        web1.run(f"rm -r {damaged}")
    assert run.rc == 0 and f"{damaged} was left alone: {damaged}/.deploy.json cannot be read (" in run.plain()
    assert status.rc == 2 and f"web1: {damaged}/.deploy.json cannot be read (" in status.plain()


def test_what_is_written_to_a_shared_directory_outlives_the_release(deploy, web1):
    place, shared = "lib/guestbook-*/priv/uploads", "/opt/guestbook/shared/lib/guestbook/priv/uploads"
    sharing = {"elixir_release_shared_dirs": ["lib/guestbook/priv/uploads"]}
    for bad in ("lib/other/priv/uploads", "/var/uploads"):
        run = deploy("0.2.0", "--check", elixir_release_shared_dirs=[bad])
        assert run.rc != 0 and f"'shared_dirs' (elixir_release_shared_dirs of the role) has '{bad}'" in run.plain()
    assert deploy("0.2.0-again", **sharing).rc == 0
    web1.run(f"cd /opt/guestbook/current/{place} && sudo -u guestbook sh -c 'echo photo >photo'")
    assert deploy("0.2.0", **sharing).rc == 0
    assert web1.run(f"cat /opt/guestbook/current/{place}/photo {shared}/photo").split() == ["photo", "photo"]
    assert "changed=0" in deploy("0.2.0", **sharing).output
