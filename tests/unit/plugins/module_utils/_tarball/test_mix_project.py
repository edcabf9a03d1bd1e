# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import time

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._tarball import _mix_project

GUESTBOOK = '[app: :guestbook, version: "0.2.0"]'
SHOP = '[apps_path: "apps", releases: [shop: [version: "0.2.0"], admin: [version: "0.3.0"]]]'
UNTOLD = '[app: :guestbook, version: File.read!("VERSION")]'


@pytest.fixture
def project(tmp_path):
    def make(mix_exs, tarballs):
        """Tarballs: paths; the same content and time in all, but for those given as (path, content) or (path, content, time)."""
        directory = tmp_path / "my [old] project"
        directory.mkdir()
        (directory / "mix.exs").write_text(mix_exs)
        for tarball in tarballs:
            path, content, built = (*tarball, 0)[:3] if isinstance(tarball, tuple) else (tarball, "", 0)
            (directory / path).parent.mkdir(parents=True, exist_ok=True)
            (directory / path).write_text(content)
            os.utime(directory / path, (built, built))
        return str(directory)

    return make


@pytest.mark.parametrize(
    "mix_exs, name, tarballs, found",
    [
        (GUESTBOOK, None, ["_build/prod/guestbook-0.2.0.tar.gz"], "_build/prod/guestbook-0.2.0.tar.gz"),
        (GUESTBOOK, None, ["guestbook-0.2.0.tar.gz"], "guestbook-0.2.0.tar.gz"),
        (GUESTBOOK, None, ["_build/staging/guestbook-0.2.0.tar.gz"], "_build/staging/guestbook-0.2.0.tar.gz"),
        (GUESTBOOK, None, ["_build/prod/guestbook-0.2.0.tar.gz", "guestbook-0.2.0.tar.gz"], "_build/prod/guestbook-0.2.0.tar.gz"),
        (GUESTBOOK, None, ["_build/prod/guestbook-0.2.0.tar.gz", ("_build/dev/guestbook-0.2.0.tar.gz", "dev")], "_build/prod/guestbook-0.2.0.tar.gz"),
        (GUESTBOOK, None, ["guestbook-0.1.0.tar.gz", "otp-0.2.0.tar.gz", "guestbook-0.2.0.tar.gz"], "guestbook-0.2.0.tar.gz"),
        (GUESTBOOK, "guestbook", ["guestbook-0.2.0.tar.gz"], "guestbook-0.2.0.tar.gz"),
        (GUESTBOOK, "lite", ["_build/prod/guestbook-0.2.0.tar.gz", "_build/prod/lite-0.2.0.tar.gz"], "_build/prod/lite-0.2.0.tar.gz"),
        (SHOP, "admin", ["_build/prod/shop-0.2.0.tar.gz", "_build/prod/admin-0.3.0.tar.gz"], "_build/prod/admin-0.3.0.tar.gz"),
        (SHOP, None, ["_build/prod/shop-0.2.0.tar.gz"], "_build/prod/shop-0.2.0.tar.gz"),
        (UNTOLD, None, ["_build/prod/guestbook-7.tar.gz"], "_build/prod/guestbook-7.tar.gz"),
        ("", None, ["_build/prod/any-7.tar.gz"], "_build/prod/any-7.tar.gz"),
    ],
)
def test_finds(project, mix_exs, name, tarballs, found):
    directory = project(mix_exs, tarballs)
    assert _mix_project.find(directory, name) == (f"{directory}/{found}", None)


@pytest.mark.parametrize(
    "mix_exs, tarballs, found, aside, why",
    [
        pytest.param(
            UNTOLD,
            [("_build/prod/guestbook-0.10.0.tar.gz", "10", 200), ("_build/prod/guestbook-0.9.0.tar.gz", "9", 100)],
            "_build/prod/guestbook-0.10.0.tar.gz",
            ["_build/prod/guestbook-0.9.0.tar.gz"],
            ", for mix.exs does not tell the version as a literal",
            id="several versions",
        ),
        pytest.param(
            UNTOLD,
            [("guestbook-3.tar.gz", "3", 100), ("guestbook-2.tar.gz", "2", 300), ("guestbook-1.tar.gz", "1", 200)],
            "guestbook-2.tar.gz",
            ["guestbook-1.tar.gz", "guestbook-3.tar.gz"],
            ", for mix.exs does not tell the version as a literal",
            id="an older version that was built last",
        ),
        pytest.param(
            GUESTBOOK,
            [("_build/prod/guestbook-0.2.0.tar.gz", "built here", 100), ("guestbook-0.2.0.tar.gz", "built away", 200)],
            "guestbook-0.2.0.tar.gz",
            ["_build/prod/guestbook-0.2.0.tar.gz"],
            "",
            id="the same version built twice",
        ),
    ],
)
def test_takes_what_was_built_last_and_says_so(project, mix_exs, tarballs, found, aside, why):
    directory = project(mix_exs, tarballs)
    path, note = _mix_project.find(directory)
    built = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(os.stat(path).st_mtime))
    assert path == f"{directory}/{found}"
    assert note == (
        f"{path} is taken, which was built last, at {built}{why}. Left aside: {', '.join(f'{directory}/{other}' for other in aside)}. "
        "If another is meant, set 'tarball' (elixir_release_tarball of the role) to its path."
    )


@pytest.mark.parametrize(
    "mix_exs, name, tarballs, message",
    [
        pytest.param(
            GUESTBOOK,
            None,
            [],
            "No tarball of guestbook 0.2.0, of which mix.exs tells, in _build/ of the mix project {directory} or beside mix.exs; found no tarball at all. "
            "Build it with `MIX_ENV=prod mix release`, with `steps: [:assemble, :tar]` for the release in mix.exs, or set 'tarball' "
            "(elixir_release_tarball of the role) to its path.",
            id="none",
        ),
        pytest.param(
            GUESTBOOK, None, ["guestbook-0.1.0.tar.gz", "x.zip"], "found {directory}/guestbook-0.1.0.tar.gz. Build it", id="only an old one"
        ),
        pytest.param(
            GUESTBOOK,
            "shop",
            ["guestbook-0.2.0.tar.gz"],
            "Unknown release name shop: mix.exs in {directory} tells of guestbook; found {directory}/guestbook-0.2.0.tar.gz. "
            "Set 'name' (elixir_release_name of the role) to one of them, or 'project' (elixir_release_project of the role) to the project of shop.",
            id="unknown name",
        ),
        pytest.param(
            SHOP,
            None,
            ["_build/prod/shop-0.2.0.tar.gz", "_build/prod/admin-0.3.0.tar.gz"],
            "has tarballs of several releases: {directory}/_build/prod/admin-0.3.0.tar.gz, {directory}/_build/prod/shop-0.2.0.tar.gz. "
            "Say with 'name' (elixir_release_name of the role)",
            id="several releases",
        ),
        pytest.param(
            UNTOLD,
            None,
            [("guestbook-1.tar.gz", "1"), ("guestbook-2.tar.gz", "2")],
            "has several tarballs of guestbook: {directory}/guestbook-1.tar.gz, {directory}/guestbook-2.tar.gz, and none was built last. "
            "Remove all but one, or set 'tarball' (elixir_release_tarball of the role) to its path.",
            id="several of the same time",
        ),
    ],
)
def test_does_not_guess(project, mix_exs, name, tarballs, message):
    directory = project(mix_exs, tarballs)
    with pytest.raises(ReleaseError) as caught:
        _mix_project.find(directory, name)
    assert message.format(directory=directory) in str(caught.value)


def test_a_directory_that_is_no_mix_project(tmp_path):
    with pytest.raises(ReleaseError, match=f"Cannot read {tmp_path}/mix.exs: No such file or directory. Set 'project' .elixir_release_project of"):
        _mix_project.find(str(tmp_path))
