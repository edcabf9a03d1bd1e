# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where going back leads, what it is judged by, and what is looked at before anything is stopped. On one host, from nothing."""

import pytest

from ansible_collections.beamops.elixir.molecule.conftest import at_length

ROOT = "/opt/guestbook"


@pytest.fixture(scope="module")
def virgin(playbook, web1):
    playbook("stop", "--limit", "web1")
    web1.run(f"rm -rf {ROOT}")


def test_a_first_deploy_that_fails_leaves_no_current(virgin, deploy, playbook, env_file, web1):
    run = deploy("0.1.0", elixir_release_env_file=env_file(GUESTBOOK_FAULT_UNHEALTHY="1"), elixir_release_start_timeout=8)
    assert run.rc != 0 and "answers 500" in run.plain() and "Nothing ran here before, so nothing runs here now." in run.plain()
    assert web1.beams() == [] and web1.os.run(f"sudo test -L {ROOT}/current").rc != 0
    assert web1.release("0.1.0")["state"] == "bad"
    assert "web1: Nothing runs, and there is no current release." in playbook("status", "--limit", "web1").plain()
    run = deploy("0.1.0", "--check", elixir_release_env_file=env_file(GUESTBOOK_FAULT_UNHEALTHY="1"))
    assert run.rc != 0 and "is marked bad on this host" in run.plain(), "check mode tells it too"


@at_length
def test_a_rollback_leads_to_what_the_current_release_replaced(virgin, deploy, playbook, web1):
    """And not to what an earlier rollback had left; nor is it removed, however few are kept."""
    for build in ("0.1.0", "0.2.0"):
        run = deploy(build)
        assert run.rc == 0, run.output
    first = playbook("rollback", "--limit", "web1", elixir_release_rollback_migrations="warn")
    assert first.rc == 0, first.output
    old = web1.current()
    run = deploy("0.2.0-again", elixir_release_keep=1)
    assert run.rc == 0, run.output
    status = playbook("status", "--limit", "web1").output
    assert "ROLLBACK TO" in status and old in status
    check = playbook("rollback", "--limit", "web1", "--check")
    assert check.rc != 0 and "The database has migrations that the older release does not know: 2." in check.plain(), "check mode asks the database too"
    down = playbook("rollback", "--limit", "web1", elixir_release_migrations="raise ~s(no database)")
    assert down.rc != 0 and "With elixir_release_rollback_migrations set to warn, the rollback goes on without it." in down.plain()
    run = playbook("rollback", "--limit", "web1", elixir_release_rollback_migrations="warn")
    assert run.rc == 0, run.output
    assert web1.current() == old and web1.serves("0.1.0")


def test_check_mode_foretells_what_the_run_does(virgin, deploy, web1):
    """With the cookie that is kept, and the migrations that would run."""
    for build in ("0.1.0", "0.2.0-again"):
        run = deploy(build)
        assert run.rc == 0, run.output
    run = deploy("0.2.0-again", "--check")
    assert run.rc == 0 and "changed=0" in run.output, run.output
    run = deploy("0.1.0", "--check")
    assert run.rc == 0 and "No migration would run" in run.plain(), run.output


@pytest.mark.parametrize(
    "broken, mended, variables, words",
    [
        pytest.param("true", "true", {"elixir_release_user": "nosuchuser"}, "There is no user 'nosuchuser' on this host", marks=at_length),
        (f"chmod 0600 {ROOT}/current/.env", f"chmod 0640 {ROOT}/current/.env", {}, "cannot be read by guestbook"),
    ],
    ids=["user", "env file"],
)
def test_a_restart_that_could_not_start_stops_nothing(virgin, playbook, web1, broken, mended, variables, words):
    before = web1.beams()
    web1.run(broken)
    try:
        run = playbook("restart", "--limit", "web1", **variables)
    finally:
        web1.run(mended)
    assert run.rc != 0 and words in run.plain(), run.output
    assert web1.beams() == before and web1.site.get("/health")[0] == 200
