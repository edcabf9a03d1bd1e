# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""python -m ansible_collections.beamops.elixir.benchmarks.zero_downtime.ways: the same load on hosts that are updated in three ways.

Each way has hosts of its own, with systemd and with nginx in front. They are updated ten times, taken back twice, and given a release that cannot boot twice,
while the load goes on. `--quick` does a little of it, and writes to .cache only.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import pathlib
import select
import signal
import subprocess
import sys
import time
import typing as t

import yaml
from ansible_collections.beamops.elixir.benchmarks import tarballs
from ansible_collections.beamops.elixir.benchmarks.places import CHECKOUT, FLEETS, MODULES, SCRIPT
from ansible_collections.beamops.elixir.benchmarks.zero_downtime import page, remains

WORK = CHECKOUT / ".cache" / "zero-downtime"
HOST = "guestbook.example.com"
BROKEN = "export GUESTBOOK_FAULT_CRASH_AT_BOOT=1\n"
# What the script's author found out to be needed, and what the collection sets by itself
SCRIPT_ENV = "export PHX_SERVER=true\nexport RELEASE_COOKIE=ZERODOWNTIMEZERODOWNTIME\n"
# It may wait for ever for a release that does not boot, or take it for healthy; a person notices at some time
PATIENCE = 20
# For the first answers of all kinds
READY_SECONDS = 60
UPDATE, ROLLBACK, FAILURE = "update", "rollback", "failed update"
WHOLE = [UPDATE] * 3 + [FAILURE] + [UPDATE] * 2 + [ROLLBACK] + [UPDATE] * 3 + [FAILURE] + [UPDATE, ROLLBACK, UPDATE]
QUICK = [UPDATE, FAILURE, ROLLBACK]


class Way:
    """Brings releases to its hosts."""

    title = ""

    def __init__(self, hosts: int):
        self.fleet = f"zero-{type(self).__name__.lower()}"
        self.folder = FLEETS / self.fleet
        subprocess.run([str(CHECKOUT / "tools" / "fleet"), "up", self.fleet, "--hosts", str(hosts), "--systemd"], check=True, stdout=subprocess.DEVNULL)
        everything = yaml.safe_load((self.folder / "inventory" / "hosts.yml").read_text(encoding="utf-8"))["all"]["children"]
        self.hosts: dict[str, dict[str, t.Any]] = everything["elixir"]["hosts"]
        self.database = everything["database"]["hosts"]["db1"]["container"]
        self.log = WORK / f"{self.fleet}.log"
        self.log.write_text("", encoding="utf-8")

    def env_file(self, *more: str) -> pathlib.Path:
        path = self.folder / ("env-" + "-".join(str(len(text)) for text in more) if more else "env.production")
        if more:
            path.write_text((self.folder / "env.production").read_text(encoding="utf-8") + "".join(more), encoding="utf-8")
        return path

    def begin(self, release: pathlib.Path) -> None:
        self.play("proxy")
        self.update(release)

    def play(self, playbook: str, **variables: t.Any) -> int:
        given = {
            "elixir_release_name": "guestbook",
            "elixir_release_env_file": str(self.env_file()),
            "elixir_release_cookie_file": str(self.folder / "cookie"),
            "elixir_release_report_dir": str(self.folder / "deploy-failures"),
            "elixir_release_health_url": "/health",
            "elixir_release_proxy_server_names": [HOST],
            # The load stands for a balancer that speaks TLS with the users
            "elixir_release_proxy_trusted": ["0.0.0.0/0"],
            **variables,
        }
        argv = ["ansible-playbook", "--inventory", str(self.folder / "inventory"), str(CHECKOUT / "playbooks" / f"{playbook}.yml")]
        return self.run([*argv, "--extra-vars", json.dumps(given)], cwd=WORK)

    def run(self, argv: list[str], cwd: pathlib.Path, timeout: float = 600) -> int:
        environ = {**os.environ, "ANSIBLE_CONFIG": str(CHECKOUT / "examples" / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"\n== {' '.join(argv[:5])}\n")
            log.flush()
            process = subprocess.Popen(argv, cwd=cwd, env=environ, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
            try:
                return process.wait(timeout)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                return -signal.SIGKILL

    def update(self, release: pathlib.Path) -> None:
        raise NotImplementedError

    def back(self, release: pathlib.Path) -> None:
        """To the release that is given, which served before."""
        raise NotImplementedError

    def fail(self, release: pathlib.Path, serving: pathlib.Path) -> None:
        """A release that cannot boot; afterwards the one before serves again."""
        raise NotImplementedError

    def expect(self, what: str, rc: int, good: bool) -> None:
        if (rc == 0) is not good:
            raise SystemExit(f"zero-downtime: {self.title}: the {what} ended with exit code {rc}: see {self.log}")


class InPlace(Way):
    title = "in place"
    strategy = "in_place"

    def deploy(self, release: pathlib.Path, **variables: t.Any) -> int:
        return self.play("deploy", elixir_release_strategy=self.strategy, elixir_release_tarball=str(release), **variables)

    def update(self, release: pathlib.Path) -> None:
        self.expect(UPDATE, self.deploy(release), True)

    def back(self, release: pathlib.Path) -> None:
        self.expect(ROLLBACK, self.play("rollback", elixir_release_strategy=self.strategy), True)

    def fail(self, release: pathlib.Path, serving: pathlib.Path) -> None:
        self.expect(FAILURE, self.deploy(release, elixir_release_env_file=str(self.env_file(BROKEN))), False)


class BlueGreen(InPlace):
    title = "blue/green"
    strategy = "blue_green"


class Script(Way):
    title = "the bash script"

    def begin(self, release: pathlib.Path) -> None:
        super().begin(release)
        first = next(iter(self.hosts.values()))["container"]
        migrate = ". guestbook/.env && guestbook/bin/guestbook eval Guestbook.Release.migrate"
        subprocess.run(["docker", "exec", "--user", "deploy", "--workdir", "/home/deploy", first, "sh", "-c", migrate], check=True, stdout=subprocess.DEVNULL)

    def update(self, release: pathlib.Path) -> None:
        self.expect(UPDATE, self.deploy(release), True)

    def back(self, release: pathlib.Path) -> None:
        """It knows of none: a person deploys the old one again."""
        self.update(release)

    def fail(self, release: pathlib.Path, serving: pathlib.Path) -> None:
        began = time.monotonic()
        self.deploy(release, BROKEN, timeout=PATIENCE)
        time.sleep(max(0.0, PATIENCE - (time.monotonic() - began)))
        self.update(serving)

    def deploy(self, release: pathlib.Path, *more: str, timeout: float = 600) -> int:
        version = release.name[len("guestbook-") : -len(".tar.gz")]
        folder = WORK / "project"
        folder.mkdir(exist_ok=True)
        text = (CHECKOUT / "examples" / "guestbook" / "mix.exs").read_text(encoding="utf-8")
        (folder / "mix.exs").write_text(text.replace('version: "0.1.0"', f'version: "{version}"'), encoding="utf-8")
        with contextlib.suppress(FileExistsError):
            (folder / release.name).symlink_to(release)
        (folder / ".env.production").write_text(self.env_file(SCRIPT_ENV, *more).read_text(encoding="utf-8"), encoding="utf-8")
        (folder / "ssh_config").write_text(self.ssh_config(), encoding="utf-8")
        return self.run(["bash", "-c", 'for host; do "$0" ssh_config "$host" || exit; done', str(SCRIPT), *self.hosts], folder, timeout)

    def ssh_config(self) -> str:
        lines = ["Host *", "  User deploy", "  HostName 127.0.0.1", f"  IdentityFile {self.folder / 'id_ed25519'}", "  IdentitiesOnly yes"]
        lines += [f"  UserKnownHostsFile {self.folder / 'known_hosts'}", "  LogLevel ERROR"]
        for name, variables in self.hosts.items():
            lines += [f"Host {name}", f"  Port {variables['ansible_port']}"]
        return "\n".join(lines) + "\n"


WAYS: list[type[Way]] = [BlueGreen, InPlace, Script]


@contextlib.contextmanager
def load(way: Way, out: pathlib.Path) -> t.Iterator[None]:
    urls = [f"{name}=http://127.0.0.1:{variables['web_port']}" for name, variables in way.hosts.items()]
    process = subprocess.Popen([sys.executable, "-m", f"{MODULES}.zero_downtime", "--out", str(out), *urls], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    if not select.select([process.stdout], [], [], READY_SECONDS)[0]:
        process.terminate()
        raise SystemExit(f"zero-downtime: {way.title}: not every kind of request has a good answer after {READY_SECONDS} s: see what {urls[0]} answers")
    try:
        yield
    finally:
        process.terminate()
        if process.wait(60) != 0:
            raise SystemExit("zero-downtime: the load itself failed, see above")


def run(way: Way, events: t.Sequence[str], builds: t.Iterator[pathlib.Path]) -> dict[str, t.Any]:
    """What the load saw, and what was done meanwhile."""
    out = WORK / f"{way.fleet}.json"
    served = [next(builds)]
    way.begin(served[-1])
    before = remains.of(way.hosts)
    began, seconds = time.monotonic(), []
    with load(way, out):
        for event in events:
            moment = time.monotonic()
            if event == UPDATE:
                served.append(next(builds))
                way.update(served[-1])
            elif event == ROLLBACK:
                served.pop()
                way.back(served[-1])
            else:
                way.fail(next(builds), served[-1])
            seconds.append(round(time.monotonic() - moment, 1))
            print(f"{way.title}: {event}, {seconds[-1]} s", flush=True)
            time.sleep(2)
    results = json.loads(out.read_text(encoding="utf-8"))
    results["events"] = [{"event": event, "seconds": taken} for event, taken in zip(events, seconds)]
    results["took"] = time.monotonic() - began
    results["remains"] = {"before": before, "after": remains.of(way.hosts)}
    results["lost_entries"] = lost_entries(way, results)
    out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    return results


def lost_entries(way: Way, results: dict[str, t.Any]) -> int:
    """Those that were acknowledged and are not in the database."""
    query = ["psql", "--quiet", "--tuples-only", "--no-align", "--command", "SELECT name FROM entries", "guestbook"]
    kept = subprocess.run(["docker", "exec", "--user", "postgres", way.database, *query], check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    acknowledged = {name for host in results["hosts"].values() for name in host["kinds"]["entries"]["acknowledged"]}
    return len(acknowledged - set(kept))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="blue/green only, three events, and no page")
    parser.add_argument("--hosts", type=int, default=2)
    parser.add_argument(
        "--again", metavar="WAY", choices=[kind.__name__.lower() for kind in WAYS], help="this way once more, the others as they were seen last"
    )
    parser.add_argument("--keep", action="store_true", help="leave the hosts up")
    given = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    results = {}
    for kind in [BlueGreen] if given.quick else WAYS:
        name = kind.__name__.lower()
        if given.again not in (None, name):
            results[kind.title] = json.loads((WORK / f"zero-{name}.json").read_text(encoding="utf-8"))
            continue
        way = kind(given.hosts)
        # A version each, as a project has them; all of one schema
        builds = (tarballs.build(f"0.2.{number}") for number in range(99))
        results[way.title] = run(way, QUICK if given.quick else WHOLE, builds)
        if not given.keep:
            subprocess.run([str(CHECKOUT / "tools" / "fleet"), "down", way.fleet], check=True)
    text = page.results(results)
    print(text)
    if not given.quick:
        page.write(CHECKOUT / "docs" / "zero-downtime.md", text)
    failed = page.failed(results[BlueGreen.title])
    if failed or page.left_behind(results[BlueGreen.title]):
        raise SystemExit(f"zero-downtime: {failed} requests failed in {BlueGreen.title}, or something was left behind")


if __name__ == "__main__":
    main()
