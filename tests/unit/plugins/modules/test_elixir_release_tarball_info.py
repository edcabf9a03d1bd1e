# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import platform
import pwd
import re

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._modules import _tarball_info
from ansible_collections.beamops.elixir.plugins.modules import elixir_release_tarball_info as module


def test_reads_a_tarball(run_module, tarball, release_files):
    path = tarball(release_files)
    answer = run_module(module, tarball=path)
    assert answer["changed"] is False
    assert (answer["path"], answer["name"], answer["version"]) == (path, "guestbook", "0.2.0")
    assert answer["msg"] == f"guestbook 0.2.0 ({answer['release_id']}), 0.0 MiB, for x86_64 with glibc 2.34 or newer"


def test_documents_each_key_of_the_answer(run_module, tarball, release_files):
    answer = run_module(module, tarball=tarball(release_files))
    added_by_ansible = {"changed", "invocation", "owner", "group", "uid", "gid", "mode", "state"}
    assert set(answer) - added_by_ansible == set(re.findall(r"^(\w+):", module.RETURN, re.MULTILINE))


def test_finds_it_in_a_project(run_module, tmp_path, tarball, release_files):
    (tmp_path / "mix.exs").write_text('[app: :guestbook, version: "0.2.0"]')
    path = tarball(release_files)
    assert run_module(module, project=str(tmp_path))["path"] == path
    assert run_module(module, project=str(tmp_path), name="guestbook")["path"] == path


def test_of_several_it_says_which_it_took(run_module, tmp_path, tarball, release_files):
    (tmp_path / "mix.exs").write_text('[app: :guestbook, version: "0.2.0" <> suffix()]')
    stale = tarball({"releases/start_erl.data": b"13.1.5 0.1.0"}, name="guestbook-0.1.0.tar.gz")
    os.utime(stale, (0, 0))
    path = tarball(release_files)
    answer = run_module(module, project=str(tmp_path))
    assert answer["path"] == path
    (warning,) = map(str, answer["warnings"])
    assert f"{path} is taken, which was built last" in warning and f"Left aside: {stale}." in warning


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({}, "one of the following is required: tarball, project"),
        ({"tarball": "{path}", "project": "{directory}"}, "mutually exclusive: tarball|project"),
        ({"tarball": "{path}", "name": "shop"}, "Unknown release name shop: {path} holds guestbook 0.2.0. Set 'name' (elixir_release_name"),
        ({"tarball": "/nowhere/x.tar.gz"}, "Cannot read the tarball /nowhere/x.tar.gz: No such file or directory. Set 'tarball' (elixir_release_tarball"),
        ({"tarball": "{directory}"}, "{directory} is a directory: set 'tarball' (elixir_release_tarball of the role) to"),
        ({"project": "{directory}"}, "Cannot read {directory}/mix.exs"),
    ],
)
def test_bad_input(run_module, tmp_path, tarball, release_files, arguments, message):
    given = {"path": tarball(release_files), "directory": str(tmp_path)}
    answer = run_module(module, **{key: value.format(**given) for key, value in arguments.items()})
    assert answer["failed"] is True
    assert message.format(**given) in answer["msg"]


@pytest.mark.parametrize("sudo_user, user", [("kai", "kai"), (None, pwd.getpwuid(os.getuid()).pw_name)])
def test_who_runs_it(run_module, monkeypatch, tarball, release_files, sudo_user, user):
    monkeypatch.delenv("SUDO_USER", raising=False)
    if sudo_user:
        monkeypatch.setenv("SUDO_USER", sudo_user)
    assert run_module(module, tarball=tarball(release_files))["controller"] == {"user": user, "host": platform.node()}


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"include_erts": False, "erts_version": "13.1.5"}, "for hosts with ERTS 13.1.5"),
        ({"machine": "aarch64", "libc": "musl", "glibc": None}, "for aarch64 with musl"),
        ({"machine": "x86_64", "libc": None, "glibc": None}, "for x86_64"),
        ({"machine": None, "system": "macos", "libc": None, "glibc": None}, "for macos"),
    ],
)
def test_the_message_says_which_hosts_it_is_for(changes, words):
    info = {"name": "guestbook", "version": "0.2.0", "release_id": "0.2.0-1a2b3c4d", "size": 6 << 20, "include_erts": True, "system": "linux", **changes}
    assert _tarball_info.summary(info) == f"guestbook 0.2.0 (0.2.0-1a2b3c4d), 6.0 MiB, {words}"
