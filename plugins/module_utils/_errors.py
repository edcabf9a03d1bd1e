# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one exception of this collection."""

from __future__ import annotations


class ReleaseError(Exception):
    """What went wrong, in words that an operator can act on.

    Says what was found, where, and what to do next. Utils raise it, only modules turn it into a failed task.
    """
