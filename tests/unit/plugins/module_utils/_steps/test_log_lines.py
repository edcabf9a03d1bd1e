# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._steps import _log_lines


@pytest.mark.parametrize(
    "lines, expected",
    [
        ([], []),
        (["b", "a"], ["a", "b"]),
        (["c", "b", "  of b", "  too", "a"], ["a", "b", "  of b", "  too", "c"]),
        (["  of what is cut off", "a"], ["a", "  of what is cut off"]),
    ],
)
def test_messages_in_the_order_in_which_they_came(lines, expected):
    assert _log_lines.oldest_first(lines) == expected


def test_of_a_service_it_is_the_journal():
    log = _log_lines.Log(units=("guestbook-blue.service", "guestbook-green.service"))
    assert log.where == "journalctl --unit=guestbook-blue.service --unit=guestbook-green.service"
    assert log.follow == ["journalctl", "--follow", "--lines=0", "--unit=guestbook-blue.service", "--unit=guestbook-green.service"]
