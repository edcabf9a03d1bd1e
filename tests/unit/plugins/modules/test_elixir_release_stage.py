# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import os
import socket

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._modules import _stage
from ansible_collections.beamops.elixir.plugins.module_utils._root import _current, _releases
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _plan
from ansible_collections.beamops.elixir.plugins.module_utils._tarball import _archive, _contents, _delta
from ansible_collections.beamops.elixir.plugins.modules import elixir_release_stage as module, elixir_release_start

SECRETS = {"PASSWORD": "hunter22", "DATABASE_URL": "ecto://kai:p%40ssw0rd@db/x", "RELEASE_COOKIE": "COOKIEOFENV"}


@pytest.fixture
def stage(run_module, layout, make_tarball, node):
    """Runs the module; the tarball lies on the host already, as it does when the action plugin has uploaded it."""

    def run(env="A=1\n", **arguments):
        env = f"RELEASE_NODE={node}\n{env}"
        return run_module(module, **{"root": layout.root, "tarball": make_tarball(), "remote_src": True, "env": env, **arguments})

    return run


def tree(layout):
    return sorted(os.path.join(directory, name) for directory, _directories, files in os.walk(layout.root) for name in files)


def test_stages_once(stage, layout, node):
    first = stage()
    assert first["changed"] is True
    assert (first["path"], first["node"], first["live"], first["replaces"]) == (layout.release(first["release"]), node, False, [])
    assert _releases.find(layout, first["release"]).staged_by == "kai@laptop"
    before = tree(layout)
    second = stage()
    assert second["changed"] is False
    assert (second["release"], second["path"], second["node"]) == (first["release"], first["path"], node)
    assert tree(layout) == before


def test_without_the_tarball_it_says_what_it_would_do(stage, layout, make_tarball):
    """The action plugin asks so, before it uploads."""
    answer = stage(remote_src=False, tarball={**make_tarball(), "path": "/on/the/controller.tar.gz"})
    assert answer["changed"] is True and answer["release"] == make_tarball()["release_id"]
    assert not os.path.exists(layout.root)


def test_check_mode_changes_nothing(stage, layout):
    answer = stage(_ansible_check_mode=True)
    assert (answer["changed"], answer["live"]) == (True, False)
    assert not os.path.exists(layout.root)
    staged = stage()
    assert answer["release"] == staged["release"]
    before = tree(layout)
    assert stage(_ansible_check_mode=True)["changed"] is False
    assert stage(env="A=2\n", _ansible_check_mode=True)["release"] == f"{staged['release']}.2"
    assert tree(layout) == before


def test_check_mode_where_the_user_is_not_there_yet(stage, layout):
    answer = stage(user="no-such-user", _ansible_check_mode=True)
    if os.geteuid() == 0:
        assert answer["changed"] is True
    else:
        assert answer["failed"]
    assert "no user 'no-such-user'" in stage(user="no-such-user")["msg"]
    assert not os.path.exists(layout.root)


def test_diff_shows_names_and_no_values(stage, layout, node):
    first = stage(env="A=1\nGONE=x\n")
    _current.point(layout, first["release"])
    diff = stage(env="A=hunter22\nNEW=1\n", _ansible_diff=True)["diff"]
    assert diff == {
        "before": f"release: {first['release']}\nA\nGONE\nRELEASE_NODE\n",
        "after": f"release: {first['release']}.2\nA (changed)\nNEW\nRELEASE_NODE\n",
    }


@pytest.mark.parametrize("remote_src", [True, False])
def test_no_secret_is_shown(stage, remote_src):
    env = "".join(f"{key}='{value}'\n" for key, value in SECRETS.items())
    answer = str(stage(env=env, cookie="COOKIEGIVEN", remote_src=remote_src))
    for secret in [*SECRETS.values(), "p@ssw0rd", "p%40ssw0rd", "COOKIEGIVEN"]:
        assert secret not in answer


@pytest.mark.parametrize("fault", ["PASSWORD='hunter22\n", "PASSWORD=hunter22&B=hunter22\n", "PASSWORD=hunter22 hunter22\n", "RELEASE_VSN=hunter22\n"])
def test_no_secret_is_shown_of_an_env_file_with_a_fault(stage, layout, fault):
    answer = stage(env=fault)
    assert answer["failed"] and "env file" in answer["msg"].lower()
    assert "hunter22" not in str(answer)
    assert not os.path.exists(layout.root)


def test_no_secret_is_shown_of_a_release_that_cannot_run(stage, make_tarball, layout):
    answer = stage(env="FAULT=broken\nPASSWORD=libtinfo\n")
    assert answer["failed"] and "cannot be run (exit code 127)" in answer["msg"]
    assert "libtinfo" not in str(answer)
    assert os.listdir(layout.releases) == []


def test_a_value_that_equals_the_version_hides_nothing_that_later_tasks_need(stage, make_tarball):
    tarball = make_tarball(version="0.10.12")
    answer = stage(env="SENTRY_RELEASE=0.10.12\nAPP=guestbook\n", tarball=tarball)
    assert (answer["release"], os.path.basename(answer["path"])) == (tarball["release_id"], tarball["release_id"])


def test_a_bad_release_is_refused_unless_forced(stage, layout):
    release = _releases.find(layout, stage()["release"])
    _current.mark(layout, release, "bad", "it died at once")
    answer = stage()
    assert answer["failed"] and f"{release.id} is marked bad on this host: it died at once. Deploy another build, or set 'force'" in answer["msg"]
    assert "(elixir_release_force of the role)" in answer["msg"]
    assert stage(force=True)["changed"] is False
    assert stage(env="A=2\n")["release"] == f"{release.id}.2", "with another env file it is another release"


@pytest.mark.parametrize(
    "arguments, words", [({"root": "opt"}, "root is 'opt'"), ({"tarball": "x"}, "tarball"), ({"cookie": "-abcdef"}, "cookie that was given begins with '-'")]
)
def test_bad_input(stage, layout, arguments, words):
    answer = stage(**arguments)
    assert answer["failed"] and words in answer["msg"]
    assert not os.path.exists(layout.root)


@pytest.mark.parametrize("check_mode", [False, True])
def test_what_the_env_file_does_not_set_is_told(stage, make_tarball, check_mode):
    tarball = {**make_tarball(), "env_keys": ["A", "DATABASE_URL", "SECRET_KEY_BASE"]}
    assert stage(tarball=tarball, _ansible_check_mode=check_mode)["env_missing"] == ["DATABASE_URL", "SECRET_KEY_BASE"]
    assert stage(env="A=1\nDATABASE_URL=x\nSECRET_KEY_BASE=y\n", tarball=tarball, _ansible_check_mode=check_mode)["env_missing"] == []


@pytest.mark.parametrize(
    "missing, words",
    [
        (["A"], "asks for A, and the env file does not set it: "),
        (["A", "B"], "asks for A and B, and the env file does not set them: "),
        (["A", "B", "C"], "asks for A, B and C, and the env file"),
    ],
)
def test_it_is_told_in_words(missing, words):
    assert words in _stage.missing_in_words(missing)


@pytest.fixture
def stranger():
    """Another's port."""
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        made.listen(1)
        yield made.getsockname()[1]


@pytest.mark.parametrize("check_mode", [True, False])
def test_what_cannot_start_is_refused_and_leaves_nothing(stage, layout, stranger, check_mode):
    for env, words in (
        (f"PORT={stranger}\n", f"Port {stranger}, where the release would listen, is held by pid {os.getpid()}"),
        ("RELEASE_NODE=a@b.c\n", "a short name's host has no dot"),
        ("ERL_AFLAGS='-sname other'\n", "erl takes '-sname other'"),
        ("RELEASE_BOOT_SCRIPT=start_clean\n", "which starts no application"),
    ):
        if check_mode or "BOOT" not in env:  # the stand-in's bin/NAME knows no other boot script
            answer = stage(env=env, _ansible_check_mode=check_mode)
            assert answer["failed"] and words in answer["msg"]
    assert not os.path.exists(layout.root)


def test_mnesia_of_a_release_that_is_only_planned(stage, layout, make_tarball, run_module, monkeypatch, tmp_path):
    """What lies below the directory that the module runs in is no part of the release."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "server").touch()
    monkeypatch.chdir(tmp_path)
    run_module(elixir_release_start, root=layout.root, release=stage()["release"])
    tarball = {**make_tarball(), "applications": {"mnesia": "4.21"}}
    answer = stage(env="RELEASE_NODE=other\n", tarball=tarball, _ansible_check_mode=True)
    assert answer["failed"] and "The release has mnesia" in answer["msg"]
    assert "failed" not in stage(tarball=tarball, _ansible_check_mode=True)


def test_what_only_the_unpacked_release_tells_leaves_no_release_either(stage, layout, make_tarball):
    answer = stage(tarball=make_tarball(version="0.1.1", extra=["releases/0.1.1/other.boot"], without=["releases/0.1.1/start.boot"]))
    assert answer["failed"] and "start.boot, which is not there; there are: other." in answer["msg"]
    assert os.listdir(layout.releases) == []


def test_a_port_of_somebody_else_may_be_forced_and_another_one_told(stage, stranger):
    assert stage(env=f"PORT={stranger}\n", force=True)["changed"] is True
    assert "failed" not in stage(env=f"PORT={stranger}\nB=1\n", port=1)


def test_the_user_is_recorded_and_another_one_makes_another_release(stage, layout, account):
    release = _releases.find(layout, stage()["release"])
    assert release.user == account.name
    _releases.write(release._replace(user="somebody-else"))
    assert stage()["release"] == f"{release.id}.2"
    _releases.write(release._replace(user=None))
    assert stage()["release"] == release.id


@pytest.fixture
def stage_delta(stage, layout, make_tarball):
    """Stages as the action plugin does where it knows what the host has."""

    def run(version, damage=lambda: None, **arguments):
        tarball = make_tarball(version)
        contents = _contents.of_tarball(tarball["path"])
        delta = _delta.make(tarball["path"], contents, _delta.heard(_delta.told(_plan.contents(layout).values())))
        damage()
        return stage(tarball=tarball, remote_src=False, delta=base64.b64encode(delta).decode(), **arguments)

    return run


def test_a_delta_makes_what_the_whole_tarball_makes(stage, stage_delta, layout, make_tarball, place):
    first = stage()
    answer = stage_delta("0.2.0")
    assert answer["changed"] and "unusable" not in answer
    _archive.unpack(make_tarball("0.2.0")["path"], str(place / "whole"))
    staged, whole = _contents.of_directory(answer["path"]), _contents.of_directory(str(place / "whole"))
    own = {".env", ".deploy.json", ".contents.json", "releases/COOKIE"}
    assert {path: entry for path, entry in staged.items() if path not in own} == {path: entry for path, entry in whole.items() if path not in own}
    beam = "erts-13.1.5/bin/beam.smp"
    assert os.path.samefile(f"{first['path']}/{beam}", f"{answer['path']}/{beam}")
    assert _releases.find(layout, answer["release"]).sha256 == make_tarball("0.2.0")["sha256"]
    # The next one shares with what was put together
    assert stage_delta("0.3.0")["changed"]


def test_a_delta_that_does_not_do_is_told_and_stages_nothing(stage, stage_delta, layout):
    first = stage()
    answer = stage_delta("0.2.0", damage=lambda: os.unlink(f"{first['path']}/bin/guestbook"))
    assert "failed" not in answer and answer["unusable"]
    assert [release.id for release in _releases.staged(layout)] == [first["release"]] and _releases.unfinished(layout) == []


def test_what_is_not_as_it_was_built_is_shared_with_nobody(stage, stage_delta, layout, make_tarball):
    """The cookie is ours, and what is in a shared directory is the application's."""
    inside = {"lib/guestbook-1/ebin/a.beam", "lib/guestbook-1/priv/uploads/first.png"}
    tarball = {**make_tarball("0.1.5", extra=sorted(inside)), "applications": {"guestbook": "1"}}
    first = stage(tarball=tarball, cookie="OURCOOKIE", shared_dirs=["lib/guestbook/priv/uploads"])
    assert "failed" not in first, first
    noted = next(iter(_plan.contents(layout).values()))
    assert "bin/guestbook" in noted and "releases/COOKIE" not in noted
    assert inside & set(noted) == {"lib/guestbook-1/ebin/a.beam"}
    answer = stage_delta("0.2.0", cookie="OURCOOKIE")
    assert "unusable" not in answer
    with open(f"{answer['path']}/releases/COOKIE", encoding="utf-8") as file:
        assert file.read() == "OURCOOKIE"


@pytest.mark.parametrize("noted", ["", "{", "[[1]]"])
def test_damaged_notes_of_what_is_there_are_none(stage, layout, noted):
    first = stage()
    with open(f"{first['path']}/.contents.json", "w", encoding="utf-8") as file:
        file.write(noted)
    assert _plan.contents(layout) == {}


@pytest.mark.parametrize(
    ("rehearsal", "words"),
    [
        ("echo done", None),
        ("echo nothing", "ended with exit code 0 without evaluating the rehearsal to its end"),
        ("echo broken >&2; exit 3", "eval of 0.1.0-"),
    ],
)
def test_it_is_rehearsed_when_it_is_staged(stage, layout, rehearsal, words):
    answer = stage(rehearsal=rehearsal, rehearsed_word="done")
    if not words:
        assert answer["changed"] and "failed" not in answer
        return
    assert answer["failed"] and answer["msg"].startswith("The rehearsal failed: ") and words in answer["msg"]
    # It stays, and is rehearsed again: also in check mode
    assert stage(rehearsal=rehearsal, rehearsed_word="done", _ansible_check_mode=True)["failed"]


def test_a_release_that_overlaps_has_a_node_name_and_a_place_of_its_own(stage, layout, node):
    plain = stage()
    first = stage(overlap=True)
    build = first["release"].rpartition("-")[2].replace(".", "_")
    assert (plain["node"], first["node"]) == (node, f"{node}-{build}")
    with open(f"{first['path']}/.env", encoding="utf-8") as file:
        text = file.read()
    assert text.startswith(f"RELEASE_NODE={node}\nA=1\n") and f"export RELEASE_TMP={layout.tmp}/{first['release']}\n" in text
    # The same again is the same release, and without it is the other one
    assert (stage(overlap=True)["changed"], stage()["release"]) == (False, plain["release"])
    foretold = stage(overlap=True, env="A=2\n", _ansible_check_mode=True)
    assert foretold["node"].startswith(f"{node}-") and foretold["node"] not in (node, first["node"])


def test_a_release_that_overlaps_may_have_no_mnesia(stage, make_tarball):
    answer = stage(overlap=True, tarball={**make_tarball(), "applications": {"mnesia": "4.21"}})
    assert answer["failed"] and "set elixir_release_overlap to false" in answer["msg"]
