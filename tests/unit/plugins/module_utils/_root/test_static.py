# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import shutil
import stat

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._root import _static

ONE, OTHER = "a" * 32, "b" * 32


@pytest.fixture
def release(staged):
    def make(release_id, *names, mode=0o644):
        release = staged(release_id)
        for name in names:
            path = os.path.join(release.path, "lib", "shop-0.1.0", "priv", "static", name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(name)
            os.chmod(path, mode)
        return release

    return make


def there(layout):
    return sorted(os.path.relpath(path, layout.static) for path in _static._files(layout.static))


def test_those_of_all_releases(layout, release):
    release("0.1.0-a", f"assets/app-{ONE}.css", "assets/app.css", "favicon.ico", "assets/app-1234.css")
    release("0.2.0-b", f"assets/app-{OTHER}.css", f"images/logo-{ONE}.svg.gz")
    assert _static.keep(layout) and not _static.keep(layout)
    assert there(layout) == [f"assets/app-{ONE}.css", f"assets/app-{OTHER}.css", f"images/logo-{ONE}.svg.gz"]


def test_they_go_with_the_last_release_that_has_them(layout, release):
    old = release("0.1.0-a", f"assets/app-{ONE}.css", f"old/app-{ONE}.js")
    release("0.2.0-b", f"assets/app-{ONE}.css")
    _static.keep(layout)
    shutil.rmtree(old.path)
    assert _static.keep(layout)
    assert there(layout) == [f"assets/app-{ONE}.css"] and os.listdir(layout.static) == ["assets"]


@pytest.mark.parametrize("mode", [0o644, 0o640])
def test_a_web_server_can_read_them(layout, release, mode):
    made = release("0.1.0-a", f"assets/app-{ONE}.css", mode=mode)
    _static.keep(layout)
    path = os.path.join(layout.static, f"assets/app-{ONE}.css")
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o644
    own = os.path.join(made.path, "lib", "shop-0.1.0", "priv", "static", "assets", f"app-{ONE}.css")
    assert stat.S_IMODE(os.stat(own).st_mode) == mode and os.path.samefile(path, own) is (mode == 0o644)


def test_where_there_are_none(layout, release):
    release("0.1.0-a", "assets/app.css")
    assert not _static.keep(layout)
    assert not os.path.exists(layout.static)
