# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import os
import pathlib
import re
import shutil

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _command, _processes
from ansible_collections.beamops.elixir.plugins.module_utils._root import _current, _layout
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _plan, _predecessor, _stage

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to another user")

NOBODY_RUNS = _processes.Scan([])


def stage(wanted):
    return _stage.stage(wanted, wanted.tarball["path"])


def content(*path):
    return pathlib.Path(*path).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "env, cookie, words",
    [
        pytest.param("RELEASE_COOKIE=-xyz-s3cr3t\n", None, "^The cookie of the env file, RELEASE_COOKIE, begins with '-'", id="a cookie that erl cannot take"),
        pytest.param("", "-xyz-s3cr3t", "^The cookie that was given begins with '-'.*elixir_release_cookie of the role", id="such a cookie given"),
        pytest.param("RELEASE_COOKIE=\n", "GIVEN", "^The cookie of the env file, RELEASE_COOKIE, is empty", id="an empty cookie"),
        pytest.param("export RELEASE_COOKIE=''\n", None, "RELEASE_COOKIE, is empty", id="an empty cookie, and none given"),
        pytest.param("", "", "^The cookie that was given is empty", id="an empty one given"),
        pytest.param("RELEASE_VSN=0.0.9\n", None, "sets RELEASE_VSN.*remove that line", id="another version"),
        pytest.param("A='s3cr3t\n", None, r"^the env file, line 1 \(A\)", id="env file with a syntax error"),
        pytest.param("A=pa$$s3cr3t\n", None, r"^the env file, line 1 \(A\): a shell puts something", id="env file of which a shell makes something else"),
        pytest.param("A=s3cr3t\nB=\udce9\n", None, "^the env file, line 2, is not UTF-8", id="env file in Latin-1, as Ansible hands it over"),
        pytest.param("A=1&B=s3cr3t\n", None, r"^the env file, line 1 \(A\)", id="env file with a lost assignment"),
    ],
)
def test_what_is_refused_before_anything_changes(plan, layout, env, cookie, words):
    with pytest.raises(ReleaseError, match=words) as error:
        plan(env, cookie)
    assert "s3cr3t" not in str(error.value)
    assert not os.path.exists(layout.root)


@as_root
@pytest.mark.parametrize("name", ["pipe", "log"])
def test_a_tmp_that_another_user_wrote_to_is_refused(plan, layout, name):
    os.makedirs(os.path.join(layout.tmp, name))
    with pytest.raises(ReleaseError, match=f"{layout.tmp}/{name} does not belong to nobody, who is to write to it: chown -R nobody {layout.tmp}$"):
        plan(user=_command.account("nobody"))
    plan()


def test_a_current_that_is_a_directory_is_refused(plan, layout):
    os.makedirs(layout.current)
    with pytest.raises(ReleaseError, match=f"{layout.current} is no symbolic link"):
        plan()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_root_that_may_not_be_written_to_is_refused(plan, layout):
    os.makedirs(layout.root, mode=0o555)
    with pytest.raises(ReleaseError, match=f"^{layout.root} cannot be written to by .*, and {layout.releases} is to be: use 'become'"):
        plan()


def test_a_root_on_a_file_system_that_is_mounted_read_only_is_refused(account, make_tarball):
    mounts = [line.split()[1] for line in pathlib.Path("/proc/mounts").read_text().splitlines() if "ro" in line.split()[3].split(",")]
    there = next((path for path in mounts if os.path.isdir(path) and not os.access(path, os.W_OK)), None)
    if not there:
        pytest.skip("nothing is mounted read-only here")
    with pytest.raises(ReleaseError, match=f"^{there} is on a file system that is mounted read-only, and {there}/no/guestbook/releases is to be written"):
        _plan.plan(_layout.Layout(f"{there}/no/guestbook"), make_tarball(), "", None, account)


@pytest.mark.parametrize(
    "env, missing",
    [
        ("", ["DATABASE_URL", "SECRET_KEY_BASE"]),
        ("DATABASE_URL=x\n", ["SECRET_KEY_BASE"]),
        ("DATABASE_URL=x\nexport SECRET_KEY_BASE=y\n", []),
    ],
)
def test_what_the_env_file_does_not_set(plan, env, missing):
    wanted = plan(env)
    assert _plan.env_missing(wanted) == []
    keys = ["DATABASE_URL", "HOME", "PHX_SERVER", "RELEASE_NAME", "SECRET_KEY_BASE"]
    assert _plan.env_missing(wanted._replace(tarball={**wanted.tarball, "env_keys": keys, "scripts": ["server"]})) == missing


@as_root
def test_the_env_file_is_loaded_as_its_user(account):
    assert _plan.load("A=$(id -un)\n", _command.account("nobody")) == {"A": "nobody"}


@as_root
def test_the_env_file_is_readable_where_the_temporary_directory_is_private(place, monkeypatch):
    (place / "private").mkdir(mode=0o700)
    monkeypatch.setattr("tempfile.tempdir", str(place / "private"))
    assert _plan.load("A=1\n", _command.account("nobody")) == {"A": "1"}


def test_nothing_is_left_of_the_loaded_env_file(account, place):
    path = place / "path"
    for end in ("", "B='\n"):
        with contextlib.suppress(ReleaseError):
            _plan.load(f": $(cat /proc/$$/cmdline >{path})\n{end}", account)
        name = re.search("/tmp/elixir_release-env-[A-Za-z0-9_]+", path.read_text())[0]
        assert not os.path.exists(name)


def test_the_same_again_is_there_already(plan):
    assert _plan.existing(plan()) is None
    release = stage(plan())
    assert _plan.existing(plan()) == release
    assert _plan.existing(plan(cookie="COOKIEOFTHETARBALL")) == release


def test_an_id_in_the_ledger_means_one_thing_for_ever(plan, layout):
    """The release itself may be gone, say pruned."""
    failed = stage(plan(env="A=1\n"))
    _current.note(layout, "failure", failed, None, None)
    shutil.rmtree(failed.path)
    wanted = plan(env="A=2\n")
    planned = _plan.answer(wanted, None, _processes.scan())["release"]
    assert stage(wanted).id == planned == f"{failed.id}.2"


@pytest.mark.parametrize(
    "again",
    [
        pytest.param({"env": "A=2\n"}, id="another env file"),
        pytest.param({"env": "A=1\n\n"}, id="an env file that differs by an empty line"),
        pytest.param({"cookie": "ANOTHER"}, id="another cookie"),
    ],
)
def test_the_same_tarball_with_something_else_is_another_release(plan, layout, again):
    first = stage(plan())
    assert _plan.existing(plan(**again)) is None
    second = stage(plan(**again))
    assert second.id == f"{first.id}.2"
    assert content(first.path, ".env") == "A=1\n"
    assert content(second.path, ".env") == again.get("env", "A=1\n")
    assert (_plan.existing(plan()), _plan.existing(plan(**again))) == (first, second)
    assert sorted(os.listdir(layout.releases)) == [first.id, second.id]


def test_the_same_version_built_again_is_another_release(plan, layout):
    first = stage(plan())
    wanted = plan(cookie=None, extra=["bin/server"])
    assert _plan.existing(wanted) is None
    second = stage(wanted)
    assert first.version == second.version and first.id != second.id
    assert len(sorted(os.listdir(layout.releases))) == 2


def test_account_of_a_user_that_a_role_makes_later():
    with pytest.raises(ReleaseError, match="no-such-user"):
        _command.account_to_be("no-such-user", check_mode=False)
    if os.geteuid() == 0:
        assert _command.account_to_be("no-such-user", check_mode=True).name == "nobody"
    else:
        with pytest.raises(ReleaseError):
            _command.account_to_be("no-such-user", check_mode=True)


def process(root, pid=42, **fields):
    return _processes.Process(
        **{
            "pid": pid,
            "started": 1,
            "seconds": 1.0,
            "uid": 0,
            "root": root,
            "name": "guestbook",
            "version": "0.1.0",
            "node": "guestbook",
            "heart": False,
            "environ": {},
            **fields,
        }
    )


OURS = process("{root}/releases/0.1.0-1a2b3c4d", pid=1)

OF_THE_ROOT = process("{root}", pid=2)

OF_THE_SCRIPT = process("/home/kai/guestbook", pid=3)

ANOTHER_APPLICATION = process("/srv/other", pid=4, name="other")

ANOTHER_NODE = process("/srv/green", pid=5, node="green")

UNDISTRIBUTED = process("/home/kai/guestbook", pid=6, node=None)


@pytest.mark.parametrize(
    "running, is_first, node, expected",
    [
        pytest.param([], True, "guestbook", [], id="nothing runs"),
        pytest.param([OURS], False, "guestbook", [OURS], id="ours"),
        pytest.param([OF_THE_ROOT], True, "guestbook", [OF_THE_ROOT], id="unpacked into the root by a script"),
        pytest.param([OURS], False, "blue", [OURS], id="ours, under another node name"),
        pytest.param([OF_THE_SCRIPT], True, "guestbook", [OF_THE_SCRIPT], id="taken over on the first deploy"),
        pytest.param([OF_THE_SCRIPT], True, "guestbook@web1", [OF_THE_SCRIPT], id="taken over, with a long name"),
        pytest.param([OF_THE_SCRIPT, ANOTHER_APPLICATION], True, None, [OF_THE_SCRIPT], id="taken over, undistributed"),
        pytest.param([UNDISTRIBUTED], True, None, [UNDISTRIBUTED], id="an undistributed one taken over"),
        pytest.param([OF_THE_SCRIPT], False, "guestbook", "pid 3, guestbook 0.1.0 from /home/kai/guestbook", id="not taken over later"),
        pytest.param([OURS, OF_THE_SCRIPT], False, "guestbook", "pid 3", id="beside ours"),
        pytest.param([OF_THE_ROOT, OF_THE_SCRIPT], True, "guestbook", "pid 3", id="beside one of a script in the root"),
        pytest.param([ANOTHER_APPLICATION], True, "guestbook", "pid 4, other 0.1.0 from /srv/other.*RELEASE_NODE", id="another application has the name"),
        pytest.param([ANOTHER_NODE, ANOTHER_APPLICATION], True, "blue", [], id="others under other names"),
        pytest.param([ANOTHER_APPLICATION], False, None, [], id="undistributed, beside another application"),
    ],
)
def test_what_has_to_stop_first(plan, layout, staged, running, is_first, node, expected):
    if not is_first:
        _current.point(layout, staged().id)
    scan = _processes.Scan([one._replace(root=one.root.format(root=layout.root)) for one in running])
    if isinstance(expected, str):
        with pytest.raises(ReleaseError, match=f"The node name {node} is taken on this host by {expected}"):
            _predecessor.of(layout, "guestbook", node, scan)
    else:
        assert [one.pid for one in _predecessor.of(layout, "guestbook", node, scan)] == [one.pid for one in expected]


def test_a_release_that_another_root_of_this_collection_runs_is_not_taken_over(plan, place, layout, staged):
    other = place / "other" / "releases" / "0.1.0-1a2b3c4d"
    shutil.copytree(staged().path, str(other))
    with pytest.raises(ReleaseError, match=f"from {other}"):
        _predecessor.of(layout, "guestbook", "guestbook", _processes.Scan([process(str(other))]))


@pytest.mark.parametrize(
    "env, node",
    [
        ("", "guestbook"),
        ("RELEASE_NODE=blue\n", "blue"),
        ("RELEASE_DISTRIBUTION=none\n", None),
        ("RELEASE_DISTRIBUTION=name\nRELEASE_NODE=blue@10.0.0.1\n", "blue@10.0.0.1"),
    ],
)
def test_answer_before_and_after_staging(plan, layout, env, node):
    wanted = plan(env)
    path = layout.release(wanted.release_id)
    expected = {"release": wanted.release_id, "path": path, "node": node, "live": False, "previous": None, "replaces": [], "serves": []}
    expected.update(port=None, phoenix=False)
    assert _plan.answer(wanted, None, NOBODY_RUNS) == expected
    assert _plan.answer(wanted, stage(wanted), NOBODY_RUNS) == expected


def test_the_node_name_is_the_one_that_the_release_itself_tells(plan):
    """Its env.sh may set another one."""
    wanted = plan()
    assert _plan.answer(wanted, stage(wanted)._replace(node="blue"), NOBODY_RUNS)["node"] == "blue"


def test_answer_says_whether_it_is_live(plan, layout):
    wanted = plan(env="PORT=8080\n")
    release = stage(wanted)
    runs = _processes.Scan([process(release.path)])
    assert _plan.answer(wanted, release, runs)["live"] is False, "current does not point to it"
    _current.point(layout, release.id)
    assert _plan.answer(wanted, release, NOBODY_RUNS)["live"] is False
    assert _plan.answer(wanted, release, runs)["live"] is False, "a run that was broken off may have left it so, unproven"
    release = _current.mark(layout, release, "good", None)
    assert _plan.answer(wanted, release, runs) == {
        "release": release.id,
        "path": release.path,
        "node": "guestbook",
        "live": True,
        "port": 8080,
        "phoenix": False,
        "previous": None,
        "replaces": [{"pid": 42, "version": "0.1.0", "root": layout.root}],
        "serves": [],
    }
    assert _plan.answer(wanted, release, _processes.Scan([process(release.path), process(layout.root, pid=43)]))["live"] is False
    another = plan(env="A=2\n")
    assert _plan.answer(another, None, runs)["live"] is False
    assert _plan.answer(another, None, runs)["release"] == f"{release.id}.2"


def test_answer_names_the_root_to_stop_a_release_by_that_is_taken_over(plan):
    answer = _plan.answer(plan(), None, _processes.Scan([process("/home/kai/guestbook")]))
    assert answer["replaces"] == [{"pid": 42, "version": "0.1.0", "root": "/home/kai/guestbook"}]


def test_diff_of_the_first_release(plan):
    wanted = plan(env="B=s3cr3t\nA=1\n")
    assert _plan.diff(wanted, None) == {"before": "\n", "after": f"release: {wanted.release_id}\nA\nB\n"}


def test_diff_names_variables_and_shows_no_value(plan, layout):
    current = stage(plan(env="SAME=1\nOTHER=s3cr3t-1\nGONE=2\n"))
    _current.point(layout, current.id)
    wanted = plan(env="SAME=1\nOTHER=s3cr3t-2\nNEW=3\n")
    assert _plan.diff(wanted, None) == {
        "before": f"release: {current.id}\nGONE\nOTHER\nSAME\n",
        "after": f"release: {current.id}.2\nNEW\nOTHER (changed)\nSAME\n",
    }


def test_diff_says_what_a_shell_computes(plan, layout):
    current = stage(plan(env='A=1\nB="$A"\nC=$A\n'))
    _current.point(layout, current.id)
    assert _plan.diff(plan(env='A=2\nB="$A"\nC=2\nD=$(echo 1)\n'), None) == {
        "before": f"release: {current.id}\nA\nB (computed)\nC (computed)\n",
        "after": f"release: {current.id}.2\nA (changed)\nB (computed, changed)\nC (changed)\nD (computed)\n",
    }


def test_diff_of_the_same(plan, layout):
    release = stage(plan())
    _current.point(layout, release.id)
    diff = _plan.diff(plan(), release)
    assert diff["before"] == diff["after"] == f"release: {release.id}\nA\n"


def test_diff_from_a_release_whose_env_file_is_not_in_order_any_more(plan, layout, staged):
    _current.point(layout, staged("0.0.9-a", env="A='\n").id)
    assert _plan.diff(plan(), None)["before"] == "release: 0.0.9-a\n"


def test_shared_directories_are_part_of_what_makes_a_release_the_same(layout, account, make_tarball):
    tarball = make_tarball()

    def wish(*shared_dirs):
        return _plan.plan(layout, tarball, "A=1\n", None, account, shared_dirs)

    first = stage(wish())
    assert not os.path.exists(layout.shared) and stage(wish()) == first
    second = stage(wish("var/cache"))
    assert second.id == f"{first.id}.2"
    assert os.readlink(f"{second.path}/var/cache") == os.path.join(layout.shared, "var/cache")
    assert stage(wish("./var/cache/")) == second and stage(wish()) == first
    _current.point(layout, first.id)
    assert _plan.diff(wish("var/cache"), second)["after"] == f"release: {second.id}\nshared: var/cache\nA\n"


def test_bad_shared_directories_are_told_before_anything_is_made(layout, account, make_tarball):
    with pytest.raises(ReleaseError, match="no application shop"):
        _plan.plan(layout, {**make_tarball(), "applications": {"guestbook": "0.1.0"}}, "", None, account, ["lib/shop/priv/x"])
    wanted = _plan.plan(layout, make_tarball(extra=["var/x"]), "", None, account, ["var/x/y"])
    with pytest.raises(ReleaseError, match="in this release var/x is no directory"):
        stage(wanted)
    assert sorted(os.listdir(layout.releases)) == [] and not os.path.exists(layout.shared)
