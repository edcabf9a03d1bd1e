# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._steps import _bin_app, _drain, _start


@pytest.fixture
def process(layout, staged, account, node):
    release = staged(env=f"RELEASE_NODE={node}\n")
    return _start.start(layout, release, _bin_app.staged(release.path, release.name, layout, account))


def test_an_expression_that_comes_to_its_end_has_drained_whatever_its_value(process, evaluates):
    asked = evaluates(":error")
    assert _drain.evaluate(process, "Oban.pause_all_queues(local_only: true)", 5) is None
    assert asked() == ["Oban.pause_all_queues(local_only: true)"]


def test_one_that_raises_or_hangs_is_told_of(process, layout, evaluates):
    evaluates("** (RuntimeError) no Oban\n  instance", "raised")
    told = f"0.1.0 (pid {process.pid}) was asked to stop without having drained. Oban.drain(): "
    assert _drain.evaluate(process, "Oban.drain()", 5) == told + "** (RuntimeError) no Oban instance."
    open(f"{layout.tmp}/hangs", "w").close()
    assert _drain.evaluate(process, "Oban.drain()", 0.3) == told + "it did not end within 0.3 s."
