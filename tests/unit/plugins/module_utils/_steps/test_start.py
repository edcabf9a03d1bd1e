# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import time

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _processes
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _bin_app, _start


@pytest.fixture
def application(layout, account):
    def make(release):
        return _bin_app.staged(release.path, release.name, layout, account)

    return make


def test_start(application, layout, staged, node):
    release = staged(env=f"RELEASE_NODE={node}\nRELEASE_COOKIE=OFENV\nSECRET=s3cr3t\n")
    assert _start.running(layout, release) is None
    _start.refuse_beside_another(layout, release)
    process = _start.start(layout, release, application(release))
    assert _processes.alive(process.pid, process.started)
    assert (process.root, process.name, process.version, process.node) == (release.path, "guestbook", "0.1.0", node)
    assert process.environ["SECRET"] == "s3cr3t"
    assert process.environ["RELEASE_COOKIE"] == "OFENV"
    assert process.environ["RELEASE_TMP"] == layout.tmp
    assert os.readlink(f"/proc/{process.pid}/cwd") == layout.tmp
    assert _start.running(layout, release).pid == process.pid


def test_nothing_of_the_callers_environment_comes_along(application, layout, staged, node, monkeypatch):
    for key in ("RELEASE_COOKIE", "RELEASE_VSN", "RELEASE_ROOT", "CALLERS"):
        monkeypatch.setenv(key, "callers")
    release = staged(env=f"RELEASE_NODE={node}\n")
    environ = _start.start(layout, release, application(release)).environ
    assert "callers" not in environ.values()
    assert environ["RELEASE_VSN"] == "0.1.0"


def test_another_release_in_its_place(application, layout, staged, node):
    old, new = staged("0.1.0-a", env=f"RELEASE_NODE={node}\n"), staged("0.2.0-b")
    process = _start.start(layout, old, application(old))
    with pytest.raises(ReleaseError, match=rf"0.1.0 \(pid {process.pid}\) runs from {old.path}: stop it before 0.2.0-b is started"):
        _start.refuse_beside_another(layout, new)


def test_a_daemon_that_dies_at_once_while_its_exit_code_says_0(application, layout, staged, monkeypatch):
    monkeypatch.setattr(_start, "APPEARS_WITHIN", 0.1)
    release = staged(env="FAULT=crash\n")
    with pytest.raises(ReleaseError) as error:
        _start.start(layout, release, application(release))
    for words in (f"{release.path}/bin/guestbook daemon", "died at once", f"{layout.tmp}/log/erlang.log.1", "Runtime terminating during boot"):
        assert words in str(error.value)


def test_a_daemon_that_fails(application, layout, staged):
    release = staged()
    os.rmdir(layout.tmp)
    with open(layout.tmp, "w", encoding="utf-8"):
        pass
    with pytest.raises(ReleaseError, match=rf"{release.path}/bin/guestbook daemon failed \(exit code [1-9]\): mkdir: .*{layout.tmp}"):
        _start.start(layout, release, application(release)._replace(cwd="/"))


def test_a_beam_that_appears_later_is_waited_for_no_longer_than_needed(application, layout, staged, node):
    release = staged(env=f"RELEASE_NODE={node}\n")
    began = time.monotonic()
    _start.start(layout, release, application(release))
    assert time.monotonic() - began < _start.APPEARS_WITHIN / 2
