# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._host import _processes

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may look at another user's processes")

RELEASE = "/opt/guestbook/releases/0.1.0-1a2b3c4d"


@pytest.fixture
def proc(tmp_path):
    """Builds a /proc of recorded processes; each may be changed on the way."""

    def build(recorded, processes, **changes):
        (tmp_path / "uptime").write_text(recorded["uptime"])
        (tmp_path / "net").mkdir(exist_ok=True)
        for table in ("tcp", "tcp6"):
            (tmp_path / "net" / table).write_text("\n".join(recorded[table]) + "\n")
        (tmp_path / "self").mkdir(exist_ok=True)
        for pid, process in processes.items():
            _build_process(tmp_path / pid, {**process, **changes})
        return str(tmp_path)

    return build


def _build_process(directory, process):
    (directory / "fd").mkdir(parents=True)
    for name in ("cmdline", "environ"):
        (directory / name).write_bytes(b"".join(os.fsencode(value) + b"\0" for value in process[name]))
    for name in ("stat", "status"):
        (directory / name).write_text(process[name])
    for number, target in process["fd"].items():
        (directory / "fd" / number).symlink_to(target)


def beam_of(processes):
    """The pid and the record of the one that a scan is to find."""
    (found,) = [(int(pid), process) for pid, process in processes.items() if "--no-halt" in process["cmdline"] and process["environ"]]
    return found


def only_beam(recorded, situation="running"):
    pid, beam = beam_of(recorded[situation])
    return {str(pid): beam}


def changed(beam, old, new):
    """The record with an argument, or a variable, replaced."""
    return {name: [re.sub(old, new, value) for value in beam[name]] for name in ("cmdline", "environ")}


def test_of_all_processes_of_a_release_its_daemon_is_found(proc, recorded):
    releases = _processes.scan(proc(recorded, recorded["running"])).releases
    pid, beam = beam_of(recorded["running"])
    assert len(recorded["running"]) > 5
    assert [process.pid for process in releases] == [pid]
    found = releases[0]
    assert found._replace(environ={}, seconds=0) == _processes.Process(
        pid=pid,
        started=int(beam["stat"].rpartition(")")[2].split()[19]),
        seconds=0,
        uid=os.geteuid(),
        root=RELEASE,
        name="guestbook",
        version="0.1.0",
        node="guestbook",
        heart=False,
        environ={},
    )
    assert found.environ["RELEASE_COOKIE"] == "RECORDEDCOOKIE"
    assert 1 < found.seconds < 60


@pytest.mark.parametrize(
    "situation, node, heart", [("with_heart", "guestbook", True), ("long_name", "guestbook@127.0.0.1", False), ("undistributed", None, False)]
)
def test_how_it_was_started(proc, recorded, situation, node, heart):
    (found,) = _processes.scan(proc(recorded, recorded[situation])).releases
    assert (found.node, found.heart, found.version) == (node, heart, "0.1.0")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"stat": "345 (beam.smp) Z 344 343 343 34816 343 4194560 1 0 0 0 1 1 0 0 20 0 1 0 271000 0 0"}, id="zombie"),
        pytest.param({"status": "Name:\tbeam.smp\nNSpid:\t345\t17\n"}, id="in a container, seen from its host"),
        pytest.param({"cmdline": ["/usr/bin/vim", "beam.smp", "-boot", f"{RELEASE}/releases/0.1.0/start"]}, id="another program"),
        pytest.param({"cmdline": [""], "environ": []}, id="kernel thread"),
        pytest.param({"cmdline": ["/usr/lib/erlang/erts-13.1.5/bin/beam.smp", "--", "-root", "/usr/lib/erlang"], "environ": []}, id="erl without a release"),
    ],
)
@pytest.mark.parametrize("recorded", ["1.18"], indirect=True)
def test_what_is_no_running_release(proc, recorded, changes):
    assert _processes.scan(proc(recorded, only_beam(recorded), **changes)).releases == []


@pytest.mark.parametrize("name", ["beam.smp", "a (b) c", "x) Z 1"])
@pytest.mark.parametrize("recorded", ["1.18"], indirect=True)
def test_a_name_with_blanks_and_parentheses_does_not_shift_the_fields(proc, recorded, name):
    pid, beam = beam_of(recorded["running"])
    stat = beam["stat"].replace("(beam.smp)", f"({name})")
    (found,) = _processes.scan(proc(recorded, only_beam(recorded), stat=stat)).releases
    assert found.started == int(beam["stat"].split()[21])


def test_without_its_environment_the_command_line_tells(proc, recorded):
    (found,) = _processes.scan(proc(recorded, only_beam(recorded), environ=[])).releases
    assert (found.root, found.version, found.node, found.environ) == (RELEASE, "0.1.0", "guestbook", {})


def test_without_a_boot_script_the_environment_tells(proc, recorded):
    _pid, beam = beam_of(recorded["running"])
    (found,) = _processes.scan(proc(recorded, only_beam(recorded), cmdline=beam["cmdline"][:1])).releases
    assert (found.root, found.version, found.node) == (RELEASE, "0.1.0", None)


@pytest.mark.parametrize(
    "command, cmdline, found",
    [
        pytest.param("daemon", ["-hidden"], True, id="a node that is hidden by its settings"),
        pytest.param("start", ["-boot", f"{RELEASE}/releases/0.1.0/start_clean"], True, id="a node that is booted from start_clean by its settings"),
        pytest.param("eval", [], False, id="eval, with a boot script of its own"),
        pytest.param("stop", ["-hidden"], False, id="stop"),
        pytest.param(None, ["-boot", f"{RELEASE}/releases/0.1.0/start_clean"], True, id="booted from start_clean, of another user"),
        pytest.param(None, ["-extra", "--eval", "1"], False, id="eval of another user"),
        pytest.param(None, ["-hidden", "-extra", "--rpc-eval", "guestbook", "1"], False, id="rpc of another user"),
        pytest.param(None, ["-remsh", "guestbook"], False, id="remote of another user"),
    ],
)
@pytest.mark.parametrize("recorded", ["1.18"], indirect=True)
def test_a_helper_is_told_from_a_node_by_what_was_asked_for(proc, recorded, command, cmdline, found):
    _pid, beam = beam_of(recorded["running"])
    environ = [f"RELEASE_COMMAND={command}" if value.startswith("RELEASE_COMMAND=") else value for value in beam["environ"]] if command else []
    directory = proc(recorded, only_beam(recorded), cmdline=[*beam["cmdline"], *cmdline], environ=environ)
    assert bool(_processes.scan(directory).releases) == found


@pytest.mark.parametrize(
    "program, found",
    [
        (f"{RELEASE}/erts-13.1.5/bin/beam", True),
        (f"{RELEASE}/erts-13.1.5/bin/beam.debug.smp", True),
        (f"{RELEASE}/erts-13.1.5/bin/beam.lcnt.smp", True),
        (f"{RELEASE}/erts-13.1.5/bin/beam.valgrind", True),
        (f"{RELEASE}/erts-13.1.5/bin/beamer", False),
        (f"{RELEASE}/erts-13.1.5/bin/epmd", False),
        (f"{RELEASE}/bin/beam.sh", False),
        ("beam.smp", True),
    ],
)
@pytest.mark.parametrize("recorded", ["1.14"], indirect=True)
def test_every_emulator_of_the_erts_is_a_beam(proc, recorded, program, found):
    _pid, beam = beam_of(recorded["running"])
    directory = proc(recorded, only_beam(recorded), cmdline=[program, *beam["cmdline"][1:]])
    assert bool(_processes.scan(directory).releases) == found


@pytest.mark.parametrize("recorded", ["1.14"], indirect=True)
def test_the_node_name_is_the_first_and_epmd_the_one_of_its_environment(proc, recorded):
    _pid, beam = beam_of(recorded["running"])
    directory = proc(recorded, only_beam(recorded), cmdline=[beam["cmdline"][0], "--", "-sname", "other", *beam["cmdline"][1:]])
    (found,) = _processes.scan(directory).releases
    assert (found.node, found.epmd_port) == ("other", 4369)
    directory = os.path.join(directory, str(found.pid))
    with open(os.path.join(directory, "environ"), "ab") as file:
        file.write(b"ERL_EPMD_PORT=5555\0")
    assert [one.epmd_port for one in _processes.scan(os.path.dirname(directory)).releases] == [5555]


@pytest.mark.parametrize("recorded", ["1.18"], indirect=True)
def test_a_kernel_that_tells_nothing_of_namespaces(proc, recorded):
    assert len(_processes.scan(proc(recorded, only_beam(recorded), status="Name:\tbeam.smp\n")).releases) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("recorded", ["1.18"], indirect=True)
def test_an_environment_that_may_not_be_read(proc, recorded):
    directory = proc(recorded, only_beam(recorded))
    os.chmod(os.path.join(directory, next(iter(only_beam(recorded))), "environ"), 0)
    (found,) = _processes.scan(directory).releases
    assert (found.root, found.version, found.environ) == (RELEASE, "0.1.0", {})


@pytest.mark.parametrize("recorded", ["1.18"], indirect=True)
def test_a_version_that_was_chosen_at_the_start_is_the_one_that_runs(proc, recorded):
    _pid, beam = beam_of(recorded["running"])
    directory = proc(recorded, only_beam(recorded), environ=[*beam["environ"], "RELEASE_VSN=0.0.9"])
    assert [process.version for process in _processes.scan(directory).releases] == ["0.0.9"]


@pytest.mark.parametrize("recorded", ["1.18"], indirect=True)
def test_a_process_that_ends_during_the_look_is_none(proc, recorded):
    directory = proc(recorded, only_beam(recorded))
    os.unlink(os.path.join(directory, next(iter(only_beam(recorded))), "stat"))
    assert _processes.scan(directory).releases == []


@pytest.mark.parametrize(
    "release, root, expected",
    [
        pytest.param("{top}/opt/app/releases/0.1.0-1a2b3c4d", "{top}/opt/app", True, id="of releases"),
        pytest.param("{top}/opt/app", "{top}/opt/app", True, id="of the root itself, as a script unpacked it"),
        pytest.param("{top}/opt/app/releases/0.1.0-1a2b3c4d", "{top}/link", True, id="the root is given by a link"),
        pytest.param("{top}/link/releases/0.1.0-1a2b3c4d", "{top}/opt/app", True, id="it was started by a link"),
        pytest.param("{top}/opt/app2/releases/0.1.0-1a2b3c4d", "{top}/opt/app", False, id="a root of a similar name"),
        pytest.param("{top}/opt/app/releases/a/b", "{top}/opt/app", False, id="deeper"),
        pytest.param("{top}/opt", "{top}/opt/app", False, id="above"),
    ],
)
@pytest.mark.parametrize("recorded", ["1.14"], indirect=True)
def test_of_root(proc, recorded, place, release, root, expected):
    (place / "opt" / "app" / "releases" / "0.1.0-1a2b3c4d").mkdir(parents=True)
    (place / "link").symlink_to("opt/app")
    _pid, beam = beam_of(recorded["running"])
    scan = _processes.scan(proc(recorded, only_beam(recorded), **changed(beam, RELEASE, release.format(top=place))))
    assert len(scan.releases) == 1
    assert bool(scan.of_root(root.format(top=place))) == expected


@pytest.mark.parametrize("recorded", ["1.14"], indirect=True)
def test_of_release(proc, recorded):
    scan = _processes.scan(proc(recorded, only_beam(recorded)))
    assert scan.of_release(RELEASE) == scan.releases
    assert scan.of_release("/opt/guestbook/releases/0.1.0-1a2b3c4d.2") == []


@pytest.mark.parametrize(
    "situation, node, expected",
    [
        ("running", "guestbook", True),
        ("running", "guestbook@web1", True),
        ("long_name", "guestbook", True),
        ("long_name", "guestbook@127.0.0.1", True),
        ("running", "guestbook2", False),
        ("undistributed", "guestbook", False),
    ],
)
def test_of_node(proc, recorded, situation, node, expected):
    assert bool(_processes.scan(proc(recorded, recorded[situation])).of_node(node)) == expected


def test_heart(proc, recorded):
    directory = proc(recorded, recorded["with_heart"])
    pid, _beam = beam_of(recorded["with_heart"])
    (heart,) = [int(number) for number, process in recorded["with_heart"].items() if process["cmdline"][0].endswith("heart")]
    assert _processes.hearts(pid, directory) == [heart]
    assert _processes.hearts(pid + 1, directory) == []


def test_what_is_no_heart(proc, recorded):
    pid, beam = beam_of(recorded["running"])
    other = {**beam, "cmdline": ["/usr/bin/monitor", "-pid", str(pid)]}
    assert _processes.hearts(pid, proc(recorded, {str(pid + 1): other})) == []


def test_ports(proc, recorded):
    directory = proc(recorded, recorded["running"])
    pid, _beam = beam_of(recorded["running"])
    distribution = int(re.search(r"name guestbook at port (\d+)", recorded["epmd"])[1])
    assert _processes.listening_ports(pid, directory) == {4000, distribution}
    assert _processes.port_owners(4000, directory) == {pid: "beam.smp"}
    assert list(_processes.port_owners(4369, directory).values()) == ["epmd"]
    assert _processes.port_owners(4001, directory) == {}


@pytest.mark.parametrize("recorded", ["1.18"], indirect=True)
def test_ports_of_a_kernel_without_ipv6(proc, recorded):
    directory = proc(recorded, recorded["running"])
    os.unlink(os.path.join(directory, "net", "tcp6"))
    assert 4000 not in _processes.listening_ports(beam_of(recorded["running"])[0], directory)
    assert list(_processes.port_owners(4369, directory).values()) == ["epmd"]


@pytest.mark.parametrize(
    "arguments, value",
    [(["-sname", "a"], "a"), (["-sname", "a", "-sname", "b"], "b"), (["-sname"], None), (["-name", "a"], None), (["sname", "a"], None), ([], None)],
)
def test_option(arguments, value):
    assert _processes.option(arguments, "-sname") == value


# The real /proc


@pytest.fixture
def child():
    """A Python that runs the code and prints a line when it is ready."""
    started = []

    def start(code, program=(sys.executable,), **options):
        process = subprocess.Popen([*program, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options)
        started.append(process)
        process.line = process.stdout.readline().decode().strip()
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_alive(child, eventually):
    process = child("print(flush=True); input()")
    with open(f"/proc/{process.pid}/stat", encoding="ascii") as file:
        started = int(file.read().rpartition(")")[2].split()[19])
    assert _processes.alive(process.pid)
    assert _processes.alive(process.pid, started)
    assert not _processes.alive(process.pid, started - 1), "an earlier process of that number"
    process.kill()
    assert eventually(lambda: not _processes.alive(process.pid, started)), "it is a zombie now, until it is waited for"
    assert os.path.exists(f"/proc/{process.pid}")
    process.wait()
    assert not _processes.alive(process.pid)


@pytest.mark.parametrize("family, host", [("AF_INET", "127.0.0.1"), ("AF_INET6", "::1")])
def test_listening_ports_and_their_owner(child, family, host):
    try:
        with socket.socket(getattr(socket, family)) as probe:
            probe.bind((host, 0))
    except OSError:
        pytest.skip(f"no {family} here")
    code = f"import socket; s = socket.socket(socket.{family}); s.bind(({host!r}, 0)); s.listen(); print(s.getsockname()[1], flush=True); input()"
    process = child(code)
    port = int(process.line)
    assert _processes.listening_ports(process.pid) == {port}
    assert _processes.port_owners(port) == {process.pid: os.path.basename(sys.executable)}
    assert port not in _processes.listening_ports(os.getpid())


def test_a_port_that_is_only_connected_to_is_no_listening_one(child):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        port = listener.getsockname()[1]
        process = child(f"import socket; s = socket.create_connection(('127.0.0.1', {port})); print(flush=True); input()")
        assert _processes.listening_ports(process.pid) == set()
        assert _processes.port_owners(port) == {os.getpid(): os.path.basename(sys.executable)}


LISTENS = "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(); print(s.getsockname()[1], flush=True); input()"
LOOKS = """
import os, sys
sys.path[:] = {path}
from ansible_collections.beamops.elixir.plugins.module_utils._host import _processes
print(_processes.listening_ports({pid}), "A" in _processes._environ("/proc/{pid}"), os.geteuid(), os.getegid())
"""


@as_root
def test_root_sees_a_process_that_its_own_user_may_not_look_into(child):
    """As one with file capabilities: its user is nobody, and its files in /proc are root's."""
    process = child(f"import os, socket; os.setgid(65534); os.setuid(65534); {LISTENS}")
    assert _processes.listening_ports(process.pid) == {int(process.line)}


@as_root
@pytest.mark.skipif(not shutil.which("setpriv"), reason="needs setpriv")
def test_root_of_a_container_looks_with_the_rights_of_the_owner(child):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "/bin/sh"]
        process = child("echo; read -r line", program=nobody, env={"A": "1"}, cwd="/", pass_fds=[listener.fileno()])
        looks = LOOKS.format(path=sys.path, pid=process.pid)
        weak_root = ["setpriv", "--inh-caps=-sys_ptrace", "--bounding-set=-sys_ptrace", sys.executable, "-c", looks]
        assert subprocess.check_output(weak_root, text=True) == f"{{{listener.getsockname()[1]}}} True 0 0\n"


def test_where_nobody_may_look_it_is_not_said_that_nobody_listens(child, as_nobody):
    process = child(LISTENS)
    assert as_nobody(lambda: _processes.listening_ports(process.pid)) == "None"
    assert as_nobody(lambda: _processes.port_owners(int(process.line))) == "{0: 'a process that cannot be seen from here'}"
    assert as_nobody(lambda: _processes.port_owners(1)) == "{}"
    assert "elixir_release_become" in as_nobody(_processes.missing_right) and "CAP_SYS_PTRACE" in _processes.missing_right()


def test_a_process_that_has_ended_listens_nowhere(proc, recorded):
    assert _processes.listening_ports(4194304, proc(recorded, recorded["running"])) == set()


@pytest.mark.parametrize("arguments, port", [([], None), (["-erl_epmd_port", "9100"], 9100), (["-erl_epmd_port", "x"], None)])
def test_the_port_of_the_distribution_without_epmd(proc, recorded, arguments, port):
    pid, beam = beam_of(recorded["running"])
    directory = proc(recorded, {str(pid): {**beam, "cmdline": [*beam["cmdline"], *arguments]}})
    assert _processes.distribution_port(pid, directory) == port


def test_a_real_beam(node, staged):
    release = staged()
    beam = os.path.join(release.path, "erts-13.1.5", "bin", "beam.smp")
    environ = {"RELEASE_ROOT": release.path, "RELEASE_VSN": "0.1.0", "RELEASE_NAME": "guestbook", "NOT_UTF_8": os.fsdecode(b"caf\xe9")}
    with subprocess.Popen(
        [beam, "-c", "read -r line", "beam.smp", "--", "-sname", node, "-boot", f"{release.path}/releases/0.1.0/start"],
        env=environ,
        stdin=subprocess.PIPE,
    ) as process:
        time.sleep(0.05)
        (found,) = _processes.scan().of_release(release.path)
        assert (found.pid, found.uid, found.environ) == (process.pid, os.geteuid(), environ)
        assert 0 <= found.seconds < 5
        assert found.since.endswith("+00:00")
        process.kill()
