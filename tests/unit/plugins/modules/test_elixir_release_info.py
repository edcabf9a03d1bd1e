# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime
import json
import os
import pwd

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._host import _cgroup
from ansible_collections.beamops.elixir.plugins.module_utils._modules import _info
from ansible_collections.beamops.elixir.plugins.module_utils._root import _current, _env_file
from ansible_collections.beamops.elixir.plugins.module_utils._tarball import _tarball
from ansible_collections.beamops.elixir.plugins.modules import elixir_release_info as module, elixir_release_start


@pytest.fixture
def info(run_module, layout):
    return lambda **arguments: run_module(module, root=layout.root, **arguments)


def test_a_virgin_host(info, layout):
    answer = info()
    assert (answer["changed"], answer["current"], answer["releases"], answer["running"]) == (False, None, [], [])
    assert (answer["last_good"], answer["lock"], answer["drift"]) == (None, None, ["Nothing runs, and there is no current release."])
    assert not os.path.exists(layout.root)


def test_what_is_there_and_what_runs(info, run_module, layout, staged, node):
    old = staged("0.1.0-a", env=f"RELEASE_NODE={node}\nPASSWORD=hunter22\n", staged_at="1", state="good", good_at="2")
    new = staged("0.2.0-b", staged_at="2", version="0.2.0")
    _current.point(layout, new.id)
    pid = run_module(elixir_release_start, root=layout.root, release=old.id)["pid"]
    answer = info()
    assert answer["current"] == new.id
    told = [field for field in old._fields if field != "proof"]
    assert answer["releases"] == [{field: getattr(release, field) for field in told} for release in (old, new)]
    (running,) = answer["running"]
    assert running.pop("since").endswith("+00:00") and 0 <= running.pop("seconds") < 60
    assert running == {
        "pid": pid,
        "version": "0.1.0",
        "release": old.id,
        "root": old.path,
        "node": node,
        "env_changed": [],
        "unit": None,
        "restarts": 0,
        "slot": None,
    }
    assert answer["last_good"] == old.id
    assert answer["drift"] == [f"0.1.0-a (pid {pid}) runs, and current is 0.2.0-b."]
    assert "hunter22" not in str(answer) and "COOKIEOFTHETARBALL" not in str(answer)


def test_an_env_file_that_was_changed_is_told_without_its_values(info, run_module, layout, staged, node):
    release = staged(env=f"RELEASE_NODE={node}\nPASSWORD=hunter22\n", state="good")
    _current.point(layout, release.id)
    pid = run_module(elixir_release_start, root=layout.root)["pid"]
    assert info()["drift"] == []
    with open(f"{release.path}/.env", "w", encoding="utf-8") as file:
        file.write(f"RELEASE_NODE={node}\nPASSWORD=hunter33\nNEW=1\n")
    answer = info()
    assert answer["running"][0]["env_changed"] == ["NEW", "PASSWORD"]
    assert answer["drift"] == [f"The env file of {release.id} (pid {pid}) was changed after it was started, in NEW, PASSWORD: restart it."]
    assert "hunter" not in str(answer)


def test_what_may_not_be_written_is_told_without_secrets(info, run_module, layout, staged, node, monkeypatch):
    release = staged(env=f"RELEASE_NODE={node}\nPASSWORD=hunter22\n", state="good")
    _current.point(layout, release.id)
    monkeypatch.setattr(_env_file, "base", lambda account, base=_env_file.base: {**base(account), "ROOTDIR": release.path})  # erl's own
    run_module(elixir_release_start, root=layout.root)
    with open(f"{layout.tmp}/log/erlang.log.1", "a", encoding="utf-8") as file:
        file.write(f"{release.path}/priv/hunter22: permission denied\n")
    (sentence,) = info()["drift"]
    assert f"was denied {release.path}/priv/********, once since its start" in sentence


LOCK = {"owner": "kai@laptop", "what": "deploy of 0.2.0-b", "since": "2026-11-23T01:02:03+00:00", "expires": 3600, "kept": None}


@pytest.mark.parametrize(
    "ago, kept, expired", [(60, None, False), (4000, None, True), (4000, "two releases run", False)], ids=["fresh", "expired", "kept until a person looks"]
)
def test_who_holds_the_lock(info, layout, ago, kept, expired):
    refreshed = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=ago)
    shown = {**LOCK, "kept": kept, "refreshed": refreshed.isoformat(timespec="seconds")}
    os.makedirs(layout.root)
    with open(layout.lock, "w", encoding="utf-8") as file:
        json.dump({**shown, "place": "laptop", "pid": 7, "started": None}, file)
    assert info()["lock"] == {**shown, "expired": expired}


@pytest.mark.parametrize("content", ["", "[]", '{"owner": 1}', "\udcff"])
def test_a_lock_that_cannot_be_read_is_one(info, layout, content):
    os.makedirs(layout.root)
    with open(layout.lock, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(content)
    lock = info()["lock"]
    assert (lock["owner"], lock["expired"]) == (None, False)


@pytest.mark.parametrize("user, exists", [(pwd.getpwuid(os.geteuid()).pw_name, True), ("no-such-user", False)])
def test_whether_its_user_is_there(info, user, exists):
    assert info(user=user)["user_exists"] is exists
    assert "user_exists" not in info()


@pytest.fixture
def described(tarball, release_files):
    """A small tarball, as the controller describes it; its programs ask for nothing."""
    binaries = ("erts-13.1.5/bin/beam.smp", "lib/crypto-5.1.2/priv/lib/crypto.so")
    return _tarball.describe(tarball({**release_files, **dict.fromkeys(binaries, b"")}))


def test_whether_it_can_run_a_tarball(info, described):
    answer = info(tarball=described)
    assert (answer["problems"], answer["notes"], answer["msg"]) == ([], [], "This host can run the release.")
    answer = info(tarball={**described, "system": "macos"})
    assert answer["problems"] == [answer["msg"]] and "was built on macOS" in answer["msg"]
    assert "problems" not in info()


def test_what_only_a_nif_needs_is_warned_of(info, described):
    described["nifs"].update(needed_libraries=["libvips.so.42"], required_by={"libvips.so.42": "lib/vix-0.31.1/priv/vix.so"})
    answer = info(tarball=described)
    (note,), (warning,) = answer["notes"], map(str, answer["warnings"])
    assert answer["problems"] == [] and "no libvips.so.42 (wanted by lib/vix-0.31.1/priv/vix.so)" in note and note in warning
    answer = info(tarball=described, ignore_libraries=["libvips.so.42"])
    assert answer["notes"] == [] and "warnings" not in answer


def test_a_library_that_erlang_needs(info, described):
    wanted = {**described, "needed_libraries": ["libno.so.1"], "required_by": {"libno.so.1": "erts-13.1.5/bin/beam.smp"}}
    assert "This host has no libno.so.1" in info(tarball=wanted)["msg"]
    assert info(tarball=wanted, ignore_libraries=["libno.so.1"])["problems"] == []


@pytest.mark.parametrize("path", ["{place}:$PATH", "{place}", "/nowhere:${{PATH}}:{place}"])
def test_where_a_release_without_erlang_finds_one(info, place, described, path):
    wanted = {**described, "include_erts": False, "run_erl": False, "erts_version": "0.0"}
    before = info(tarball=wanted)["problems"]
    for name in ("erl", "run_erl"):
        (place / name).write_text('BINDIR="$ROOTDIR/erts-0.0/bin"\n')
        (place / name).chmod(0o755)
    assert "brings no Erlang along" in before[0]
    assert info(tarball=wanted, path=path.format(place=place))["problems"] == []


def test_what_is_here_already_needs_no_room(info, staged, described):
    wanted = {**described, "unpacked_size": 1 << 60}
    assert "make room there" in info(tarball=wanted)["msg"]
    staged(sha256=wanted["sha256"])
    assert info(tarball=wanted)["problems"] == []


def test_a_root_that_is_none(run_module):
    answer = run_module(module, root="/")
    assert answer["failed"] and "root is '/'" in answer["msg"]


def test_too_little_memory_for_a_rehearsal_beside_what_serves_is_a_problem(info, run_module, layout, staged, node, tarball, release_files, monkeypatch):
    monkeypatch.setattr(_cgroup, "room", lambda: _cgroup.Room(0, "the host has 0 MiB available and 0 MiB of swap"))
    described = _tarball.describe(tarball(release_files))
    assert not any("memory" in problem for problem in info(tarball=described)["problems"])
    release = staged(env=f"RELEASE_NODE={node}\n", state="good")
    _current.point(layout, release.id)
    pid = run_module(elixir_release_start, root=layout.root)["pid"]
    said = f"too little memory to run a rehearsal of {described['release_id']} beside pid {pid}"
    assert any(said in problem for problem in info(tarball=described)["problems"])
    assert not any("memory" in problem for problem in info(tarball={**described, "sha256": release.sha256})["problems"]), "it is here already"


def test_a_damaged_record_is_no_failure_but_told(info, layout, staged):
    damaged, whole = staged("0.1.0-a"), staged("0.2.0-b")
    with open(f"{damaged.path}/.deploy.json", "w", encoding="utf-8") as file:
        file.write("{")
    answer = info()
    assert [release["id"] for release in answer["releases"]] == [whole.id]
    assert answer["drift"][-1].startswith(f"{damaged.path}/.deploy.json cannot be read (")


@pytest.fixture
def passwd(monkeypatch):
    def make(name, uid, home):
        entry = pwd.struct_passwd((name, "x", uid, uid, "", str(home), "/usr/sbin/nologin"))
        monkeypatch.setattr(_info.pwd, "getpwnam", {name: entry}.__getitem__)

    return make


def test_an_account_of_the_systems_own_is_told(info, passwd):
    passwd("backup", 34, "/var/backups")
    said = info(user="backup")["user_is_foreign"]
    assert said.startswith("The user 'backup' is an account of this host's own (uid 34, home /var/backups): ")
    assert "Name another user with elixir_release_user" in said


def test_an_account_that_an_earlier_deploy_made_or_used_is_fine(info, passwd, layout):
    passwd("backup", 34, layout.root)
    assert info(user="backup")["user_is_foreign"] is None
    os.makedirs(layout.tmp)
    passwd("backup", os.stat(layout.tmp).st_uid, "/var/backups")
    assert info(user="backup")["user_is_foreign"] is None


def test_an_account_that_was_made_for_another_root_is_fine(info, passwd, place):
    (place / "other" / "releases").mkdir(parents=True)
    passwd("backup", 34, str(place / "other"))
    assert info(user="backup")["user_is_foreign"] is None


def test_an_account_of_a_person_is_not_the_systems(info, passwd):
    passwd("deploy", 1000, "/home/deploy")
    assert info(user="deploy")["user_is_foreign"] is None
    assert (info(user="nobody-at-all") or {}).get("user_is_foreign") is None


def test_who_deploys_as_oneself_may_be_whoever(info, passwd, monkeypatch):
    passwd("backup", 34, "/var/backups")
    monkeypatch.setattr(_info.os, "geteuid", lambda: 34)
    assert info(user="backup")["user_is_foreign"] is None
