# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.beamops.elixir.benchmarks.scale import table

DEPLOY = {"hosts": 20, "what": "update", "forks": 5, "batches": "[1, 100%]"}
RUN = {**DEPLOY, "rc": 0, "wall": 10.0, "cpu": 20.0, "busiest": 9.0, "mib": 100, "connections": 20}


def test_a_row_has_the_middle_of_what_was_measured():
    rows = table.table([RUN, {**RUN, "wall": 30.0}, {**RUN, "wall": 12.0}, {**RUN, "forks": 20, "rc": 2}]).splitlines()
    assert rows[2:] == [
        "| 20 | update | 5, [1, 100%] | 12.0 | 20.0 (1.00) | 9.0 | 100 | 20 |",
        "| 20 | update | 20, [1, 100%] | 10.0, and went back | 20.0 (1.00) | 9.0 | 100 | 20 |",
    ]


def test_only_what_stands_between_the_marks_is_replaced(tmp_path):
    path = tmp_path / "scale.md"
    path.write_text(f"before\n{table.BEGIN}\nold\n{table.END}\nafter\n")
    table.write(path, "new")
    assert path.read_text() == f"before\n{table.BEGIN}\n\nnew\n\n{table.END}\nafter\n"
