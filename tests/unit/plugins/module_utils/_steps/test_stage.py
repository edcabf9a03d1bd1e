# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import os
import pathlib
import re
import shutil
import stat
import threading

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _command, _processes
from ansible_collections.beamops.elixir.plugins.module_utils._root import _current, _layout, _releases
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _predecessor, _stage

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to another user")

NOBODY_RUNS = _processes.Scan([])


@pytest.fixture
def plan(layout, account, make_tarball):
    def make(env="A=1\n", cookie=None, user=account, **tarball):
        return _stage.plan(layout, make_tarball(**tarball), env, cookie, user)

    return make


def stage(wanted):
    return _stage.stage(wanted, wanted.tarball["path"])


def content(*path):
    return pathlib.Path(*path).read_text(encoding="utf-8")


def mode(*path):
    return stat.S_IMODE(os.stat(os.path.join(*path)).st_mode)


def releases(layout):
    return sorted(os.listdir(layout.releases))


def test_a_release_and_what_it_needs(plan, layout, account):
    wanted = plan(env="export A='x y'\n")
    release = stage(wanted)
    assert release.id == wanted.tarball["release_id"] and release.path == layout.release(release.id)
    assert release == _releases.read(release.path)._replace(path=release.path)
    assert (release.name, release.version, release.sha256) == ("guestbook", "0.1.0", wanted.tarball["sha256"])
    assert (release.state, release.reason, release.node, release.staged_by) == ("staged", None, "guestbook", "kai@laptop")
    assert content(release.path, ".env") == "export A='x y'\n"
    assert content(release.path, "releases", "COOKIE") == "COOKIEOFTHETARBALL"
    assert [mode(release.path), mode(release.path, ".env"), mode(release.path, "releases", "COOKIE")] == [0o750, 0o640, 0o640]
    assert [mode(layout.root), mode(layout.releases), mode(layout.tmp)] == [0o755, 0o750, 0o750]
    assert {os.stat(path).st_gid for path in (release.path, f"{release.path}/.env", layout.releases, layout.tmp)} == {account.gid}
    assert releases(layout) == [release.id]


def test_the_umask_of_who_stages_does_not_matter(plan, layout):
    umask = os.umask(0o077)
    try:
        release = stage(plan())
    finally:
        os.umask(umask)
    assert [mode(layout.root), mode(layout.releases), mode(layout.tmp)] == [0o755, 0o750, 0o750]
    assert [mode(release.path), mode(release.path, "bin"), mode(release.path, "bin", "guestbook")] == [0o750, 0o755, 0o755]
    assert [mode(release.path, ".env"), mode(release.path, ".deploy.json")] == [0o640, 0o640]


@as_root
def test_the_code_is_not_its_users(plan, layout, place):
    nobody = _command.account("nobody")
    release = stage(plan(user=nobody))
    owners = {
        path: (os.stat(path).st_uid, os.stat(path).st_gid)
        for path in (release.path, f"{release.path}/.env", f"{release.path}/releases/COOKIE", layout.releases)
    }
    assert set(owners.values()) == {(0, nobody.gid)}
    assert (os.stat(f"{release.path}/bin/guestbook").st_uid, os.stat(layout.tmp).st_uid) == (0, nobody.uid)


@pytest.mark.parametrize(
    "env, given, cookie",
    [
        pytest.param("", None, "COOKIEOFTHETARBALL", id="that of the tarball"),
        pytest.param("", "GIVEN", "GIVEN", id="given"),
        pytest.param("RELEASE_COOKIE=OFENV\n", None, "OFENV", id="of the env file"),
        pytest.param("RELEASE_COOKIE=OFENV\n", "GIVEN", "OFENV", id="the env file has the last word"),
    ],
)
def test_cookie(plan, env, given, cookie):
    assert content(stage(plan(env, given)).path, "releases", "COOKIE") == cookie


def test_the_cookie_of_the_build_is_looked_at_when_it_is_staged(plan, layout):
    with pytest.raises(ReleaseError, match="^The cookie that came with the tarball, in releases/COOKIE, begins with '-'") as error:
        stage(plan(cookie_of_build="-s3cr3t\n"))
    assert "s3cr3t" not in str(error.value) and releases(layout) == []
    assert content(stage(plan(cookie="GIVEN", cookie_of_build="-s3cr3t\n")).path, "releases", "COOKIE") == "GIVEN"
    assert content(stage(plan(cookie_of_build="LASTLINE\n")).path, "releases", "COOKIE") == "LASTLINE"


def test_a_tarball_without_a_cookie(plan):
    wanted = plan(env="RELEASE_COOKIE=OFENV\n", without=["releases/COOKIE"])
    assert content(stage(wanted).path, "releases", "COOKIE") == "OFENV"
    wanted = plan(without=["releases/COOKIE"])
    assert not os.path.exists(os.path.join(stage(wanted).path, "releases", "COOKIE"))


def test_a_tarball_of_an_unknown_controller(plan):
    wanted = plan()
    del wanted.tarball["controller"]
    assert stage(wanted).staged_by == ""


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
        _stage.plan(_layout.Layout(f"{there}/no/guestbook"), make_tarball(), "", None, account)


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
    assert _stage.env_missing(wanted) == []
    keys = ["DATABASE_URL", "HOME", "PHX_SERVER", "RELEASE_NAME", "SECRET_KEY_BASE"]
    assert _stage.env_missing(wanted._replace(tarball={**wanted.tarball, "env_keys": keys, "scripts": ["server"]})) == missing


@as_root
def test_the_env_file_is_loaded_as_its_user(account):
    assert _stage.load("A=$(id -un)\n", _command.account("nobody")) == {"A": "nobody"}


@as_root
def test_the_env_file_is_readable_where_the_temporary_directory_is_private(place, monkeypatch):
    (place / "private").mkdir(mode=0o700)
    monkeypatch.setattr("tempfile.tempdir", str(place / "private"))
    assert _stage.load("A=1\n", _command.account("nobody")) == {"A": "1"}


def test_nothing_is_left_of_the_loaded_env_file(account, place):
    path = place / "path"
    for end in ("", "B='\n"):
        with contextlib.suppress(ReleaseError):
            _stage.load(f": $(cat /proc/$$/cmdline >{path})\n{end}", account)
        name = re.search("/tmp/elixir_release-env-[A-Za-z0-9_]+", path.read_text())[0]
        assert not os.path.exists(name)


def test_the_same_again_is_there_already(plan):
    assert _stage.existing(plan()) is None
    release = stage(plan())
    assert _stage.existing(plan()) == release
    assert _stage.existing(plan(cookie="COOKIEOFTHETARBALL")) == release


def test_an_id_in_the_ledger_means_one_thing_for_ever(plan, layout):
    """The release itself may be gone, say pruned."""
    failed = stage(plan(env="A=1\n"))
    _current.note(layout, "failure", failed, None, None)
    shutil.rmtree(failed.path)
    wanted = plan(env="A=2\n")
    planned = _stage.answer(wanted, None, _processes.scan())["release"]
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
    assert _stage.existing(plan(**again)) is None
    second = stage(plan(**again))
    assert second.id == f"{first.id}.2"
    assert content(first.path, ".env") == "A=1\n"
    assert content(second.path, ".env") == again.get("env", "A=1\n")
    assert (_stage.existing(plan()), _stage.existing(plan(**again))) == (first, second)
    assert releases(layout) == [first.id, second.id]


def test_the_same_version_built_again_is_another_release(plan, layout):
    first = stage(plan())
    wanted = plan(cookie=None, extra=["bin/server"])
    assert _stage.existing(wanted) is None
    second = stage(wanted)
    assert first.version == second.version and first.id != second.id
    assert len(releases(layout)) == 2


def test_what_was_broken_off_is_replaced(plan, layout):
    wanted = plan()
    unfinished = pathlib.Path(layout.unfinished(wanted.release_id))
    (unfinished / "bin").mkdir(parents=True)
    (unfinished / "bin" / "left-over").write_text("")
    release = stage(wanted)
    assert not os.path.exists(os.path.join(release.path, "bin", "left-over"))
    assert releases(layout) == [release.id]


@pytest.mark.parametrize(
    "damage, words",
    [
        pytest.param(
            lambda wanted: wanted.tarball.update(sha256="0" * 64),
            "has the sha256 .* on this host, and 0{64} on the controller.*Run the deploy again",
            id="checksum",
        ),
        pytest.param(lambda wanted: os.truncate(wanted.tarball["path"], 5000), "damaged", id="truncated"),
        pytest.param(lambda wanted: os.unlink(wanted.tarball["path"]), "No such file", id="gone"),
        pytest.param(lambda wanted: wanted.variables.update(FAULT="broken"), r"cannot be run \(exit code 127\).*libtinfo", id="it does not run here"),
        pytest.param(lambda wanted: wanted.tarball.update(name="other"), "bin/other is not there", id="it is another application"),
    ],
)
def test_what_fails_leaves_nothing_and_the_others_alone(plan, layout, damage, words):
    there = stage(plan())
    wanted = plan(env="A=2\n")
    damage(wanted)
    with pytest.raises(ReleaseError, match=words):
        stage(wanted)
    assert releases(layout) == [there.id]
    assert _releases.staged(layout) == [there]


@pytest.mark.parametrize("without", [[], ["releases/0.1.0/elixir"]], ids=["relx, with a script of Elixir", "relx"])
def test_nothing_is_run_of_what_mix_did_not_make(plan, place, layout, without):
    """Whatever the facts say that came with it."""
    wanted = plan(script=f"#!/bin/sh\ntouch {place}/was_run\nRELEASE_ROOT_DIR=/\n", without=without)
    with pytest.raises(ReleaseError, match="made by relx .rebar3., not by `mix release`: nothing of it was run"):
        stage(wanted)
    assert releases(layout) == [] and not (place / "was_run").exists()


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
    assert _stage.answer(wanted, None, NOBODY_RUNS) == expected
    assert _stage.answer(wanted, stage(wanted), NOBODY_RUNS) == expected


def test_two_at_a_time_stage_it_once(plan, layout):
    """The second may be the run that took over from one that was killed, whose modules live on for a while."""
    wanted = plan()
    found = []
    threads = [threading.Thread(target=lambda: found.append(stage(wanted))) for _thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [release.id for release in found] == [wanted.release_id] * 4
    assert os.listdir(layout.releases) == [wanted.release_id]


def test_the_node_name_is_the_one_that_the_release_itself_tells(plan):
    """Its env.sh may set another one."""
    wanted = plan()
    assert _stage.answer(wanted, stage(wanted)._replace(node="blue"), NOBODY_RUNS)["node"] == "blue"


def test_answer_says_whether_it_is_live(plan, layout):
    wanted = plan(env="PORT=8080\n")
    release = stage(wanted)
    runs = _processes.Scan([process(release.path)])
    assert _stage.answer(wanted, release, runs)["live"] is False, "current does not point to it"
    _current.point(layout, release.id)
    assert _stage.answer(wanted, release, NOBODY_RUNS)["live"] is False
    assert _stage.answer(wanted, release, runs)["live"] is False, "a run that was broken off may have left it so, unproven"
    release = _current.mark(layout, release, "good", None)
    assert _stage.answer(wanted, release, runs) == {
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
    assert _stage.answer(wanted, release, _processes.Scan([process(release.path), process(layout.root, pid=43)]))["live"] is False
    another = plan(env="A=2\n")
    assert _stage.answer(another, None, runs)["live"] is False
    assert _stage.answer(another, None, runs)["release"] == f"{release.id}.2"


def test_answer_names_the_root_to_stop_a_release_by_that_is_taken_over(plan):
    answer = _stage.answer(plan(), None, _processes.Scan([process("/home/kai/guestbook")]))
    assert answer["replaces"] == [{"pid": 42, "version": "0.1.0", "root": "/home/kai/guestbook"}]


def test_diff_of_the_first_release(plan):
    wanted = plan(env="B=s3cr3t\nA=1\n")
    assert _stage.diff(wanted, None) == {"before": "\n", "after": f"release: {wanted.release_id}\nA\nB\n"}


def test_diff_names_variables_and_shows_no_value(plan, layout):
    current = stage(plan(env="SAME=1\nOTHER=s3cr3t-1\nGONE=2\n"))
    _current.point(layout, current.id)
    wanted = plan(env="SAME=1\nOTHER=s3cr3t-2\nNEW=3\n")
    assert _stage.diff(wanted, None) == {
        "before": f"release: {current.id}\nGONE\nOTHER\nSAME\n",
        "after": f"release: {current.id}.2\nNEW\nOTHER (changed)\nSAME\n",
    }


def test_diff_says_what_a_shell_computes(plan, layout):
    current = stage(plan(env='A=1\nB="$A"\nC=$A\n'))
    _current.point(layout, current.id)
    assert _stage.diff(plan(env='A=2\nB="$A"\nC=2\nD=$(echo 1)\n'), None) == {
        "before": f"release: {current.id}\nA\nB (computed)\nC (computed)\n",
        "after": f"release: {current.id}.2\nA (changed)\nB (computed, changed)\nC (changed)\nD (computed)\n",
    }


def test_diff_of_the_same(plan, layout):
    release = stage(plan())
    _current.point(layout, release.id)
    diff = _stage.diff(plan(), release)
    assert diff["before"] == diff["after"] == f"release: {release.id}\nA\n"


def test_diff_from_a_release_whose_env_file_is_not_in_order_any_more(plan, layout, staged):
    _current.point(layout, staged("0.0.9-a", env="A='\n").id)
    assert _stage.diff(plan(), None)["before"] == "release: 0.0.9-a\n"


def test_shared_directories_are_part_of_what_makes_a_release_the_same(layout, account, make_tarball):
    tarball = make_tarball()

    def wish(*shared_dirs):
        return _stage.plan(layout, tarball, "A=1\n", None, account, shared_dirs)

    first = stage(wish())
    assert not os.path.exists(layout.shared) and stage(wish()) == first
    second = stage(wish("var/cache"))
    assert second.id == f"{first.id}.2"
    assert os.readlink(f"{second.path}/var/cache") == os.path.join(layout.shared, "var/cache")
    assert stage(wish("./var/cache/")) == second and stage(wish()) == first
    _current.point(layout, first.id)
    assert _stage.diff(wish("var/cache"), second)["after"] == f"release: {second.id}\nshared: var/cache\nA\n"


def test_bad_shared_directories_are_told_before_anything_is_made(layout, account, make_tarball):
    with pytest.raises(ReleaseError, match="no application shop"):
        _stage.plan(layout, {**make_tarball(), "applications": {"guestbook": "0.1.0"}}, "", None, account, ["lib/shop/priv/x"])
    wanted = _stage.plan(layout, make_tarball(extra=["var/x"]), "", None, account, ["var/x/y"])
    with pytest.raises(ReleaseError, match="in this release var/x is no directory"):
        stage(wanted)
    assert releases(layout) == [] and not os.path.exists(layout.shared)


@as_root
def test_what_runs_as_who_owns_it_is_closed_and_can_be_removed(layout, make_tarball, place):
    """With `become: false` the application could write to its own release, and would lose that at the next deploy."""
    tarball, nobody = make_tarball(), _command.account("nobody")
    place.chmod(0o777)
    child = os.fork()
    if not child:
        code = 1
        try:
            os.setgroups([])
            os.setgid(nobody.gid)
            os.setuid(nobody.uid)
            release = stage(_stage.plan(layout, tarball, "", None, nobody))
            modes = [mode(release.path), mode(release.path, "bin"), mode(release.path, "bin", "guestbook"), mode(release.path, ".env")]
            _releases.write(release._replace(state="good"))
            _stage._discard(release.path)
            code = 0 if modes == [0o750, 0o555, 0o555, 0o640] and not os.path.exists(release.path) else 2
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
