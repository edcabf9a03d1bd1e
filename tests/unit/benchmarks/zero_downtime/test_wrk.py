# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is read out of wrk's output."""

from __future__ import annotations

import pathlib

from ansible_collections.beamops.elixir.benchmarks.zero_downtime import settings, wrk

# Of Debian's 4.1.0, with a server that went away
OUTPUT = """Running 1m test @ http://127.0.0.1:8080/version
  1 threads and 4 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   325.82us  278.85us   2.21ms   84.38%
    Req/Sec   192.63     14.88   202.00     83.33%
  576 requests in 3.00s, 22.50KB read
  Socket errors: connect 1, read 142, write 2, timeout 3
  Non-2xx or 3xx responses: 20
Requests/sec:    191.72
Transfer/sec:      7.49KB
status 200 550
status 502 20
status 301 6
longest gap 1.3940 at 1764300000.2500
"""


def test_all_that_it_counts_is_read():
    assert wrk.parse(OUTPUT) == {
        "sent": 721,
        "failed": 174,
        "answered": 550,
        "requests": 576,
        "errors": {"connect": 1, "read": 142, "write": 2, "timeout": 3},
        "non_2xx": 20,
        "statuses": {"200": 550, "502": 20, "301": 6},
        "longest_gap": 1.394,
        "longest_gap_at": 1764300000.25,
    }


def test_what_it_does_not_say_did_not_happen():
    told = wrk.parse("\n".join(line for line in OUTPUT.splitlines() if not any(word in line for word in ("errors", "Non-2xx", "502", "301"))))
    assert (told["sent"], told["failed"], told["non_2xx"]) == (576, 0, 0)


def test_no_summary_is_an_error():
    assert wrk.parse("unable to connect to 127.0.0.1:8080 Connection refused\n") == {"error": "unable to connect to 127.0.0.1:8080 Connection refused"}
    assert wrk.parse("") == {"error": "it said nothing"}


def test_a_rate_of_all_hosts_is_a_pause_of_each_connection():
    given = ["--out", "x", "--wrk", "sh", "--seconds", "20", "--wrk-connections", "3", "--wrk-rate", "100", "a=http://127.0.0.1:1", "b=http://127.0.0.1:2"]
    chosen, _all = settings.read(given)
    argv = wrk.Wrk(chosen, chosen.sites[1]).argv
    assert argv[1:6] == ["-t1", "-c3", "-d20s", "--timeout", "30s"]
    assert argv[6:10] == ["-H", "Host: guestbook.example.com", "-H", "X-Forwarded-Proto: https"]
    assert argv[-3:] == ["http://127.0.0.1:2/version", "--", "60"]
    assert pathlib.Path(argv[-4]).is_file()
