# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether somebody sets this host's clock, as the kernel knows: it is told by ntpd, chronyd and systemd-timesyncd alike."""

from __future__ import annotations

import ctypes

# adjtimex(2): "the system clock is not synchronized to a reliable server"
TIME_ERROR = 5
# struct timex has 208 bytes on 64 bit systems
BYTES = 512


def is_synchronised() -> bool | None:
    """None where the kernel does not say, as in a container that may not ask."""
    try:
        # Of zeros: it sets nothing, and tells
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(BYTES))
    except (OSError, AttributeError):
        return None
    return None if state < 0 else state != TIME_ERROR
