# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What others are told of a deploy: examples/notify posts it to a web server."""

from __future__ import annotations

import http.server
import json
import threading

import pytest

from ansible_collections.beamops.elixir.molecule.conftest import PROJECT, at_length

HOOK = str(PROJECT / "examples" / "notify" / "web_hook.yml")


class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *arguments):
        """Says nothing."""


@pytest.fixture
def hook():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    server.told, server.status = [], 204
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_others_are_told_how_it_ended(deploy, hook, web1, secrets):
    options = {"elixir_release_notify_tasks": HOOK, "notify_url": f"http://127.0.0.1:{hook.server_port}/hook"}
    deploy("0.1.0")
    before = web1.current()

    assert deploy("0.2.0", "--check", **options).rc == 0 and hook.told == []
    run = deploy("0.2.0", **options)
    assert run.rc == 0, run.output
    told = hook.told.pop()
    assert (told["name"], told["event"], told["outcome"], told["reason"]) == ("guestbook", "deploy", "succeeded", None)
    assert (told["from"], told["to"]) == (before, web1.current())
    (host,) = told["hosts"]
    assert (host["host"], host["before"], host["after"]) == ("web1", before, web1.current())
    assert 0.5 < host["away_seconds"] < 20 and host["away_seconds"] < told["seconds"] < 120
    assert told["text"] == f"guestbook: deploy of {web1.current()} succeeded"

    assert deploy("0.2.0", **options).rc == 0 and hook.told.pop()["outcome"] == "unchanged"
    assert hook.told == [] and not any(secret in json.dumps(told) for secret in secrets)


@at_length
def test_others_are_told_what_failed_and_what_was_taken_back(deploy, playbook, hook, env_file, web1, secrets):
    options = {"elixir_release_notify_tasks": HOOK, "notify_url": f"http://127.0.0.1:{hook.server_port}/hook"}
    assert deploy("0.1.0").rc == 0
    before = web1.current()
    assert deploy("0.2.0").rc == 0

    # Refused before anything was stopped, by an env file that lacks what runtime.exs asks for
    run = deploy("0.2.0", limit="all", elixir_release_env_file=env_file(RELEASE_COOKIE="-hunter22"), **options)
    told = hook.told.pop()
    assert run.rc != 0 and told["outcome"] == "failed" and told["reason"] and told["hosts"][0]["after"] == web1.current()

    unhealthy = {"elixir_release_env_file": env_file(GUESTBOOK_FAULT_UNHEALTHY="1"), "elixir_release_start_timeout": 10, "elixir_release_force": True}
    run = deploy("0.2.0", limit="all", **unhealthy, **options)
    told = hook.told.pop()
    assert run.rc != 0 and told["outcome"] == "failed" and "500" in told["reason"]
    assert told["hosts"][0]["went_back"], told
    assert told["hosts"][0]["after"] == web1.current()

    run = playbook("rollback", "--limit", "web1", elixir_release_rollback_migrations="warn", **options)
    assert run.rc == 0, run.output
    told = hook.told.pop()
    assert (told["event"], told["outcome"], told["to"]) == ("rollback", "succeeded", before) and web1.current() == before
    assert hook.told == [] and not any(secret in json.dumps(told) for secret in secrets)


def test_what_cannot_be_told_is_no_failure(deploy, hook, web1):
    hook.status = 500
    run = deploy("0.2.0", elixir_release_notify_tasks=HOOK, notify_url=f"http://127.0.0.1:{hook.server_port}/hook")
    assert run.rc == 0 and web1.serves("0.2.0")
    assert "elixir_release_notify_tasks failed, and the run is as it is told here all the same: Post it: Status code was 500" in run.plain()
