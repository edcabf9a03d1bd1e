# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What docs/faults.md says of the strategy blue_green."""

from __future__ import annotations

import typing as t

from ansible_collections.beamops.elixir.molecule.faults import words
from ansible_collections.beamops.elixir.molecule.faults.language import Fault

HEAD = """## With the strategy blue_green

The same update, on a host as most servers are: systemd is PID 1, nginx is in front, and 0.1.0 serves from the slot blue. What is injected, and what has to be
true at the end, stands in [molecule/faults/slots_faults.py](../molecule/faults/slots_faults.py).

Made with {versions}.

**Afterwards** is who serves through nginx, and from which slot. *Untouched* is what was said of it above. Where the table does not say something else, nothing
runs in the other slot, and nothing but what serves starts with the host; all that is looked at above is looked at here as well, and is as it has to be.

**Requests lost** got no answer from nginx within {patience:g} s, or an error; of how many. Three visitors ask about 20 times a second each, until a few seconds
after the end: one makes a connection for each request, and leaves an entry once a second; one keeps its connection; and one sends POSTs on a connection that
it keeps. Nobody asks twice. **Seconds to be back**: for the visitor who had to wait longest. Where it is nginx that was taken away, that took the requests,
and the seconds are those without it.
"""


def table(results: t.Iterable[tuple[Fault, t.Any, dict[str, t.Any]]]) -> str:
    lines = [["fault", "when", "the run", "afterwards", "requests lost", "seconds to be back"]]
    for fault, _script, row in results:
        run = "; ".join(filter(None, [words.exit_codes(row), words.said(row)]))
        lines.append([words.fault(fault), fault.when, run, words.left(row), f"{row['lost']} of {row['asked']}", words.seconds(row)])
    return words.table(lines)
