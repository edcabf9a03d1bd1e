# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""report [FILE]: writes the fault table from what all rows of both halves saw; refuses where one is missing or failed."""

from __future__ import annotations

import json
import pathlib
import sys
import typing as t

from ansible_collections.beamops.elixir.molecule.conftest import FLEET
from ansible_collections.beamops.elixir.molecule.faults import rows, words
from ansible_collections.beamops.elixir.molecule.faults.faults import FAULTS
from ansible_collections.beamops.elixir.molecule.faults.language import AFTER, BEFORE, IN, Fault
from ansible_collections.beamops.elixir.molecule.faults.traffic import PATIENCE

RUN = "run"
HEAD = """# What goes wrong, and what becomes of it

Each row below is a real update of [guestbook](../examples/guestbook) from 0.1.0 to 0.2.0 under light HTTP traffic, with one fault in it. `make faults` runs
all of them, looks at the hosts afterwards (which process serves, which version, with which env file; `current`, ledger, lock; what the run printed; its exit
code) and writes this page; it writes none where a row did not end as it has to. Nothing here is written by hand. What is injected, and what has to be true at
the end, stands in [molecule/faults/faults.py](../molecule/faults/faults.py).

Made with {versions}.

**The script** is the bash script that this collection grew out of, [as it was](../molecule/shared/bash-script), run under the same fault against one of these
hosts, three rows at a time. Its loops have no end: what had not ended after 30 s (after 70 s where the old release takes 40 s to stop) was ended. What it left
is what was there some seconds later. It has the fixed cookie in its env file that its author advises, but where the fault is about that, and the database was
migrated for it.

**This collection** deploys to web1, web2 and web3 in turn. *Untouched* is a host where the process that served before serves still. Where the table does not
say something else, `current` points to what serves, the env file in the environment of that process is the one that lies beside it, the ledger has a line for
what happened and the lock is given back. No entry that the application had acknowledged was lost in any row, and no secret was in any output: both are looked
at in every row.

**Requests lost** got no answer within {patience:g} s, or an error: of the script on its one host, then of this collection on all three. Every host is asked
about 20 times a second and is written to once a second, until a few seconds after the end. An update in place costs some seconds on each host, see the first
row. **Seconds to be back**: on the host that was away longest, from the last good answer before to the next one; *never* where there was none until the end.
"""


def table(results: t.Iterable[tuple[Fault, dict[str, t.Any] | None, dict[str, t.Any]]]) -> str:
    lines = ["| fault | when | the script | this collection | requests lost | seconds to be back |", "| --- | --- | --- | --- | --- | --- |"]
    for fault, script, collection in results:
        cells = [
            f"**{fault.title}**" + (f": {fault.how}" if fault.how else ""),
            fault.when,
            words.script(script) if script else f"has none: {fault.script}",
            words.collection(collection),
            f"{script['lost'] if script else '–'} / {collection['lost']}",
            f"{words.seconds(script) if script else '–'} / {words.seconds(collection)}",
        ]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def complaints() -> list[str]:
    """The rows that there cannot be a table without."""
    found = []
    for fault in FAULTS:
        for half in rows.HALVES if fault.script == RUN else ["collection"]:
            row = rows.read(fault, half)
            if row is None:
                found.append(f"{fault.name}: the row of the {half} is missing")
            elif row.get("complaints"):
                found.append(f"{fault.name}: the row of the {half} failed: {'; '.join(row['complaints'])}")
    return found


def report(versions: str, patience: float) -> str:
    in_order = [fault for when in (BEFORE, IN, AFTER) for fault in FAULTS if fault.when == when]
    results = [(fault, rows.read(fault, "script") if fault.script == RUN else None, rows.read(fault, "collection") or {}) for fault in in_order]
    return HEAD.format(versions=versions, patience=patience) + "\n" + table(results)


def main() -> None:
    found = complaints()
    if found:
        sys.exit("faults: no table, since\n" + "\n".join(f"  {line}" for line in found))
    versions = json.loads((FLEET / "rows" / "versions.json").read_text())
    text = report(", ".join(f"{name} {version}" for name, version in versions.items()), PATIENCE)
    pathlib.Path(sys.argv[1]).write_text(text)
    print(f"faults: {sys.argv[1]} has {len(FAULTS)} rows")


if __name__ == "__main__":
    main()
