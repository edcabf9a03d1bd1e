# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _proxy


@pytest.fixture
def proxy(nginx):
    return _proxy.Proxy("shop", nginx.server_port)


def test_there_and_back(proxy):
    assert _proxy.serves(proxy) == "blue"
    assert _proxy.move(proxy, "green") and not _proxy.move(proxy, "green")
    assert _proxy.serves(proxy) == "green" and os.listdir(proxy.directory) == ["green"]
    assert _proxy.look_through(proxy, "/health", {}, [200], "from green").ready
    assert _proxy.move(proxy, "blue")
    assert _proxy.serves(proxy) == "blue" and os.listdir(proxy.directory) == ["blue"]


def test_not_set_up(nginx):
    with pytest.raises(ReleaseError, match=r"There is no .*/other, so there is nothing to switch .*: set nginx up with the playbook beamops.elixir.proxy"):
        _proxy.serves(_proxy.Proxy("other", nginx.server_port))


def test_nginx_does_not_answer(proxy):
    with pytest.raises(ReleaseError, match=r"nginx does not answer at http://127.0.0.1:1/\.elixir-release/slot \(.*refused\), so nobody knows"):
        _proxy.serves(proxy._replace(port=1))


def test_something_else_answers(proxy, nginx):
    nginx.says = "<html>"
    with pytest.raises(ReleaseError, match="answers 200 and names no slot"):
        _proxy.serves(proxy)


def test_it_serves_another_one_than_its_file_says(proxy, nginx):
    nginx.says = "green"
    with pytest.raises(ReleaseError, match=r"nginx says that it serves green, and the file in .*/shop says blue"):
        _proxy.serves(proxy)


def test_the_file_is_gone(proxy):
    os.unlink(proxy.flag("blue"))
    with pytest.raises(ReleaseError, match=r"/shop/blue cannot be renamed to green \(No such file or directory\), so the traffic stays where it is"):
        _proxy.move(proxy, "green")
