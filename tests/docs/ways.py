# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How each command that a page shows is put to the test. The first line that fits a command is its way."""

from __future__ import annotations

import re

TARGET = "its target is one of the Makefile, and is run by the tests or by hand"
MIX = "there is no Mix beside the tests: examples/guestbook/build does that in a container"
PLAYBOOK = "its syntax is checked, and with the tarball that is installed it is run where tests/installed has hosts for it"
DESK = "run by tests/installed, where a reader sits"
HOST = "run by tests/installed, on a host"
ENDLESS = "run by tests/installed, on a host, and ended after some seconds"
TERMINAL = "run by tests/installed, on a host, with a terminal that says no word"
EDITOR = "run by tests/installed, on a host, with an editor that writes nothing"

WAYS = (
    ("make ", TARGET),
    ("mix |MIX_ENV=prod mix ", MIX),
    ("ansible-playbook ", PLAYBOOK),
    ("ansible |ansible-vault |export ", DESK),
    (r"sudo systemctl edit ", EDITOR),
    (r".* remote'$", TERMINAL),
    (r"journalctl .* -f$|sudo tail .* -F ", ENDLESS),
    (r"sudo |systemctl |systemd-analyze |curl http://127\.0\.0\.1", HOST),
)


def way_of(command: str) -> str | None:
    return next((way for pattern, way in WAYS if re.match(pattern, command)), None)
