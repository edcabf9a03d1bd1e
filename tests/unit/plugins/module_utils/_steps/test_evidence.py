# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import pathlib
import re
import socket
import threading
import time

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._host import _cgroup, _systemd
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _bin_app, _evidence, _start

STARTED = "\n=====\n===== LOGGING STARTED Mon Nov 23 02:26:57 UTC 2026\n=====\n"
DUMP = "=erl_crash_dump:0.5\nMon Nov 23 02:41:57 2026\nSlogan: init terminating in do_boot ()\nSystem version: Erlang/OTP 25\n" + "x\n" * 100


@pytest.fixture
def subject(layout, staged):
    release = staged()
    return _evidence.Subject(layout, release.path, layout.tmp, os.path.join(layout.tmp, "erl_crash.dump"), None)


@pytest.fixture
def write(layout):
    def write(name, text):
        path = pathlib.Path(layout.tmp, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def summary(subject):
    def told(about, **changes):
        lines = _evidence.summary(_evidence.view(subject._replace(**changes)))
        return [line[len(about) + 2 :] for line in lines if line.startswith(f"{about}: ")]

    return told


@pytest.fixture
def journalctl(place, monkeypatch):
    """A host that has a journal; it says with what it was asked."""
    monkeypatch.setitem(_systemd.ENV, "PATH", f"{place}:{_systemd.ENV['PATH']}")
    (place / "journalctl").write_text('#!/bin/sh\necho "asked with $*"\n', encoding="utf-8")
    (place / "journalctl").chmod(0o755)


def test_what_matters_most_comes_first(subject, write):
    write("log/erlang.log.1", f"{STARTED}old\n{STARTED}" + "".join(f"{number}\n" for number in range(30)))
    write("erl_crash.dump", DUMP)
    lines = _evidence.summary(_evidence.view(subject._replace(port=1)))
    assert lines[:16] == [f"log: {line}" for line in (*range(5), "(... 15 lines ...)", *range(20, 30))]
    assert [line.partition(":")[0] for line in lines[16:]] == ["crash dump", "port", "epmd", "process", "disk", "memory"]


def test_nothing_to_be_seen_is_no_failure(subject, layout):
    nowhere = subject._replace(path=None, tmp="/no/where", crash_dump="/no/where/dump")
    lines = _evidence.summary(_evidence.view(nowhere))
    assert [line.partition(":")[0] for line in lines] == ["epmd", "process", "disk", "memory"]
    assert f"process: nothing of {layout.root} runs" in lines
    assert "== The newest log in /no/where/log\n(there is none)\n" in _evidence.report(_evidence.view(nowhere))


def test_a_source_that_fails_does_not_keep_the_others_from_telling(summary, layout):
    missing = layout._replace(root=f"{layout.root}/missing")
    assert summary("disk", layout=missing) == [f"cannot be looked at: [Errno 2] No such file or directory: '{layout.root}/missing'"]
    assert summary("memory", layout=missing)


def test_the_slogan_of_a_crash_dump(summary, write):
    path = write("erl_crash.dump", DUMP)
    (line,) = summary("crash dump")
    assert re.fullmatch(rf"init terminating in do_boot \(\) \({path}, 20\S+\)", line)


def test_a_crash_dump_without_a_slogan_is_told(summary, write):
    write("erl_crash.dump", "")
    assert summary("crash dump")[0].startswith("no slogan (")


def test_an_old_crash_dump_is_of_another_failure(summary, write):
    path = write("erl_crash.dump", DUMP)
    os.utime(path, (1, time.time() - 601))
    assert summary("crash dump") == []


def test_a_crash_dump_from_before_the_last_start_is_of_another_failure(subject, summary, write):
    """Deployed, failed, mended and deployed again within ten minutes."""
    write("erl_crash.dump", DUMP)
    later = time.strftime("%a %b %e %H:%M:%S UTC %Y", time.gmtime(time.time() + 60))
    write("log/erlang.log.1", STARTED.replace("Mon Nov 23 02:26:57 UTC 2026", later))
    assert summary("crash dump") == []
    assert "System version" not in _evidence.report(_evidence.view(subject))


def test_a_slogan_is_made_readable(summary, write):
    write("erl_crash.dump", "Slogan: init terminating ({badmatch,<<101,110,118>>}) \x1b[2J\n")
    assert summary("crash dump")[0].startswith('init terminating ({badmatch,<<"env">>}) \\x1b[2J (')


def test_who_holds_the_port_where_nobody_may_look(subject, as_nobody):
    with socket.create_server(("127.0.0.1", 0)) as server:
        seen = _evidence.View(subject._replace(port=server.getsockname()[1]), [])
        # The child has a copy of it
        said = as_nobody(lambda: server.close() or _evidence.port(seen))
    assert "is held by a process that cannot be seen from here: only root may: use 'become'" in said


def test_where_a_release_listens_where_nobody_may_look(subject, running, as_nobody):
    assert f"pid {running.pid}: cannot be told, for only root may" in as_nobody(lambda: _evidence.listeners(_evidence.view(subject)))


def test_who_holds_the_port(summary):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        (line,) = summary("port", port=port)
    assert re.fullmatch(rf"{port} is held by \S+ \(pid {os.getpid()}\)", line)
    assert summary("port", port=1) == ["1 is held by nobody"]
    assert summary("port") == []


@pytest.fixture
def running(layout, staged, node, account):
    release = staged("0.2.0-b", env=f"RELEASE_NODE={node}\nSECRET=s3cr3t\n")
    return _start.start(layout, release, _bin_app.staged(release.path, release.name, layout, account))


def test_what_runs(summary, subject, running, node):
    (line,) = summary("process")
    assert line.startswith(f"0.1.0 (pid {running.pid}) from {running.root}, up since 20")
    report = _evidence.report(_evidence.view(subject))
    assert f"(pid {running.pid})" in report and f"node {node}" in report and f"pid {running.pid}: none" in report
    assert "s3cr3t" not in report


def test_the_disk(summary, layout):
    (line,) = summary("disk")
    assert re.fullmatch(rf"\d+ MiB \(\d+ %\) free of \d+ MiB at {layout.root}(, and no file more.*)?", line)


def test_memory(summary):
    (line,) = summary("memory")
    assert re.match(r"\d+ MiB available", line)


@pytest.mark.parametrize(
    "found, words",
    [
        ((None, None, None, None), "how much is available is not known"),
        ((5 << 20, None, None, 0), "5 MiB available"),
        (
            (5 << 20, 6 << 20, 4 << 20, 2),
            "5 MiB available, limited to 6 MiB, of which 4 MiB are used, 2 processes of this cgroup were killed for lack of it since the cgroup was made",
        ),
    ],
)
def test_memory_in_words(found, words):
    assert _evidence.memory_in_words(_cgroup.Memory(*found)) == words


def test_what_run_erl_says_to_nobody_but_syslog(summary, journalctl):
    (line,) = summary("run_erl")
    assert line.startswith("asked with ") and "--identifier=run_erl --since=-600s" in line


def test_the_journal_of_its_unit(journalctl):
    (line,) = _evidence.journal_of("guestbook.service")
    assert line.endswith("--lines=10 --unit=guestbook.service")
    assert _evidence.journal_of(None) == []


def test_a_journal_that_does_not_answer_is_none(summary, place, journalctl):
    (place / "journalctl").write_text("#!/bin/sh\necho no >&2\nexit 1\n", encoding="utf-8")
    assert summary("run_erl") == []


def test_the_report_has_more_of_all(subject, write):
    write("log/erlang.log.1", f"{STARTED}old\n{STARTED}" + "".join(f"\x1b[31mline {number}\x1b[0m\r\n" for number in range(150)))
    write("erl_crash.dump", DUMP)
    report = _evidence.report(_evidence.view(subject))
    assert f"{subject.tmp}/log/erlang.log.1, since the start at 2026-11-23T02:26:57+00:00, last written 20" in report
    assert "\nline 0\n" in report and "\nline 149\n" in report and "\nold\n" not in report
    assert "System version: Erlang/OTP 25" in report and report.count("\nx\n") <= 60
    for title in ("The BEAMs of this host", "Listening", "epmd", "Disk", "Memory"):
        assert f"== {title}\n" in report


def test_a_host_whose_processes_cannot_be_seen(subject):
    assert _evidence.view(subject, proc="/no/proc").beams == []


def test_epmd_is_asked_at_the_port_of_the_release(subject):
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(1)
    port = listener.getsockname()[1]

    def answer():
        connection = listener.accept()[0]
        with connection:
            connection.recv(64)
            connection.sendall(b"\0\0\x11\x11name guestbook at port 38027\n")

    with listener:
        thread = threading.Thread(target=answer)
        thread.start()
        assert _evidence.epmd(_evidence.view(subject._replace(epmd_port=port))) == [f"lists guestbook at port 38027 (asked at port {port})"]
        thread.join(2)
