# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""report FILE: writes the tables of faults from what all their rows saw; refuses where one is missing or failed."""

from __future__ import annotations

import json
import pathlib
import sys
import typing as t

from ansible_collections.beamops.elixir.molecule.faults import rows, slots_faults, slots_report, words
from ansible_collections.beamops.elixir.molecule.faults.faults import FAULTS
from ansible_collections.beamops.elixir.molecule.faults.language import AFTER, BEFORE, IN, Fault
from ansible_collections.beamops.elixir.molecule.faults.traffic import PATIENCE

RUN = "run"
Result = t.Tuple[Fault, t.Optional[t.Dict[str, t.Any]], t.Dict[str, t.Any]]  # with the rows of the script and of the collection
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


def table(results: t.Iterable[Result]) -> str:
    lines = [["fault", "when", "the script", "this collection", "requests lost", "seconds to be back"]]
    for fault, script, collection in results:
        lines.append(
            [
                words.fault(fault),
                fault.when,
                words.script(script) if script else f"has none: {fault.script}",
                words.collection(collection),
                f"{script['lost'] if script else '–'} / {collection['lost']}",
                f"{words.seconds(script) if script else '–'} / {words.seconds(collection)}",
            ]
        )
    return words.table(lines)


class Part(t.NamedTuple):
    """A table of the page, made from the rows of one scenario, and what stands above it."""

    scenario: str
    faults: t.Sequence[Fault]
    head: str
    table: t.Callable[[t.Iterable[Result]], str]
    has_script: bool = True  # whether the bash script has a half of it

    def halves(self, fault: Fault) -> t.Sequence[str]:
        return rows.HALVES if self.has_script and fault.script == RUN else ["collection"]

    @property
    def folder(self) -> pathlib.Path:
        return rows.folder_of(self.scenario)

    @property
    def heading(self) -> str:
        return self.head.partition("\n")[0]

    def complaints(self) -> list[str]:
        """The rows that there cannot be a table without."""
        found = []
        for fault in self.faults:
            for half in self.halves(fault):
                row = rows.read(fault, half, self.folder)
                if row is None:
                    found.append(f"{fault.name}: the row of the {half} is missing")
                elif row.get("complaints"):
                    found.append(f"{fault.name}: the row of the {half} failed: {'; '.join(row['complaints'])}")
        return found

    def text(self) -> str:
        versions = json.loads((self.folder / "versions.json").read_text())
        in_order = [fault for when in (BEFORE, IN, AFTER) for fault in self.faults if fault.when == when]
        read = {fault.name: {half: rows.read(fault, half, self.folder) for half in self.halves(fault)} for fault in in_order}
        results = [(fault, read[fault.name].get("script"), read[fault.name]["collection"] or {}) for fault in in_order]
        head = self.head.format(versions=", ".join(f"{name} {version}" for name, version in versions.items()), patience=PATIENCE)
        return head + "\n" + self.table(results)


PARTS = [
    Part("faults", FAULTS, HEAD, table),
    Part("faults_slots", slots_faults.FAULTS, slots_report.HEAD, slots_report.table, has_script=False),
]


def page(before: str, parts: t.Sequence[Part]) -> str:
    """A part whose scenario has no hosts now stays as it is on the page."""
    texts = []
    for number, part in enumerate(parts):
        later = [following.heading for following in parts[number + 1 :]]
        texts.append(part.text() if part.folder.exists() else standing(before, part.heading, later))
    return "\n".join(filter(None, texts))


def standing(before: str, heading: str, later: t.Iterable[str]) -> str:
    """What stands on the page from a heading to the next one that is told."""
    _above, found, text = f"\n{before}".partition(f"\n{heading}\n")
    for next_heading in later:
        text = text.partition(f"\n{next_heading}\n")[0]
    return f"{heading}\n{text}" if found else ""


def main() -> None:
    run = [part for part in PARTS if part.folder.exists()]
    found = [line for part in run for line in part.complaints()]
    if found or not run:
        sys.exit("faults: no table, since\n" + "\n".join(f"  {line}" for line in found or ["no row was run"]))
    file = pathlib.Path(sys.argv[1])
    file.write_text(page(file.read_text() if file.exists() else "", PARTS))
    print(f"faults: {file} has {sum(len(part.faults) for part in PARTS)} rows, of which {sum(len(part.faults) for part in run)} were run")


if __name__ == "__main__":
    main()
