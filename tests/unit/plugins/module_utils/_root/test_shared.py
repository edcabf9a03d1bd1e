# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import pathlib
import stat

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _command
from ansible_collections.beamops.elixir.plugins.module_utils._root import _shared

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to another user")
UPLOADS = "lib/shop/priv/static/uploads"


@pytest.fixture
def release(layout):
    """A release of a version, as it was unpacked."""

    def make(version="0.1.0", logo="logo"):
        path = pathlib.Path(layout.release(version))
        uploads = path / f"lib/shop-{version}/priv/static/uploads"
        (uploads / "small").mkdir(parents=True)
        (path / "lib/shop_web-1.0.0").mkdir()
        (uploads / "small" / "logo").write_text(logo)
        (uploads / "small" / "logo").chmod(0o444)
        (path / "data").write_text("a file")
        return path

    return make


@pytest.fixture
def link(layout, account):
    return lambda path, *paths, user=account: _shared.link(layout, str(path), _shared.checked(paths, None), user)


def test_a_link_that_begins_with_what_the_release_brings(release, link, layout):
    path = release()
    link(path, UPLOADS)
    uploads, shared = path / "lib/shop-0.1.0/priv/static/uploads", pathlib.Path(layout.shared, UPLOADS)
    assert os.readlink(uploads) == str(shared)
    assert (shared / "small" / "logo").read_text() == "logo"
    assert sorted(os.listdir(shared.parent)) == ["uploads"], "nothing is left beside it"


def test_the_next_release_finds_what_was_written(release, link, layout):
    link(release(), UPLOADS)
    shared = pathlib.Path(layout.shared, UPLOADS)
    (shared / "photo").write_text("photo")
    (shared / "small" / "logo").unlink()
    path = release("0.2.0", logo="another")
    link(path, UPLOADS)
    assert os.listdir(path / "lib/shop-0.2.0/priv/static/uploads/") == os.listdir(shared)
    assert sorted(os.listdir(shared)) == ["photo", "small"] and os.listdir(shared / "small") == []


def test_a_directory_that_the_release_does_not_bring(release, link, layout):
    path = release()
    link(path, "var/cache", "lib/shop_web/priv/x")
    assert os.readlink(path / "var/cache") == os.path.join(layout.shared, "var/cache") and os.listdir(path / "var/cache") == []
    assert os.readlink(path / "lib/shop_web-1.0.0/priv/x") == os.path.join(layout.shared, "lib/shop_web/priv/x")


@as_root
def test_it_belongs_to_who_runs_the_release_and_what_is_above_it_does_not(release, link, layout):
    nobody = _command.account("nobody")
    link(release(), UPLOADS, user=nobody)
    shared = pathlib.Path(layout.shared, UPLOADS)
    seen = {path: (os.stat(path).st_uid, os.stat(path).st_gid, oct(stat.S_IMODE(os.stat(path).st_mode))) for path in (shared, shared.parent, layout.shared)}
    assert seen == {
        shared: (nobody.uid, nobody.gid, "0o750"),
        shared.parent: (0, nobody.gid, "0o750"),
        layout.shared: (0, nobody.gid, "0o750"),
    }
    logo = os.stat(shared / "small" / "logo")
    assert (logo.st_uid, oct(stat.S_IMODE(logo.st_mode))) == (nobody.uid, "0o640")


@as_root
def test_root_makes_nothing_in_a_directory_of_the_applications_own(release, link, layout):
    nobody = _command.account("nobody")
    link(release(), "var", user=nobody)
    os.symlink("/etc", os.path.join(layout.shared, "var", "deep"))
    with pytest.raises(ReleaseError, match=f"{layout.shared}/var belongs to somebody else, so {layout.shared}/var/deep/x is not made in it"):
        link(release("0.2.0"), "var/deep/x", user=nobody)
    assert not os.path.exists("/etc/x")


@pytest.mark.parametrize(
    "path, words",
    [
        ("", "has '': give the path of a directory inside the release, such as lib/shop/priv/static/uploads."),
        (".", "give the path of a directory inside the release"),
        ("/var/uploads", "has '/var/uploads': give the path of a directory inside"),
        ("lib/shop/../../x", "give the path of a directory inside"),
        ("a\nb", "give the path of a directory inside"),
        ("bin", "where the code of the release lies"),
        ("releases/0.1.0", "where the code of the release lies"),
        ("erts-13.1.5/bin", "where the code of the release lies"),
        ("lib", "where the code of the release lies"),
        ("lib/shop", "where the code of the release lies"),
        ("lib/shop/ebin", "where the code of the release lies"),
        (".env", "where the code of the release lies"),
    ],
)
def test_bad_values_are_told_without_the_release(path, words):
    with pytest.raises(ReleaseError) as error:
        _shared.checked([path], None)
    assert str(error.value).startswith("'shared_dirs' (elixir_release_shared_dirs of the role) has ") and words in str(error.value)


def test_one_inside_the_other():
    with pytest.raises(ReleaseError, match="var/a lies in var, and .* has both: leave var/a out."):
        _shared.checked(["var/a", "var"], None)


def test_one_way_of_writing_and_one_order():
    assert _shared.checked(["var/b/", "./var/a", "var/b"], None) == ["var/a", "var/b"]


@pytest.mark.parametrize("name", ["shop-0.1.0", "sho", "other"])
def test_an_application_that_is_not_there(release, link, layout, name):
    words = f"this release has no application {name}: write lib/APP without its version. There are: shop, shop_web."
    with pytest.raises(ReleaseError, match=words):
        _shared.checked([f"lib/{name}/priv/x"], {"shop": "0.1.0", "shop_web": "1.0.0"})
    with pytest.raises(ReleaseError, match=words):
        link(release(), "var", f"lib/{name}/priv/x")
    assert not os.path.exists(layout.shared), "all are looked at before the first is made"


@pytest.mark.parametrize(
    "path, there", [("data", "data"), ("data/x", "data"), (f"{UPLOADS}/small/logo", "lib/shop-0.1.0/priv/static/uploads/small/logo")]
)
def test_a_file_in_its_place(release, link, path, there):
    with pytest.raises(ReleaseError, match=f"has '{path}', and in this release {there} is no directory: leave it out"):
        link(release(), path)


def test_a_link_in_its_place(release, link):
    path = release()
    (path / "var").symlink_to("/etc")
    with pytest.raises(ReleaseError, match="in this release var is no directory"):
        link(path, "var/x")


def test_a_copy_that_is_broken_off_leaves_nothing(release, link, layout, monkeypatch):
    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_shared.shutil, "copytree", full)
    with pytest.raises(OSError):
        link(release(), UPLOADS)
    assert os.listdir(os.path.join(layout.shared, os.path.dirname(UPLOADS))) == []
