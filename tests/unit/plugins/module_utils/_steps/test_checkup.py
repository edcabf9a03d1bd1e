# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import socket

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._host import _cgroup, _clock, _command, _epmd, _host, _listeners
from ansible_collections.beamops.elixir.plugins.module_utils._root import _current, _layout
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _bin_app, _checkup, _proxy, _start

MIB = 1 << 20


@pytest.fixture
def seen(layout):
    return _checkup.Subject(layout, "guestbook", None, None, [])


@pytest.fixture
def current(staged, layout):
    release = staged(env="LANG=C.UTF-8\n")
    _current.point(layout, release.id)
    return release


@pytest.fixture
def started(current, layout):
    return _start.start(layout, current, _bin_app.staged(current.path, current.name, layout, _command.account(None)))


def found(check, subject):
    return [(finding.wrong, finding.text) for finding in check(subject)]


def test_a_host_without_anything_can_be_looked_at(layout):
    findings = _checkup.look(layout, "guestbook", None)
    assert not [finding for finding in findings if finding.wrong]
    assert not [finding for finding in findings if "could not be looked at" in finding.text]


def test_a_look_that_fails_keeps_no_other_from_looking(layout, monkeypatch):
    def full(subject):
        raise OSError("no")

    monkeypatch.setattr(_checkup, "CHECKS", (full, lambda subject: [_checkup.wrong("x", "y")]))
    assert [finding.text for finding in _checkup.look(layout, "guestbook", None)] == ["It could not be looked at: no", "y"]


def test_a_disk_without_room_for_another_release(seen, current, monkeypatch):
    assert found(_checkup.disk, seen._replace(current=current)) == []
    monkeypatch.setattr(_host, "space", lambda root: {"disk": "/", "disk_free": 10, "inodes_free": None})
    ((wrong, text),) = found(_checkup.disk, seen._replace(current=current))
    assert wrong and text.startswith(f"Another release such as {current.id} has no room: / has 0 MiB free, the release needs")


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ({"f_bavail": 0, "f_blocks": 100, "f_favail": 50, "f_files": 100}, (True, "/ has no bytes left")),
        ({"f_bavail": 50, "f_blocks": 100, "f_favail": 0, "f_files": 100}, (True, "/ has no inodes left")),
        ({"f_bavail": 9, "f_blocks": 100, "f_favail": 50, "f_files": 100}, (False, "/ has 9 % of its bytes left")),
        ({"f_bavail": 50, "f_blocks": 100, "f_favail": 0, "f_files": 0}, None),  # one that has no inodes to count
    ],
)
def test_a_disk_that_is_full(seen, monkeypatch, numbers, expected):
    monkeypatch.setattr(_host, "space", lambda root: {"disk": "/", "disk_free": 1 << 40, "inodes_free": None})
    monkeypatch.setattr(os, "statvfs", lambda path: type("Status", (), numbers))
    told = found(_checkup.disk, seen)
    assert [(wrong, text[: len(expected[1])]) for wrong, text in told] == [expected] if expected else told == []


def test_too_little_memory_for_a_rehearsal(seen, current, started, monkeypatch):
    subject = seen._replace(current=current, running=[started])
    assert found(_checkup.memory, subject) == []
    monkeypatch.setattr(_cgroup, "room", lambda: _cgroup.Room(0, "the host has 0 MiB available"))
    ((wrong, text),) = found(_checkup.memory, subject)
    assert wrong and "too little memory to run a rehearsal" in text


def test_what_the_kernel_has_killed(seen, started, monkeypatch):
    monkeypatch.setattr(_cgroup, "memory", lambda pid: _cgroup.Memory(1, None, None, 3))
    assert found(_checkup.memory, seen._replace(running=[started]))[0][1].startswith(f"The kernel has killed 3 processes of the cgroup of pid {started.pid}")


@pytest.mark.parametrize(("synchronised", "number"), [(True, 0), (None, 0), (False, 1)])
def test_a_clock_that_nobody_sets(seen, monkeypatch, synchronised, number):
    monkeypatch.setattr(_clock, "is_synchronised", lambda: synchronised)
    told = found(_checkup.clock, seen)
    assert len(told) == number and not any(wrong for wrong, _text in told)


@pytest.mark.parametrize(("address", "number"), [("0.0.0.0", 1), ("127.0.0.1", 0)])
def test_ports_that_are_open_to_the_world(seen, started, address, number, monkeypatch):
    with socket.socket() as it:
        it.bind((address, 0))
        it.listen()
        port = it.getsockname()[1]
        monkeypatch.setattr(_epmd, "distribution_port", lambda process: port)
        told = found(_checkup.network, seen._replace(running=[started._replace(epmd_port=1)]))
    assert len(told) == number
    assert not told or (told[0][0] is False and f"At every address listen the node of pid {started.pid} at port {port}." in told[0][1])


def test_epmd_that_is_open_to_the_world(seen, monkeypatch):
    monkeypatch.setattr(_listeners, "everywhere", lambda: {4369})
    assert "At every address listen epmd at port 4369." in found(_checkup.network, seen)[0][1]


def test_a_daemon_is_not_started_by_anything(seen, started):
    ((wrong, text),) = found(_checkup.reboot, seen._replace(running=[started]))
    assert not wrong and text.startswith(f"0.1.0 (pid {started.pid}) runs as a daemon, which nothing starts again")


@pytest.mark.parametrize("environ", [{"LANG": "C.UTF-8"}, {"LANG": "C", "LC_ALL": "C.UTF-8"}])
def test_a_locale_that_is_utf8(seen, started, environ):
    assert found(_checkup.locale, seen._replace(running=[started._replace(environ=environ)])) == []


@pytest.mark.parametrize(("environ", "given"), [({"LANG": "xx_XX.UTF-8"}, "LANG=xx_XX.UTF-8"), ({"LANG": "C.UTF-8", "LC_ALL": "C"}, "LC_ALL=C, LANG=C.UTF-8")])
def test_a_locale_that_is_not(seen, started, environ, given):
    """It is not there, or is another one."""
    ((wrong, text),) = found(_checkup.locale, seen._replace(running=[started._replace(environ=environ)]))
    assert wrong and text.startswith(f"With {given} the character set is ")


def test_the_locale_of_what_would_run(seen, staged, layout):
    release = staged(env="LC_ALL=C\n")
    _current.point(layout, release.id)
    assert found(_checkup.locale, seen._replace(current=release))[0][0] is True


SLOTS = {"ports": [4000, 4001], "proxy_port": 4002}


def test_nginx_is_of_no_interest_in_place(seen):
    assert found(_checkup.nginx, seen) == []


def test_nginx_that_was_not_set_up(seen, tmp_path, monkeypatch):
    monkeypatch.setattr(_proxy, "HOME", str(tmp_path))
    monkeypatch.setattr(_proxy, "complaint", lambda: None)
    told = found(_checkup.nginx, seen._replace(slots=SLOTS))
    assert told[0][0] is True and "set nginx up with the playbook beamops.elixir.proxy" in told[0][1]


def test_nginx_whose_files_are_broken(seen, nginx, monkeypatch):
    monkeypatch.setattr(_proxy, "complaint", lambda: "unexpected }")
    told = found(_checkup.nginx, seen._replace(slots={"ports": [4000, 4001], "proxy_port": nginx.server_port}))
    assert told[0] == (True, "'nginx -t' complains, so that nginx would not start again, with the host either: unexpected }")


def test_what_is_not_root_says_so(seen, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert found(_checkup.rights, seen)[0][1].startswith("This is not root but uid 1000")


def test_a_slot_is_known_by_its_unit(seen):
    subject = seen._replace(layout=_layout.Layout("/opt/guestbook"), slots=SLOTS)
    names = ("guestbook.service", "guestbook-blue.service", "guestbook-green.service")
    assert [_checkup._slot(subject, name) for name in names] == [None, ("blue", 4000), ("green", 4001)]
