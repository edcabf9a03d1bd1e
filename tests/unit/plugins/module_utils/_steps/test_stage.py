# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import pathlib
import stat
import threading

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _command
from ansible_collections.beamops.elixir.plugins.module_utils._root import _releases
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _plan, _stage

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to another user")


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
            release = stage(_plan.plan(layout, tarball, "", None, nobody))
            modes = [mode(release.path), mode(release.path, "bin"), mode(release.path, "bin", "guestbook"), mode(release.path, ".env")]
            _releases.write(release._replace(state="good"))
            _stage._discard(release.path)
            code = 0 if modes == [0o750, 0o555, 0o555, 0o640] and not os.path.exists(release.path) else 2
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
