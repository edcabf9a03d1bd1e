# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._root import _current
from ansible_collections.beamops.elixir.plugins.modules import elixir_release_history_info as module


@pytest.fixture
def history(run_module, layout):
    return lambda **arguments: run_module(module, root=layout.root, **arguments)


def test_the_end_of_the_ledger(history, layout, staged):
    release = staged()
    for number in range(4):
        _current.note(layout, "deploy", release, None, f"kai@laptop{number}")
    answer = history(lines=3)
    assert [entry["by"] for entry in answer["entries"]] == ["kai@laptop1", "kai@laptop2", "kai@laptop3"]
    assert answer["changed"] is False and answer["entries"][0]["release"] == release.id
    assert history(lines=0)["entries"] == []
    assert len(history(_ansible_check_mode=True)["entries"]) == 4


def test_a_host_without_any(history):
    assert history()["entries"] == []


def test_a_line_that_cannot_be_read_is_left_out(history, layout, staged):
    _current.note(layout, "deploy", staged(), None, "kai@laptop")
    with open(layout.ledger, "a", encoding="utf-8") as file:
        file.write('{"at": "2026')
    assert len(history()["entries"]) == 1


def test_a_secret_in_a_reason_is_masked(history, layout, staged):
    release = staged(env="PASSWORD=hunter22\n")
    _current.note(layout, "failure", release, None, "kai@laptop", "it said hunter22")
    assert history()["entries"][0]["reason"] == "it said ********"
