# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._modules import _doctor_info as it
from ansible_collections.beamops.elixir.plugins.module_utils._root import _current
from ansible_collections.beamops.elixir.plugins.modules import elixir_release_doctor_info as module

NAME = "no-such-user"


@pytest.fixture
def doctor(run_module, layout):
    def run(**arguments):
        answer = run_module(module, **{"root": layout.root, "name": NAME, **arguments})
        assert answer["changed"] is False and answer["now"] > 1e9
        return {(finding["about"], finding["wrong"]): finding["text"] for finding in answer["findings"]}

    return run


def test_before_the_first_deploy_it_is_no_fault_that_nothing_runs(doctor):
    assert doctor()["status", False] == "Nothing runs, and there is no current release."


def test_afterwards_it_is(doctor, staged, layout):
    _current.point(layout, staged().id)
    assert doctor()["status", True].startswith("Nothing runs, and current is 0.1.0-")
    assert doctor(_ansible_check_mode=True)["status", True].startswith("Nothing runs")


def test_a_user_of_the_systems_own_only_if_somebody_chose_it(doctor):
    assert "is an account of this host's own" in doctor(name="daemon")["user", True]
    assert ("user", True) not in doctor(user="daemon")
    assert ("user", True) not in doctor()


LOCK = {"owner": "kai@laptop", "what": "deploy of 0.3.0", "since": "2026-11-28T14:30:00+00:00", "kept": None, "expired": False}


@pytest.mark.parametrize(
    ("lock", "wrong", "text"),
    [
        (None, None, None),
        (LOCK, False, "kai@laptop (deploy of 0.3.0) works here since 2026-11-28T14:30:00+00:00."),
        ({**LOCK, "expired": True}, False, "kai@laptop (deploy of 0.3.0) has left a lock, which the next run takes over."),
        ({**LOCK, "kept": "it died"}, True, "The lock of kai@laptop (deploy of 0.3.0) was kept: it died. Look at the host, then run"),
        ({**LOCK, "owner": None, "what": None, "kept": "it cannot be read"}, True, "The lock of somebody unknown (nobody knows for what) was kept"),
    ],
)
def test_a_lock(lock, wrong, text):
    told = list(it.of_lock(lock))
    assert [(finding.about, finding.wrong) for finding in told] == ([("lock", wrong)] if lock else [])
    assert not lock or told[0].text.startswith(text)


def test_bad_input(run_module, layout):
    assert run_module(module, root=layout.root)["failed"]
