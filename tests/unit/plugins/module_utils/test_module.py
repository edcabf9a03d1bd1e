# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError


class Module:
    """A module that does what it is told."""

    ARGUMENTS = {**_module.ROOT, "secret": {"type": "str", "no_log": True}}

    def __init__(self, work):
        self.work = work

    def main(self):
        _module.main(self)


@pytest.fixture
def run(run_module):
    return lambda work, root="/opt/guestbook", **arguments: run_module(Module(work), root=root, **arguments)


def fail(error):
    def work(module):
        raise error

    return work


def hide(environ, *shown):
    def work(module):
        _module.hide(module, environ, *shown)
        return {"msg": "it said hunter22 about /opt/guestbook and 0.10.12-9f8e7d6c"}

    return work


def test_the_answer_of_the_work_is_the_answer(run):
    answer = run(lambda module: {"changed": True, "root": _module.layout(module).root})
    assert (answer["changed"], answer["root"]) == (True, "/opt/guestbook")
    assert "failed" not in answer


def test_an_error_of_ours_is_a_failed_task(run):
    answer = run(fail(ReleaseError("The tarball is damaged: copy it again.")))
    assert (answer["failed"], answer["msg"]) == (True, "The tarball is damaged: copy it again.")


@pytest.mark.parametrize(
    "error, words",
    [
        (PermissionError(13, "Permission denied", "/opt/guestbook/x"), ["/opt/guestbook/x: Permission denied.", "owner and mode"]),
        (OSError(28, "No space left on device"), ["No space left on device.", "df"]),
        (OSError("odd"), ["odd."]),
    ],
)
def test_an_error_of_the_system_is_one_with_advice(run, error, words):
    answer = run(fail(error))
    assert answer["failed"]
    for word in words:
        assert word in answer["msg"]


@pytest.mark.parametrize("root", ["guestbook", "./x", "/", "//", "/..", "/opt/.."])
def test_a_root_that_is_none(run, root):
    answer = run(_module.layout, root=root)
    assert answer["failed"] and "give the absolute path of a directory of the application's own, such as /opt/guestbook" in answer["msg"]


def test_the_root_is_told_without_links(run, place):
    """As processes tell theirs: else a release that runs would not be known as the one that was staged."""
    (place / "data").mkdir()
    (place / "home").symlink_to("data")
    for root in ("home/app", "data/app/", "data/./app", "home/../data/app"):
        assert run(lambda module: {"root": _module.layout(module).root}, root=f"{place}/{root}")["root"] == os.path.join(str(place), "data", "app")


def test_secrets_are_hidden(run):
    answer = run(hide({"PASSWORD": "hunter22", "PORT": "400000"}))
    assert answer["msg"] == "it said ******** about /opt/guestbook and 0.10.12-9f8e7d6c"


def test_what_a_later_task_needs_is_not_hidden(run):
    answer = run(hide({"APP_DIR": "/opt/guestbook", "SENTRY_RELEASE": "0.10.12", "PASSWORD": "hunter22"}, "guestbook", "0.10.12-9f8e7d6c"))
    assert answer["msg"] == "it said ******** about /opt/guestbook and 0.10.12-9f8e7d6c"


def test_a_secret_argument_is_not_in_the_answer(run):
    answer = run(lambda module: {"msg": f"given: {module.params['secret']}"}, secret="s3cr3t-x")
    assert "s3cr3t-x" not in str(answer)


def test_the_secrets_of_a_releases_env_file_are_masked(run, staged, layout):
    release = staged("0.10.12-9f8e7d6c", env="PASSWORD=hunter22\nNAME=guestbook\n")

    def work(module):
        _module.hide_env_file(module, release)
        return {"msg": "it said hunter22 about guestbook and 0.10.12-9f8e7d6c"}

    assert run(work, root=layout.root)["msg"] == "it said ******** about guestbook and 0.10.12-9f8e7d6c"


def test_an_env_file_that_cannot_be_loaded_is_no_failure_of_who_hides_it(run, staged, layout):
    release = staged(env="A='\n")
    assert run(lambda module: {"hidden": _module.hide_env_file(module, release)}, root=layout.root)["hidden"] is None
