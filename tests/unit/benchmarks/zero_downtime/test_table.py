# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of several results."""

from __future__ import annotations

from ansible_collections.beamops.elixir.benchmarks.zero_downtime.table import table


def results(**hosts):
    return {"hosts": {name: {"longest_gap": 0.05, "kinds": kinds} for name, kinds in hosts.items()}}


def kind(sent=100, failed=0, longest_gap=0.05, **more):
    return {"sent": sent, "failed": failed, "longest_gap": longest_gap, **more}


def row(title, ways):
    """The cells of one row."""
    return next([cell.strip() for cell in line.split("|")[2:-1]] for line in table(ways).splitlines() if line.startswith(f"| {title}"))


def test_is_markdown_with_a_column_for_each_way():
    ways = {"blue/green": results(web1={"gets": kind()}), "in place": results(web1={"gets": kind(failed=7, longest_gap=2.2)})}
    assert table(ways) == (
        "| sent / failed / longest gap | blue/green | in place |\n"
        "| --- | --- | --- |\n"
        "| GET, kept connections | 100 / 0 / 0.05 s | 100 / **7** / 2.20 s |\n"
        "| all but wrk | 100 / 0 / 0.05 s | 100 / **7** / 0.05 s |\n"
    )


def test_adds_up_hosts_and_takes_the_longest_gap():
    assert row("GET, kept", {"way": results(web1={"gets": kind(1, 1, 0.1)}, web2={"gets": kind(2, 1, 0.3)})}) == ["3 / **2** / 0.30 s"]


def test_shows_the_codes_of_all_hosts_and_how_soon_it_was_open_again():
    web1 = {"sockets": kind(codes={"1012": 20, "1006": 1}, longest_reconnect=0.1)}
    web2 = {"sockets": kind(codes={"1012": 20}, longest_reconnect=0.2)}
    assert row("websockets", {"way": results(web1=web1, web2=web2)}) == ["200 / 0 / 0.05 s; 1 × 1006; 40 × 1012; open again within 0.20 s"]


def test_shows_no_code_where_nothing_was_closed():
    assert row("websockets", {"way": results(web1={"sockets": kind(codes={}, longest_reconnect=0.0)})}) == ["100 / 0 / 0.05 s"]


def test_shows_no_gap_between_polls_but_how_many_were_early():
    assert row("long polls", {"way": results(web1={"polls": kind(early=3)})}) == ["100 / 0 / –; 3 early"]


def test_leaves_out_what_no_way_has_and_marks_what_one_lacks():
    ways = {"a": results(web1={"gets": kind(), "fresh": kind()}), "b": results(web1={"gets": kind()})}
    assert row("GET, a connection", ways) == ["100 / 0 / 0.05 s", "–"]
    assert "polls" not in table(ways)


def test_says_where_wrk_did_not_run_and_leaves_it_out_of_the_sum():
    ways = {"a": results(web1={"gets": kind(), "wrk": {"error": "unable to connect"}}), "b": results(web1={"gets": kind(), "wrk": kind(9000, 8000)})}
    assert row("wrk", ways) == ["**did not run**", "9000 / **8000** / 0.05 s"]
    assert row("all", ways) == ["100 / 0 / 0.05 s", "100 / 0 / 0.05 s"]
