# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An update from 0.1.0 to 0.2.0: foretold by --check, then done, while somebody looks at every host all the time."""

import json
import threading
import time

import pytest

ROOT = "/opt/guestbook"
ENTRY = "I was here before the update"


class Watch:
    """Asks a host for its version every 20 ms."""

    def __init__(self, host):
        self.host, self.seen, self.done = host, [], threading.Event()
        self.thread = threading.Thread(target=self.look)

    def look(self):
        while not self.done.is_set():
            try:
                seen = self.host.site.version()["version"]
            except (OSError, ValueError):
                seen = None
            self.seen.append((time.monotonic(), seen))
            self.done.wait(0.02)

    def versions(self):
        """What was seen, in order, without repetitions."""
        versions = [version for dummy, version in self.seen]
        return [version for version, before in zip(versions, [object(), *versions]) if version != before]

    def seconds_down(self):
        down = [moment for moment, version in self.seen if version is None]
        return max(down) - min(down) if down else 0.0


@pytest.fixture(scope="module")
def before(hosts):
    next(iter(hosts.values())).site.sign("Ada", ENTRY)
    return {name: host.beams() for name, host in hosts.items()}


@pytest.fixture(scope="module")
def foretold(before, playbook, hosts, tarballs):
    run = playbook("deploy", "--check", "--diff", elixir_release_tarball=tarballs["0.2.0"])
    still = {name: (host.beams(), host.current()) for name, host in hosts.items()}
    return run, still


@pytest.fixture(scope="module")
def update(foretold, playbook, hosts, tarballs):
    watches = {name: Watch(host) for name, host in hosts.items()}
    for watch in watches.values():
        watch.thread.start()
    run = playbook("deploy", "-vvv", "--diff", elixir_release_tarball=tarballs["0.2.0"])
    for watch in watches.values():
        watch.done.set()
        watch.thread.join()
    for name, watch in watches.items():
        print(f"{name}: saw {watch.versions()}, down for {watch.seconds_down():.2f} s")
    return run, watches


def test_check_says_what_would_happen(foretold):
    run = foretold[0]
    assert run.rc == 0, run.output
    assert "+release: 0.2.0-" in run.output
    assert "-current -> 0.1.0-" in run.output
    assert "+current -> 0.2.0-" in run.output


def test_check_changes_nothing(foretold, before, hosts):
    still = foretold[1]
    for name in hosts:
        beams, current = still[name]
        assert beams == before[name]
        assert current.startswith("0.1.0-")


def test_the_update_succeeds_and_says_what_runs(update):
    run = update[0]
    assert run.rc == 0, run.output
    assert "HOST " in run.output and "BEFORE " in run.output
    assert "RETRYING" not in run.output, "the first look sees all that comes about"


def test_every_host_serves_the_new_version_from_a_new_process(update, before, hosts):
    for name, host in hosts.items():
        answer = host.site.version()
        assert answer["version"] == "0.2.0"
        assert [answer["pid"]] == [str(pid) for pid in host.beams()]
        assert host.beams() != before[name]


def test_no_host_ever_went_back_or_showed_both(update):
    watches = update[1]
    for watch in watches.values():
        assert [version for version in watch.versions() if version] == ["0.1.0", "0.2.0"]


def test_never_more_than_one_host_was_down(update):
    watches = update[1]
    down = sorted(
        (min(moments), max(moments)) for moments in ([moment for moment, version in watch.seen if version is None] for watch in watches.values()) if moments
    )
    assert len(down) == len(watches)
    assert all(earlier[1] < later[0] for earlier, later in zip(down, down[1:]))


def test_the_entry_is_still_there(update, hosts, database):
    for host in hosts.values():
        assert ENTRY in host.site.get("/")[1]
    assert database("SELECT message, mood FROM entries") == [f"{ENTRY}|cheerful"]


def test_each_migration_ran_exactly_once(update, database):
    assert database("SELECT version, direction, host FROM migration_runs ORDER BY id") == ["1|up|web1", "2|up|web1"]


def test_both_releases_are_there_with_their_env_files(update, hosts):
    for host in hosts.values():
        assert len(host.run(f"ls -d {ROOT}/releases/*/.env").split()) == 2
        assert host.run(f"find {ROOT}/releases -maxdepth 2 -name .env -perm /007") == ""
        assert (host.release("0.1.0")["state"], host.release("0.2.0")["state"]) == ("good", "good")


def test_the_ledger_says_what_happened(update, hosts):
    for host in hosts.values():
        lines = [json.loads(line) for line in host.run(f"cat {ROOT}/ledger.jsonl").splitlines()]
        assert [line["version"] for line in lines] == ["0.1.0", "0.2.0"]
        assert lines[1]["previous"] == lines[0]["release"]


def test_no_secret_is_in_the_output(update, foretold, secrets):
    for run in (update[0], foretold[0]):
        assert [number for number, secret in enumerate(secrets) if secret in run.output] == []


def test_no_secret_is_readable_by_others(update, hosts, secrets):
    for host in hosts.values():
        for secret in secrets:
            assert host.os.run("grep -rlF %s /opt /home /tmp /var/log 2>/dev/null", secret).stdout == ""


def test_no_secret_is_on_a_command_line_but_the_cookie_that_erl_puts_there(update, hosts, secrets):
    for host in hosts.values():
        command_lines = host.run("cat /proc/[0-9]*/cmdline")
        assert "beam.smp" in command_lines
        assert [number for number, secret in enumerate(secrets[:-1]) if secret in command_lines] == []


def test_status_shows_the_fleet(update, playbook, hosts):
    run = playbook("status")
    assert run.rc == 0
    for name, host in hosts.items():
        assert any(line.split()[:3] == [name, "0.2.0", str(host.beams()[0])] for line in run.output.splitlines())
    assert "nothing runs" not in run.output and "not current" not in run.output
