# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import stat

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _tree

NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")


@pytest.fixture
def release(place):
    path = place / "release"
    (path / "lib" / "shop-0.1.0" / "priv").mkdir(parents=True)
    (path / "lib" / "shop-0.1.0" / "priv" / "logo").write_text("logo")
    (path / "bin").mkdir()
    (path / "bin" / "shop").write_text("#!/bin/sh")
    (path / "bin" / "shop").chmod(0o755)
    (path / "lib" / "outside").symlink_to(place / "outside")
    (place / "outside").write_text("not ours")
    (place / "outside").chmod(0o644)
    return path


def modes(path):
    return {name: oct(stat.S_IMODE(os.lstat(path / name).st_mode)) for name in ("", "lib", "lib/shop-0.1.0/priv/logo", "bin", "bin/shop")}


def test_what_is_closed_can_be_read_and_not_written(release, place):
    os.chmod(release, 0o750)
    (release / ".env").write_text("A=1")
    (release / ".env").chmod(0o640)
    _tree.close(str(release))
    assert modes(release) == {"": "0o750", "lib": "0o555", "lib/shop-0.1.0/priv/logo": "0o444", "bin": "0o555", "bin/shop": "0o555"}
    assert stat.S_IMODE((release / ".env").stat().st_mode) == 0o640
    assert stat.S_IMODE((place / "outside").stat().st_mode) == 0o644


@as_root
def test_its_owner_cannot_write_to_what_is_closed_and_can_remove_it(release, place):
    for directory, directories, files in os.walk(place):
        for name in (".", *directories, *files):
            os.lchown(os.path.join(directory, name), NOBODY, NOBODY)
    child = os.fork()
    if not child:
        code = 1
        try:
            os.setuid(NOBODY)
            _tree.close(str(release))
            try:
                (release / "lib" / "shop-0.1.0" / "priv" / "upload").write_text("lost at the next deploy")
            except PermissionError:
                _tree.remove(str(release))
                code = 0
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    assert not release.exists() and (place / "outside").read_text() == "not ours"


@pytest.mark.parametrize(
    "mount, found",
    [
        ("/opt/shop/releases/0.1.0-a", "/opt/shop/releases/0.1.0-a"),
        ("/opt/shop/releases/0.1.0-a/lib/my\\040uploads", "/opt/shop/releases/0.1.0-a/lib/my uploads"),
        ("/opt/shop/releases/0.1.0-ab", None),
        ("/opt/shop/releases", None),
    ],
)
def test_what_is_mounted_there_is_not_ours_to_remove(tmp_path, mount, found):
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"22 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n36 22 0:30 / {mount} rw,relatime shared:1 - tmpfs tmpfs rw\n")
    if not found:
        return _tree.refuse_mounts("/opt/shop/releases/0.1.0-a", str(mounts))
    with pytest.raises(ReleaseError, match=f"something is mounted on {found}: unmount it first"):
        _tree.refuse_mounts("/opt/shop/releases/0.1.0-a", str(mounts))
    return None


def test_where_nobody_tells_what_is_mounted(tmp_path):
    _tree.refuse_mounts("/", str(tmp_path / "nothing"))
