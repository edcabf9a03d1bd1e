# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the looks at a real release say, which nothing that only stands in for one can show. Nothing is stopped."""

import json
import os
import re
import subprocess

import pytest

ROOT = "/opt/guestbook"


@pytest.fixture(scope="session")
def look(fleet):
    """The answer of one module on web1."""

    def answer(module, **arguments):
        options = ["-i", str(fleet / "inventory"), "--become", "-m", f"beamops.elixir.elixir_release_{module}", "-a", json.dumps({"root": ROOT, **arguments})]
        environ = {**os.environ, "ANSIBLE_NOCOLOR": "1"}
        output = subprocess.run(["ansible", "web1", *options], stdout=subprocess.PIPE, env=environ, text=True, check=False).stdout
        return json.loads(output[output.index("{") :])

    return answer


def test_where_a_release_serves_is_told_without_the_port_of_its_node(deploy, look, web1):
    assert deploy("0.1.0").rc == 0
    assert deploy("0.2.0").rc == 0
    assert re.search(rf"^pid {web1.beams()[0]}: (4000, \d+|\d+, 4000)$", look("failure_info")["report"], re.MULTILINE)
    assert look("rollback_info", user="guestbook", release="0.1.0", force=True)["serves"] == [4000]


def test_what_each_look_saw(look, web1):
    served = {"state": "ready", "port": 4000, "url": "http://127.0.0.1:4000/health"}
    answer = look("wait", **served)
    assert (answer["ready"], answer["look"], answer["seen"]) == (True, "rpc", "started")
    assert look("wait", state="ready", serves=True, rpc=False)["seen"] == "4000"
    answer = look("wait", **served, search_regex="no such version", watch=2, within=0.1)
    assert (answer["fatal"], answer["look"], answer["seen"]) == (True, "http", "")
    assert "s after its start (limit 0.1 s)." in answer["msg"]
    answer = look("wait", **{**served, "url": "https://127.0.0.1:4000/health"})
    assert answer["seen"] == "no answer"
    assert "Port 4000 speaks plain HTTP: use http://127.0.0.1:4000/health in 'url' (elixir_release_health_url of the role)." in answer["msg"]


def test_status_says_what_a_release_may_not_write(playbook, web1):
    path = f"{ROOT}/releases/{web1.current()}/uploads"
    web1.run(f"set -a; . {ROOT}/.env; {ROOT}/current/bin/guestbook rpc 'spawn(fn -> File.write!(\"{path}\", \"\") end)'")
    run = playbook("status", "--limit", "web1")
    assert f"was denied {path}," in run.plain() and "elixir_release_shared_dirs" in run.plain()


def test_what_is_live_and_does_not_serve_ends_the_deploy_before_it_begins(deploy, web1):
    before, noted = web1.beams(), web1.ledger()
    run = deploy("0.2.0", elixir_release_health_url="/nothing", elixir_release_start_timeout=8)
    assert run.rc != 0 and "http://127.0.0.1:4000/nothing answers 404, and is to answer 200" in run.plain()
    assert "TASK [beamops.elixir.elixir_release : Replace what runs by the release]" not in run.output
    assert web1.beams() == before and web1.serves("0.2.0") and web1.ledger() == noted
    again = deploy("0.2.0")
    assert again.rc == 0 and "changed=0" in again.output
