# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.beamops.elixir.benchmarks.zero_downtime import page


def seen(failed=0, lost=0, after=1):
    kinds = {"gets": {"sent": 10, "failed": failed, "longest_gap": 0.1}}
    return {
        "hosts": {"web1": {"kinds": kinds, "longest_gap": 0.1}},
        "events": [{"event": "update", "seconds": 3}] * 2 + [{"event": "rollback", "seconds": 2}],
        "took": 12.4,
        "lost_entries": lost,
        "remains": {"before": {"web1": {"processes": 1}}, "after": {"web1": {"processes": after}}},
    }


@pytest.mark.parametrize(("results", "failed", "left"), [(seen(), 0, False), (seen(failed=2, lost=1), 3, False), (seen(after=2), 0, True)])
def test_what_makes_a_run_fail(results, failed, left):
    assert (page.failed(results), page.left_behind(results)) == (failed, left)


def test_what_was_done_is_said():
    text = page.results({"blue/green": seen(), "in place": seen(failed=3, lost=1)})
    assert "- *blue/green*: 2 updates, 1 rollback of 1 hosts in 12 s; acknowledged entries that are not in the database: 0." in text
    assert "not in the database: **1**." in text
    assert text.count("| processes | 1 | 1 |") == 1, "of the way with slots alone"


def test_what_is_written_by_hand_stays(tmp_path):
    path = tmp_path / "page.md"
    path.write_text(f"head\n\n{page.BEGIN}\n\nold\n\n{page.END}\n\ntail\n", encoding="utf-8")
    page.write(path, "new\n")
    page.write(path, "newer\n")
    assert path.read_text(encoding="utf-8") == f"head\n\n{page.BEGIN}\n\nnewer\n\n{page.END}\n\ntail\n"
