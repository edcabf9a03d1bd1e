# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import signal
import subprocess

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._host import _cgroup, _processes
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _beside

MIB = 1 << 20
PLENTY = 1 << 40
LITTLE = _cgroup.Room(1, "the cgroup /c is limited to 125 MiB, of which 124 MiB are used")


def process(pid, started=None, **fields):
    values = {"seconds": 1.0, "uid": 0, "root": "/opt/a/releases/0.1.0-a", "name": "guestbook", "version": "0.1.0", "node": "guestbook", "heart": False}
    return _processes.Process(pid=pid, started=started, environ={}, **{**values, **fields})


@pytest.fixture
def sleeper():
    child = subprocess.Popen(["sleep", "30"])
    yield child
    child.kill()
    child.wait()


def test_too_little_memory_is_told_with_figures_and_what_to_do():
    said = _beside.too_little_memory("bin/guestbook eval of 0.2.0-b", PLENTY, [process(os.getpid())], LITTLE)
    resident = _processes.resident(os.getpid())
    assert said == (
        f"There is too little memory to run bin/guestbook eval of 0.2.0-b beside pid {os.getpid()}, which serves and could be killed for it: "
        f"a second BEAM needs about {resident // MIB} MiB, and 0 MiB are left (the cgroup /c is limited to 125 MiB, of which 124 MiB are used). "
        "Give it more memory, add swap, or stop what runs first, with the playbook beamops.elixir.stop."
    )


@pytest.mark.parametrize(
    "unpacked, room, refused",
    [
        pytest.param(PLENTY, _cgroup.Room(PLENTY, ""), False, id="enough"),
        pytest.param(PLENTY, None, False, id="nobody can tell"),
        pytest.param(PLENTY, LITTLE, True, id="too little"),
    ],
)
def test_only_what_is_clearly_too_little_counts(unpacked, room, refused):
    assert bool(_beside.too_little_memory("it", unpacked, [process(os.getpid())], room)) is refused


def test_it_takes_no_more_than_its_code_needs(monkeypatch):
    """What serves may have grown big with data that a second BEAM has not."""
    monkeypatch.setattr(_processes, "resident", lambda pid: 4096 * MIB)
    enough, short = _cgroup.Room(_beside.BEAM + 15 * MIB, ""), _cgroup.Room(_beside.BEAM + 15 * MIB - 1, "")
    assert _beside.too_little_memory("it", 15 * MIB, [process(1)], enough) is None
    assert "needs about 79 MiB, and 78 MiB are left" in _beside.too_little_memory("it", 15 * MIB, [process(1)], short)


def test_where_nothing_runs_there_is_nobody_to_lose(sleeper):
    assert _beside.too_little_memory("it", PLENTY, [], LITTLE) is None
    sleeper.kill()
    sleeper.wait()
    assert _beside.too_little_memory("it", PLENTY, [process(sleeper.pid)], LITTLE) is None


def test_who_died_meanwhile(sleeper):
    stat = open(f"/proc/{sleeper.pid}/stat", encoding="ascii").read()
    started = int(stat.rpartition(")")[2].split()[19])
    before = [process(sleeper.pid, started)]
    assert _beside.died(before) == []
    assert _beside.died([process(sleeper.pid, started - 1)]) != [], "another process has that number now"
    sleeper.send_signal(signal.SIGKILL)
    sleeper.wait()
    assert _beside.died(before) == before
    said = _beside.lost(before[0], "bin/guestbook eval of 0.2.0-b")
    assert said.startswith(f"pid {sleeper.pid}, guestbook 0.1.0 from /opt/a/releases/0.1.0-a, served when bin/guestbook eval of 0.2.0-b began, and is gone.")
    assert "beamops.elixir.restart" in said


def test_what_serves(layout, staged):
    release = staged()
    ours = process(1, root=release.path)
    script, other, stranger = process(2, root="/home/kai/app"), process(3, root="/home/kai/b", node="b"), process(4, root="/srv/b", name="b")
    assert _beside.live(layout, release, _processes.Scan([ours, script, other])) == [ours]
    assert _beside.live(layout, release, _processes.Scan([script, other, stranger])) == [script]
    assert _beside.live(layout, release._replace(node=None), _processes.Scan([script])) == []


def test_the_size_of_what_is_unpacked(tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "a").write_bytes(b"x" * 1000)
    (tmp_path / "b").write_bytes(b"x" * 24)
    (tmp_path / "link").symlink_to("/nowhere")
    assert 1024 <= _beside.unpacked_size(str(tmp_path)) < 1100
