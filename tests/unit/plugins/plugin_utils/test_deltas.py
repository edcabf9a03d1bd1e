# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import os
import threading

import pytest
from ansible import constants

from ansible_collections.beamops.elixir.plugins.module_utils._tarball import _contents, _delta
from ansible_collections.beamops.elixir.plugins.plugin_utils import _deltas

FILES = {"bin/app": b"#!/bin/sh\n", "lib/a.beam": os.urandom(20000)}


@pytest.fixture(autouse=True)
def local_tmp(tmp_path, monkeypatch):
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path / "run"))
    os.mkdir(tmp_path / "run")
    return tmp_path / "run"


@pytest.fixture
def path(tarball):
    return tarball(FILES)


def told(path):
    return _delta.told([_contents.of_tarball(path)])


def test_it_is_made_once_for_all_hosts_that_have_the_same(path):
    said = told(path)
    first = _deltas.of(path, "ab" * 32, said)
    os.unlink(path)  # it is not read again
    assert base64.b64decode(first) and _deltas.of(path, "ab" * 32, said) == first


def test_several_tasks_at_once_make_one(path, local_tmp):
    said, answers = told(path), []
    threads = [threading.Thread(target=lambda: answers.append(_deltas.of(path, "cd" * 32, said))) for _index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(answers)) == 1 and len([name for name in os.listdir(local_tmp) if name.endswith(".delta")]) == 1


def test_what_would_be_as_large_as_the_tarball_is_none(path):
    assert _deltas.of(path, "ef" * 32, _delta.told([])) is None
    assert _deltas.of(path, "ef" * 32, _delta.told([])) is None
