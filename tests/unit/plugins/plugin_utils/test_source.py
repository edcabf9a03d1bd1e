# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import subprocess
import tarfile

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.plugin_utils import _source


@pytest.fixture
def project(tmp_path):
    for name in ("mix.exs", "lib/shop.ex", "bin/run"):
        write(tmp_path / name)
    (tmp_path / "bin" / "run").chmod(0o775)
    return tmp_path


@pytest.fixture
def git(project):
    def run(*arguments, at=project):
        command = ["git", "-C", str(at), "-c", "user.name=Kai", "-c", "user.email=kai@example.com", *arguments]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()

    run("init", "--quiet")
    run("add", ".")
    run("commit", "--quiet", "--message", "x")
    return run


def write(path, text=""):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def files(project, **options):
    return list(_source.look(str(project), **options).files)


def test_without_git_all_that_no_build_made(project):
    for name in ("_build/prod/x", "deps/a/mix.exs", "assets/node_modules/y", "assets/app.js", "erl_crash.dump", "shop-0.1.0.tar.gz", "priv/seeds.tar.gz"):
        write(project / name)
    (project / "link").symlink_to("lib")
    assert files(project) == ["assets/app.js", "bin/run", "lib/shop.ex", "link", "mix.exs", "priv/seeds.tar.gz"]
    assert _source.look(str(project)).words == "files that are not under git"


def test_with_git_what_it_knows_and_would_take(project, git):
    write(project / ".gitignore", "/deps/\n*.secret.exs\n")
    for name in ("deps/a/mix.exs", "config/prod.secret.exs", "new.ex", "shop-0.1.0.tar.gz", "_build/prod/x"):
        write(project / name)
    (project / "lib" / "shop.ex").unlink()
    assert files(project) == [".gitignore", "bin/run", "mix.exs", "new.ex"]


SECRETS = [".env", ".env.production", ".env.production.cookie", "config/.env.local", ".erlang.cookie", ".ssh/id", ".netrc", "a/.git/config"]


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_never_among_them(project, git, name):
    write(project / name, "hunter22")
    assert name not in files(project)
    if "/.git/" not in name:
        git("add", "--force", name)
        git("commit", "--quiet", "--message", "what nobody should do")
    assert name not in files(project)


def test_what_is_to_be_kept_out(project):
    write(project / "conf" / "ours")
    write(project / "cookie")
    (project / "linked").symlink_to("cookie")
    assert files(project, keep_out=[str(project / "conf"), str(project / "cookie"), "/nowhere"]) == ["bin/run", "lib/shop.ex", "mix.exs"]


def test_which_commit_and_what_differs_from_it(project, git):
    commit = git("rev-parse", "HEAD")
    assert _source.look(str(project))[2:] == (commit, ())
    assert _source.look(str(project)).words == f"commit {commit[:7]}"
    write(project / "lib" / "shop.ex", "changed")
    write(project / ".env", "no part of the build")
    git("mv", "bin/run", "bin/walk")
    assert _source.look(str(project)).uncommitted == ("bin/walk", "lib/shop.ex")
    assert _source.look(str(project)).words == f"commit {commit[:7]} and 2 uncommitted files (bin/walk, lib/shop.ex)"
    git("commit", "--quiet", "--all", "--message", "y")
    (project / "lib" / "shop.ex").unlink()
    assert _source.look(str(project)).uncommitted == ("lib/shop.ex",)


def test_a_project_below_the_top_of_its_repository(project, git):
    write(project / "apps" / "web" / "mix.exs", "new")
    write(project / "outside.ex")
    found = _source.look(str(project / "apps" / "web"))
    assert (found.files, found.uncommitted) == (("mix.exs",), ("mix.exs",))


def test_a_repository_within_it(project, git):
    inner = project / "vendor" / "lib"
    inner.mkdir(parents=True)
    write(inner / "a.ex")
    git("init", "--quiet", at=inner)
    assert "vendor/lib/a.ex" in files(project)


def test_a_project_that_the_repository_around_it_ignores(project, git):
    write(project / ".gitignore", "/copy/\n")
    for name in ("mix.exs", "lib/a.ex", "_build/x"):
        write(project / "copy" / name)
    found = _source.look(str(project / "copy"))
    assert (found.files, found.commit) == (("lib/a.ex", "mix.exs"), None)


def test_without_its_mix_exs_it_is_none(project, git):
    write(project / ".gitignore", "mix.exs\n")
    git("rm", "--cached", "--quiet", "mix.exs")
    with pytest.raises(ReleaseError, match="mix.exs is none of the files"):
        _source.look(str(project))


def test_a_repository_without_a_commit(project):
    subprocess.run(["git", "-C", str(project), "init", "--quiet"], check=True)
    assert _source.look(str(project)).commit is None
    assert files(project) == ["bin/run", "lib/shop.ex", "mix.exs"]


def test_where_git_refuses_to_tell(project):
    write(project / ".git", "gitdir: /nowhere\n")
    with pytest.raises(ReleaseError, match="git cannot tell which files"):
        _source.look(str(project))


def digest(project, *further):
    return _source.digest(_source.look(str(project)), *further)


def test_the_same_build_has_the_same_digest(project):
    before = digest(project, "image")
    os.utime(project / "mix.exs", (0, 0))
    (project / "mix.exs").chmod(0o600)
    assert digest(project, "image") == before


@pytest.mark.parametrize(
    "change",
    [
        lambda project: write(project / "mix.exs", "x"),
        lambda project: write(project / "new"),
        lambda project: (project / "bin" / "run").chmod(0o644),
        lambda project: (project / "bin" / "run").rename(project / "bin" / "walk"),
        lambda project: ((project / "mix.exs").unlink(), (project / "mix.exs").symlink_to("lib")),
    ],
)
def test_another_build_has_another_digest(project, change):
    before = digest(project, "image")
    assert digest(project, "other") != before
    change(project)
    assert digest(project, "image") != before


def test_what_is_packed_tells_nobody_who_made_it(project, tmp_path_factory):
    (project / "link").symlink_to("/nowhere")
    path = tmp_path_factory.mktemp("packed") / "context.tar.gz"
    _source.pack(_source.look(str(project)), str(path))
    with tarfile.open(path) as archive:
        members = {member.name: member for member in archive}
    assert list(members) == ["bin/run", "lib/shop.ex", "link", "mix.exs"]
    assert members["link"].issym() and members["link"].linkname == "/nowhere"
    assert {(member.uid, member.gid, member.uname) for member in members.values()} == {(0, 0, "")}
    assert (members["bin/run"].mode, members["mix.exs"].mode) == (0o755, 0o644)
