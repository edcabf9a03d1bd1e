# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the scenarios' tests share: the hosts as testinfra sees them, the application as its users do, and the playbooks as an operator runs them."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import time
import typing as t
import urllib.error
import urllib.parse
import urllib.request

import pytest
import testinfra
import yaml

PROJECT = pathlib.Path(__file__).resolve().parent.parent
FLEET = PROJECT / ".cache" / "fleets" / f"molecule-{os.environ.get('MOLECULE_SCENARIO_NAME', 'default')}"
INVENTORY = FLEET / "inventory"
ROOT = "/opt/guestbook"


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments, **options):
        return None


# Left out of the quick form of a scenario, which CI runs, and run by `make molecule`: what takes long, and whose kin is in the quick form
at_length = pytest.mark.skipif("BEAMOPS_QUICK" in os.environ, reason="the quick form of the scenario")

OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirect)


class Run(t.NamedTuple):
    """A playbook that was run to its end."""

    rc: int
    output: str

    def plain(self) -> str:
        """The output without line breaks and quoting, in which a message is found whole."""
        return " ".join(self.output.replace("\\n", " ").replace('\\"', '"').split())


class Site:
    """The application on one host, over HTTP."""

    def __init__(self, port: int, headers: t.Mapping[str, str] | None = None):
        self.base = f"http://127.0.0.1:{port}"
        self.headers = dict(headers or {})

    def get(self, path: str, timeout: float = 5) -> tuple[int, str]:
        try:
            with OPENER.open(urllib.request.Request(self.base + path, headers=self.headers), timeout=timeout) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def version(self) -> dict[str, t.Any]:
        return json.loads(self.get("/version")[1])

    def sign(self, name: str, message: str) -> None:
        form = urllib.parse.urlencode({"name": name, "message": message}).encode()
        try:
            OPENER.open(self.base + "/entries", data=form, timeout=5)
        except urllib.error.HTTPError as error:
            if error.code != 303:
                raise


class Host(t.NamedTuple):
    name: str
    os: testinfra.host.Host
    site: Site

    def run(self, command: str) -> str:
        """As root; its standard output. It has to succeed."""
        return self.os.check_output(f"sudo sh -c {json.dumps(command)}".replace("$", "\\$"))

    def current(self) -> str:
        return self.run(f"basename $(readlink {ROOT}/current)")

    def beams(self) -> list[int]:
        """The pids of all BEAMs that run a release, whosever it is."""
        return [int(pid) for pid in self.os.run("pgrep -f 'beam.smp .*releases/[^/]*/start '").stdout.split()]

    def serves(self, version: str) -> bool:
        """The one process of the host is the one that answers, with that version."""
        answer = self.site.version()
        return (answer["version"], [answer["pid"]]) == (version, [str(pid) for pid in self.beams()])

    def ledger(self) -> list[dict[str, t.Any]]:
        return [json.loads(line) for line in self.run(f"cat {ROOT}/ledger.jsonl").splitlines()]

    def release(self, version: str) -> dict[str, t.Any]:
        """What .deploy.json says of the one release of that version."""
        return json.loads(self.run(f"cat {ROOT}/releases/{version}-*/.deploy.json"))


def command_of(name: str, *options: str, **variables: t.Any) -> list[str]:
    """Of one of the collection's playbooks, or one of the scenario's own."""
    path = PROJECT / "playbooks" / f"{name}.yml" if "/" not in name else PROJECT / "molecule" / name
    return ["ansible-playbook", "-i", str(INVENTORY), str(path), *options, "--extra-vars", json.dumps(variables)]


def run_playbook(name: str, *options: str, **variables: t.Any) -> Run:
    """Run it the way an operator does."""
    command = command_of(name, *options, **variables)
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True, check=False)
    return Run(result.returncode, result.stdout)


@pytest.fixture(scope="session")
def playbook() -> t.Callable[..., Run]:
    return run_playbook


@pytest.fixture(scope="session")
def fleet() -> pathlib.Path:
    """The folder of this scenario's hosts, where tests may keep something for each other."""
    return FLEET


@pytest.fixture(scope="session")
def env_file(fleet) -> t.Callable[..., str]:
    """The fleet's env file with more variables in it."""

    def write(**variables: str) -> str:
        lines = [f"export {key}={value}\n" for key, value in sorted(variables.items())]
        path = fleet / "-".join(["env", *sorted(variables)])
        path.write_text((fleet / "env.production").read_text() + "".join(lines))
        return str(path)

    return write


@pytest.fixture(scope="session")
def group_vars() -> dict[str, t.Any]:
    return yaml.safe_load((INVENTORY / "group_vars" / "elixir.yml").read_text())


@pytest.fixture(scope="session")
def tarballs(group_vars) -> dict[str, str]:
    return group_vars["guestbook_tarballs"]


@pytest.fixture(scope="session")
def hosts() -> dict[str, Host]:
    inventory = yaml.safe_load((INVENTORY / "hosts.yml").read_text())["all"]["children"]["elixir"]["hosts"]
    return {
        name: Host(name, testinfra.get_host(f"ansible://{name}", ansible_inventory=str(INVENTORY)), Site(variables["http_port"]))
        for name, variables in inventory.items()
    }


@pytest.fixture(scope="session")
def web1(hosts):
    return hosts["web1"]


@pytest.fixture(scope="session")
def database() -> t.Callable[[str], list[str]]:
    host = testinfra.get_host("ansible://db1", ansible_inventory=str(INVENTORY))

    def query(sql: str) -> list[str]:
        return host.check_output("sudo -u postgres psql --quiet --tuples-only --no-align --command %s guestbook", sql).splitlines()

    return query


@pytest.fixture(scope="session")
def secrets() -> list[str]:
    """The secret values of the fleet's env file, and the cookie, in every form that they could be printed in."""
    script = f'. {FLEET}/env.production; printf "%s\\n" "$SECRET_KEY_BASE" "$database_password" "$DATABASE_URL"'
    values = subprocess.check_output(["sh", "-c", script], text=True).splitlines()
    cookie = (FLEET / "env.production.cookie").read_text().strip()
    found = [*values, urllib.parse.unquote(values[1]), cookie]
    assert all(len(value) > 10 for value in found)
    return found


@pytest.fixture(scope="session")
def variables_of() -> t.Callable[[str], dict[str, t.Any]]:
    """What a scenario gives to every deploy of a host."""
    return lambda limit: {}


@pytest.fixture
def deploy(playbook, tarballs, variables_of):
    """Deploy a build to one host, by default web1."""

    def run(build, *options, limit="web1", **variables):
        return playbook("deploy", "--limit", limit, *options, **{"elixir_release_tarball": tarballs[build], **variables_of(limit), **variables})

    return run


@pytest.fixture
def killed(fleet, tarballs, variables_of, eventually):
    """A deploy whose controller is killed as soon as a condition holds."""

    def run(build, condition, limit="web1", **variables):
        command = command_of("deploy", "--limit", limit, **{"elixir_release_tarball": tarballs[build], **variables_of(limit), **variables})
        log = fleet / "killed.log"
        with log.open("w") as output:
            process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            came = eventually(lambda: process.poll() is not None or condition(), 120)
            assert came and process.poll() is None, f"it ended before, or that never came:\n{log.read_text()}"
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    return run


@pytest.fixture(scope="session")
def scarce(fleet):
    """A host that has only so many MiB of memory more than it uses now."""

    def limit(host, size):
        command = ["docker", "update", f"--memory={size}", f"--memory-swap={size}", f"beamops-{fleet.name}-{host.name}"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    @contextlib.contextmanager
    def memory(host, more):
        used = int(host.run("cat /sys/fs/cgroup/memory/memory.usage_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.current"))
        limit(host, used + (more << 20))
        try:
            yield
        finally:
            limit(host, "1t")

    return memory


def until(condition: t.Callable[[], t.Any], seconds: float = 20) -> t.Any:
    """What it gives as soon as that is something; an error on the way is nothing."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            found = condition()
        except (OSError, ValueError, AssertionError):
            found = None
        if found or time.monotonic() > deadline:
            return found
        time.sleep(0.1)


@pytest.fixture(scope="session")
def eventually():
    return until
