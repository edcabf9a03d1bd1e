# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A deploy, as beamops.elixir.story tells it."""

import pathlib
import re

import pytest

TASKS = pathlib.Path(__file__).resolve().parents[1] / "tasks"


@pytest.fixture(scope="module", autouse=True)
def left_as_found(web1):
    yield
    web1.run("rm -f /tmp/hooks")


@pytest.fixture
def story(deploy, monkeypatch):
    def run(build, **variables):
        monkeypatch.setenv("ANSIBLE_STDOUT_CALLBACK", "beamops.elixir.story")
        return deploy(build, elixir_release_force=True, **variables)

    return run


def phase(run, heading):
    """The lines under it."""
    lines = run.output.splitlines()
    first = lines.index(heading) + 1
    return lines[first : lines.index("", first)]


def test_a_deploy(deploy, story, hosts, secrets):
    assert deploy("0.2.0", limit="web1,web2", elixir_release_force=True).rc == 0
    run = story("0.1.0", limit="web1,web2", elixir_release_before_switch_tasks=str(TASKS / "before_switch.yml"))
    assert run.rc == 0, run.output
    prepared = phase(run, "Prepare all hosts")
    assert re.fullmatch(r"  guestbook 0[.]1[.]0 \(0[.]1[.]0-\w{8}\), .* MiB, for .*", prepared[0])
    for name in ("web1", "web2"):
        staged = [line for line in prepared if line.startswith(f"  {name}  ")]
        assert len(staged) == 1 and re.fullmatch(r"  web.  0[.]1[.]0 (staged and rehearsed, .* sent|is there already, and rehearsed)", staged[0])
    for number, name in ((1, "web1"), (2, "web2")):
        *switched, took = phase(run, f"Switch in batches, {number} of 2")
        assert switched == [
            f"  {name}  Note which hook ran, and what ran then: changed",
            f"  {name}  0.1.0 started in the place of 0.2.0, pid {hosts[name].beams()[0]}",
            f"  {name}  0.1.0 is ready",
        ]
        assert re.fullmatch(r"  took [\d.]+ s", took)
    table = phase(run, next(line for line in run.output.splitlines() if line.startswith("HOST  ")))
    assert len(table) == 2 and re.fullmatch(rf"web1 +0[.]2[.]0-[\w.]+ +0[.]1[.]0-[\w.]+ +0[.]1[.]0, pid {hosts['web1'].beams()[0]}", table[0])
    assert re.fullmatch(r"Hosts: 2 of 2 changed[.] [^.]+[.]?\d* s[.]", run.output.splitlines()[-1])
    assert not any(word in run.output for word in ("skipping", "TASK", "ok: [", '"', "\r", "\x1b", *secrets))


def test_a_deploy_that_goes_back(deploy, story, env_file, web1, secrets):
    """With another env file it is another release than the one that other tests deploy: it is marked bad."""
    assert deploy("0.1.0", elixir_release_force=True).rc == 0
    run = story("0.2.0", elixir_release_env_file=env_file(GUESTBOOK_STORY="1"), elixir_release_after_switch_tasks=str(TASKS / "fail.yml"))
    assert run.rc != 0
    *switched, took = phase(run, "Switch in batches")
    assert switched[1:5] == [
        "  web1  0.2.0 is ready",
        f"  web1  FAILED: Fail ({TASKS / 'fail.yml'}:2)",
        "        The load balancer does not answer.",
        f"  web1  0.1.0 started in the place of 0.2.0, pid {web1.beams()[0]}",
    ]
    assert switched[5] == "  web1  0.1.0 is ready" and switched[-1] == "  web1  went back to 0.1.0" and web1.serves("0.1.0")
    settled = phase(run, "Settle")
    assert settled[:2] == ["  web1  FAILED", "        Fail: The load balancer does not answer."]
    assert re.fullmatch(r"        It went back to 0[.]1[.]0-[\w.]+[.]", settled[2]) and settled[3] == "        What the host showed:"
    last = run.output.splitlines()[-1]
    assert last.startswith("Hosts: 1 of 1 failed (web1). ") and last.endswith("beamops.elixir.status tells what runs now.")
    assert not any(secret in run.output for secret in secrets)
