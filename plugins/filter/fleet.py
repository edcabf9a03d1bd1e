# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role asks about a fleet. The answers are plugin_utils' own."""

from __future__ import annotations

from ansible_collections.beamops.elixir.plugins.plugin_utils import _cluster, _fleet, _fleet_answers, _fleet_outcome, _fleet_text


def failure(fleet, host, event, deadman, evidence=(), report=""):
    own = next(noted for noted in fleet if noted["host"] == host)
    return _fleet_text.failure(own, event, deadman, evidence, report)


def left(hosts, batches):
    batches = batches if isinstance(batches, list) else [batches]
    return len(hosts) - _fleet.most_out(len(hosts), batches)


def answer(answers, question, **options):
    told = getattr(_fleet_answers, question)(answers, **options)
    return {"lines": told.lines, "data": {**told.data, "wrong": told.wrong}, "wrong": told.wrong}


class FilterModule:
    def filters(self):
        return {
            "fleet": _fleet.noted,
            "fleet_answer": answer,
            "fleet_batch": _fleet.out_and_looks,
            "fleet_batches": _cluster.batches,
            "fleet_decisions": _fleet.decisions,
            "fleet_deployed": _fleet_text.deployed,
            "fleet_failure": failure,
            "fleet_left": left,
            "fleet_outcome": _fleet_outcome.outcome,
            "fleet_peers": _cluster.expected,
            "fleet_shortage": _fleet_text.shortage,
            "fleet_split": _cluster.split,
        }
