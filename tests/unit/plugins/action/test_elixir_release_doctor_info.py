# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.beamops.elixir.plugins.action import elixir_release_doctor_info as action


@pytest.mark.parametrize(("there", "expected"), [(100.5, 0), (100, 0), (101, 0), (99, -1), (103, 2)])
def test_a_clock_is_as_far_off_as_can_be_seen(there, expected):
    """The host told its time at some moment between the two."""
    assert action.ahead(there, 100.0, 101.0) == expected


@pytest.mark.parametrize(("offset", "text"), [(7.3, "7 s ahead of the controller's"), (-3600.0, "3600 s behind the controller's")])
def test_in_words(offset, text):
    assert f"This host's clock is {text}." in action.in_words(offset)
