# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the figures have to be, and whether they are."""

from __future__ import annotations

import typing as t

from ansible_collections.beamops.elixir.benchmarks import cases, figures
from ansible_collections.beamops.elixir.benchmarks.figures import Figures, Metric


# What all kept releases may take, as so many times one
MOST_DISK = 1.3
NOT_MEASURED = "not measured"


class Mark(t.NamedTuple):
    title: str
    mark: str
    figure: str
    met: bool | None  # None where there is nothing to judge it by


def marks(found: Figures, subject: str, rtt: int) -> list[Mark]:
    def value(metric: Metric, case: str, hosts: int) -> float | None:
        values = found.of(metric, case, subject, hosts, rtt)
        return values.median if values else None

    def seconds(title: str, figure: float | None, factor: float, base: float | None, words: str, more: float = 0) -> Mark:
        if figure is None or base is None:
            return Mark(title, f"≤ {words}", NOT_MEASURED, None)
        limit = factor * base + more
        return Mark(title, f"≤ {words} = {limit:.2f} s", f"{figure:.2f} s ({(figure - more) / base:.2f} ×)", figure <= limit)

    one_script = value(figures.wall, "script", 1)
    stable_for = found.content["stable_for"][subject]
    rows = [seconds("downtime in place, 1 host", value(figures.away, "deploy", 1), 1.2, value(figures.floor, "floor", 1), "1.2 × the floor")]
    for hosts in (4, 8):
        base = value(figures.floor, "floor", hosts)
        words = f"1.5 × the floor of {hosts} at once"
        rows.append(seconds(f"downtime, {hosts} hosts in one batch", value(figures.away, "deploy-100", hosts), 1.5, base, words))
    start = value(figures.floor_part("start"), "floor", 1)
    rows.append(seconds("downtime with overlap, 1 host", value(figures.away, "overlap", 1), 1.2, start, "1.2 × start until it answers"))
    rows.append(seconds("whole update, 1 host, stable_for 0", value(figures.wall, "deploy", 1), 1, one_script, "the script"))
    title = "the same without the migrations, which the script leaves to a person"
    rows.append(seconds(title, value(figures.wall_without_migrating, "deploy", 1), 1, one_script, "the script"))
    title = f"whole update, 1 host, stable_for {stable_for:g}"
    rows.append(seconds(title, value(figures.wall, "stable", 1), 1, one_script, f"the script + {stable_for:g} s", stable_for))
    for hosts in (4, 8):
        base = value(figures.wall, "script", hosts)
        rows.append(seconds(f"whole update, {hosts} hosts in one batch", value(figures.wall, "deploy-100", hosts), 0.5, base, "half of the script's loop"))
        rows.append(seconds(f"whole update, {hosts} hosts, default batches", value(figures.wall, "deploy", hosts), 1, base, "the script's loop"))
    three = value(figures.wall, "three", 8)
    rows.append(seconds("deploy with nothing to do, 8 hosts", value(figures.wall, "noop", 8), 1.5, three, "1.5 × the play of three tasks"))
    rows += [controller_cpu(found, subject, hosts, rtt) for hosts in found.hosts]
    rows.append(one_look(value(figures.host_cpu, "looks", 1), value(figures.host_cpu, "plain", 1)))
    tarball = value(lambda run: run["tarball"], "line", 1)
    rows.append(one_line("bytes of the release for a one-line change", value(figures.release_bytes, "line", 1), tarball))
    rows.append(one_line("bytes on the connection for it, with Ansible's modules", value(figures.sent, "line", 1), tarball))
    disk = value(figures.disk, "line", 1)
    limit = f"≤ {MOST_DISK} × one release"
    title = f"disk of {cases.KEPT} releases that differ by one line"
    rows.append(Mark(title, limit, f"{disk:.2f} ×", disk <= MOST_DISK) if disk else Mark(title, limit, NOT_MEASURED, None))
    rows.append(no_retries(found, subject, rtt))
    return [row for row in rows if row.figure != NOT_MEASURED]


def controller_cpu(found: Figures, subject: str, hosts: int, rtt: int) -> Mark:
    """Beside the first of the collections that were compared, the one before."""
    title, before = f"controller CPU for an update of {hosts} host{'s' * (hosts > 1)}", found.subjects[0]
    values = [found.of(figures.controller_cpu, "deploy", name, hosts, rtt) for name in (subject, before)]
    if subject == before or None in values:
        return Mark(title, "≤ half of what it was", f"{values[0].median:.2f} s" if values[0] else NOT_MEASURED, None)
    now, was = (it.median for it in values if it)
    return Mark(title, f"≤ half of {before}'s {was:.2f} s", f"{now:.2f} s ({now / was:.2f} ×)", now <= was / 2)


def one_look(looks: float | None, plain: float | None) -> Mark:
    title, limit = "host CPU of a look beyond Ansible's own task", "< 20 ms"
    if looks is None or plain is None:
        return Mark(title, limit, NOT_MEASURED, None)
    took = 1000 * (looks - plain) / cases.TIMES
    return Mark(title, limit, f"{took:.0f} ms", took < 20)


def one_line(title: str, sent: float | None, tarball: float | None) -> Mark:
    if sent is None or tarball is None:
        return Mark(title, "≤ 3 % of the tarball", NOT_MEASURED, None)
    return Mark(title, f"≤ 3 % of the tarball = {0.03 * tarball / 1000:.0f} kB", f"{sent / 1000:.0f} kB ({100 * sent / tarball:.1f} %)", sent <= 0.03 * tarball)


def no_retries(found: Figures, subject: str, rtt: int) -> Mark:
    counts = [run["retrying"] for run in found.good if run["subject"] == subject and run["rtt"] == rtt and run.get("tasks")]
    title = "lines with `FAILED - RETRYING`, in all runs"
    return Mark(title, "none", f"{sum(counts)} in {len(counts)} runs" if counts else NOT_MEASURED, sum(counts) == 0 if counts else None)
