# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os

from ansible_collections.beamops.elixir.plugins.module_utils._host import _systemd

# As systemd 252 told it of a release that crashed and was about to be started again
TOLD = """MainPID=0
Result=exit-code
NRestarts=2
ActiveState=activating
SubState=auto-restart
FragmentPath=/etc/systemd/system/guestbook.service
UnitFileState=enabled
InvocationID=9c1b7a0f5f0e4f7e8a2d3c4b5a697887
"""


def test_what_systemd_tells():
    unit = _systemd.parsed("guestbook.service", TOLD)
    assert (unit.state, unit.sub, unit.pid, unit.restarts, unit.result, unit.enabled) == ("activating", "auto-restart", 0, 2, "exit-code", True)
    assert unit.is_restarting


# As systemd 257 told it, one after the other, while somebody restarted it
RESTARTED = (
    "MainPID=9076\nResult=success\nActiveState=deactivating\nSubState=stop-sigterm\nJob=2467\n",
    "MainPID=9284\nResult=success\nActiveState=activating\nSubState=start\nJob=2467\n",
    "MainPID=9284\nResult=success\nActiveState=active\nSubState=running\n",
)


def test_when_it_has_come_to_rest():
    assert [_systemd.parsed("guestbook.service", told).is_at_rest for told in RESTARTED] == [False, False, True]
    assert _systemd.parsed("guestbook.service", TOLD).is_at_rest, "what waits to be started again may do so for long"


def test_one_that_ends_by_itself_is_not_at_rest_yet():
    assert not _systemd.parsed("guestbook.service", "MainPID=0\nActiveState=deactivating\nSubState=stop-sigterm\n").is_at_rest


def test_one_that_it_does_not_know():
    unit = _systemd.parsed("other.service", "MainPID=0\nActiveState=inactive\nSubState=dead\nFragmentPath=\nNRestarts=0\n")
    assert (unit.state, unit.file, unit.enabled, unit.is_restarting) == ("inactive", "", False, False)


def test_where_nothing_can_be_asked():
    assert _systemd.parsed("any.service", "") == _systemd.Unit("any.service", "inactive", "dead", 0, 0, "", "", False, "", 0)


def test_what_is_the_main_process_of_nothing():
    assert _systemd.of_process(os.getpid()) is None
