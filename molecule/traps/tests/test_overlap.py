# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A release that closes its port at once and takes long to be gone, as Phoenix does while one silent client is connected."""

import contextlib
import threading
import time

import pytest

from ansible_collections.beamops.elixir.molecule.conftest import at_length

ROOT = "/opt/guestbook"


@pytest.fixture(scope="module")
def slow(env_file):
    return env_file(GUESTBOOK_FAULT_SLOW_STOP_MS="12000")


@pytest.fixture
def overlapping(deploy):
    return lambda build, *options, **variables: deploy(build, *options, elixir_release_overlap=True, elixir_release_stable_for=0, **variables)


def first_answer(host, version, seconds=60):
    """The BEAMs that are there when that version answers for the first time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, ValueError):
            if host.site.version()["version"] == version:
                return host.beams()
        time.sleep(0.1)
    return []


def test_the_new_one_serves_while_the_old_one_finishes(overlapping, slow, web1):
    assert overlapping("0.1.0", elixir_release_env_file=slow).rc == 0
    (old,) = web1.beams()
    runs = []
    thread = threading.Thread(target=lambda: runs.append(overlapping("0.2.0")))
    thread.start()
    there = first_answer(web1, "0.2.0")
    thread.join()
    assert runs[0].rc == 0, runs[0].output
    assert old in there and len(there) == 2
    assert old not in web1.beams() and web1.serves("0.2.0")


def test_a_person_who_loads_the_env_file_reaches_the_node(web1):
    said = web1.run(f"sudo -u guestbook sh -c 'cd /; set -a; . {ROOT}/.env; {ROOT}/current/bin/guestbook rpc \"IO.puts(node())\"'")
    assert said.startswith(f"guestbook-{web1.current().rpartition('-')[2].replace('.', '_')}@")


def test_the_way_back_overlaps_too(playbook, web1):
    wanted = {"elixir_release_overlap": True, "elixir_release_stable_for": 0, "elixir_release_rollback_migrations": "warn"}
    run = playbook("rollback", "--limit", "web1", **wanted)
    assert run.rc == 0, run.output
    assert web1.serves("0.1.0")


def test_where_the_new_one_fails_the_old_one_is_started_again_once_it_is_gone(overlapping, env_file, web1):
    """It is on its way out by then, for some seconds more."""
    (old,) = web1.beams()
    run = overlapping("0.2.0-again", elixir_release_env_file=env_file(GUESTBOOK_FAULT_CRASH_AT_BOOT="1"))
    assert run.rc != 0 and "It went back to 0.1.0-" in run.plain(), run.output
    assert web1.serves("0.1.0") and old not in web1.beams()


@at_length
def test_a_restart_and_a_deploy_without_it(playbook, deploy, web1):
    before = web1.beams()
    assert playbook("restart", "--limit", "web1", elixir_release_stable_for=0).rc == 0
    assert web1.serves("0.1.0") and web1.beams() != before
    assert deploy("0.2.0").rc == 0
    assert web1.serves("0.2.0")
