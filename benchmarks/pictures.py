# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pictures, with the same bytes for the same figures."""

from __future__ import annotations

import pathlib

import matplotlib as mpl
from ansible_collections.beamops.elixir.benchmarks import figures
from ansible_collections.beamops.elixir.benchmarks.figures import Figures, Metric

mpl.use("Agg")
mpl.rcParams.update({"svg.hashsalt": "beamops", "svg.fonttype": "none", "axes.spines.top": False, "axes.spines.right": False, "font.size": 10})

from matplotlib import pyplot  # noqa: E402  pylint: disable=wrong-import-position,wrong-import-order

UPDATES = ("script", "deploy", "deploy-100")


def panels(found: Figures, name: str, path: pathlib.Path, metric: Metric, of: tuple[str, ...], floor: bool) -> None:
    """A panel for each round-trip time: lines over the number of hosts, from the least to the most."""
    figure, axes = pyplot.subplots(1, len(found.rtts), figsize=(5.5 * len(found.rtts), 4), squeeze=False, sharey=True, layout="constrained")
    for axis, rtt in zip(axes[0], found.rtts):
        for case, subject in found.columns():
            if case.name in of:
                alone = case.common or len(found.subjects) == 1
                line(axis, found, metric, (case.name, subject, rtt), case.title if alone else f"{case.title}: {subject}", "o-")
        if floor:
            line(axis, found, figures.floor, ("floor", "", rtt), "floor", "k--")
        axis.set(title=f"{name}, round trip {rtt} ms", xlabel="hosts", xticks=found.hosts)
        axis.set_ylim(bottom=0)
        axis.grid(axis="y", alpha=0.3)
    axes[0][0].set_ylabel("seconds")
    if axes[0][0].lines:
        axes[0][0].legend(frameon=False)
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def line(axis, found: Figures, metric: Metric, of: tuple[str, str, int], label: str, style: str) -> None:
    case, subject, rtt = of
    points = [(hosts, found.of(metric, case, subject, hosts, rtt)) for hosts in found.hosts]
    known = [(hosts, values) for hosts, values in points if values]
    if known:
        numbers = [hosts for hosts, _values in known]
        (drawn,) = axis.plot(numbers, [values.median for _hosts, values in known], style, label=label)
        least, most = [values.least for _hosts, values in known], [values.most for _hosts, values in known]
        axis.fill_between(numbers, least, most, alpha=0.15, color=drawn.get_color(), linewidth=0)


def wall_time(found: Figures, path: pathlib.Path) -> None:
    panels(found, "Whole update", path, figures.wall, UPDATES, floor=False)


def downtime(found: Figures, path: pathlib.Path) -> None:
    panels(found, "Downtime of a host", path, figures.away, UPDATES, floor=True)
