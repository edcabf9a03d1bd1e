# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime
import fcntl
import json
import multiprocessing
import os
import stat

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._root import _layout, _lock

NOW = datetime.datetime(2026, 11, 23, 1, 2, 3, tzinfo=datetime.timezone.utc)
KAI, ADA = _lock.Run("laptop boot pid:[1]", 4711, 99), _lock.Run("ci boot pid:[1]", 4711, 99)
WORDS = "process 4711, since 2026-11-23T01:02:03+00:00, for deploy of 0.2.0"


def wish(run=KAI, **fields):
    return _lock.Wish(**{"owner": "kai@laptop" if run.place == KAI.place else "ada@ci", "run": run, "expires": 60, "what": "deploy of 0.2.0", **fields})


def lock(run=ADA, **fields):
    return _lock.held(None, wish(run), NOW)._replace(**fields)


def after(seconds):
    return NOW + datetime.timedelta(seconds=seconds)


def lie(layout, found):
    """Let this lock, or this text, lie there."""
    os.makedirs(layout.root, exist_ok=True)
    with open(layout.lock, "wb") as file:
        file.write(found if isinstance(found, bytes) else json.dumps(found._asdict()).encode())


@pytest.fixture
def written(layout):
    def read():
        with open(layout.lock, encoding="utf-8") as file:
            return json.load(file)

    return read


@pytest.mark.parametrize(
    "found, wanted, now, right",
    [
        (None, wish(), NOW, "it was free"),
        (lock(KAI), wish(), after(999), "it is its own"),
        (lock(KAI, kept="it died"), wish(), NOW, "it is its own"),
        (lock(), wish(), NOW, None),
        (lock(), wish(), after(60), None),
        (lock(), wish(), after(61), "which had expired"),
        (lock(refreshed=after(60).isoformat()), wish(), after(61), None),
        (lock(refreshed="2026-11-23T03:02:03+02:00"), wish(), after(61), "which had expired"),
        (lock(), wish(takeover=ADA), NOW, "whose run is no more"),
        (lock(), wish(takeover=ADA._replace(pid=4712)), NOW, None),
        (lock(), wish(takeover=ADA._replace(started=100)), NOW, None),
        (lock(), wish(force=True), NOW, "by force"),
        (lock(kept="it died"), wish(takeover=ADA), after(61), None),
        (lock(kept="it died"), wish(force=True), NOW, "by force"),
        (_lock.UNREADABLE, wish(takeover=ADA), NOW, None),
        (_lock.UNREADABLE, wish(force=True), NOW, "by force"),
        # A later process of the same number, on the same controller and on a system without /proc
        (lock(KAI), wish(KAI._replace(started=100)), NOW, None),
        (lock(KAI._replace(started=None)), wish(KAI._replace(started=None)), NOW, "it is its own"),
    ],
)
def test_who_may_hold_it(found, wanted, now, right):
    assert _lock.claim(found, wanted, now) == right


@pytest.mark.parametrize(
    "found, wanted, since, what, kept",
    [
        (None, wish(), after(9), "deploy of 0.2.0", None),
        (lock(KAI), wish(), NOW, "deploy of 0.2.0", None),
        (lock(KAI), wish(what="rollback"), NOW, "rollback", None),
        (lock(KAI), wish(what=None), NOW, "deploy of 0.2.0", None),
        (lock(KAI), wish(kept="it died"), NOW, "deploy of 0.2.0", "it died"),
        (lock(KAI, kept="it died"), wish(), NOW, "deploy of 0.2.0", "it died"),
        (lock(KAI, kept="it died"), wish(force=True), NOW, "deploy of 0.2.0", None),
        (lock(kept="it died", what="a"), wish(what=None, force=True), after(9), None, None),
    ],
)
def test_what_is_written_of_it(found, wanted, since, what, kept):
    written = _lock.held(found, wanted, after(9))
    assert (written.owner, written.run, written.expires, written.refreshed) == ("kai@laptop", KAI, 60, after(9).isoformat())
    assert (written.since, written.what, written.kept) == (since.isoformat(), what, kept)


def test_what_was_written_is_read():
    assert _lock.parse(json.dumps(lock(kept="it died")._asdict())) == lock(kept="it died")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        "{}",
        json.dumps(lock(since=None)._asdict()),
        json.dumps(lock(owner=None)._asdict()),
        json.dumps(lock(pid="4711")._asdict()),
        json.dumps(lock(refreshed="yesterday")._asdict()),
        json.dumps(lock(refreshed="2026-11-23T01:02:03")._asdict()),
        json.dumps(lock(expires=10**20)._asdict()),
        json.dumps({**lock()._asdict(), "what": ["deploy"]}),
    ],
)
def test_what_nobody_can_read(text):
    assert _lock.parse(text) is _lock.UNREADABLE


def test_one_takes_it_and_the_other_is_told(layout, written):
    umask = os.umask(0o077)
    try:
        assert _lock.hold(layout, wish())["msg"] == f"Took {layout.lock}."
    finally:
        os.umask(umask)
    assert set(written()) == {"owner", "place", "pid", "started", "since", "refreshed", "expires", "what", "kept"}
    assert stat.S_IMODE(os.stat(layout.lock).st_mode) == 0o644
    assert stat.S_IMODE(os.stat(layout.root).st_mode) == 0o755
    before = written()
    answer = _lock.hold(layout, wish(ADA))
    assert (answer["changed"], answer["held"], answer["owner"], answer["what"], answer["since"]) == (
        False,
        False,
        "kai@laptop",
        "deploy of 0.2.0",
        before["since"],
    )
    assert answer["holder"] == KAI._asdict()
    assert written() == before
    assert os.listdir(layout.root) == ["deploy.lock"]


def test_who_is_refused_reads_who_and_what_to_do(layout):
    lie(layout, lock(refreshed="2026-11-23T01:02:03+00:00", expires=10**9))
    assert _lock.hold(layout, wish())["msg"] == (
        f"{layout.lock} is held by ada@ci, {WORDS}. That run was last heard of at 2026-11-23T01:02:03+00:00; "
        "after 2058-08-01T02:48:43+00:00 its lock counts as expired. Wait until it is done (elixir_release_lock_wait, in seconds), "
        "or, where that run is no more, run the playbook beamops.elixir.unlock."
    )


def test_its_own_is_refreshed(layout, written):
    lie(layout, lock(KAI))
    answer = _lock.hold(layout, wish(what="rollback"))
    assert (answer["changed"], answer["held"], answer["since"], answer["taken_over"]) == (False, True, NOW.isoformat(), None)
    assert written()["what"] == "rollback" and written()["refreshed"] > NOW.isoformat()


def test_an_expired_one_is_taken_over(layout, written):
    lie(layout, lock(refreshed="2020-01-01T00:00:00+00:00"))
    answer = _lock.hold(layout, wish())
    assert (answer["changed"], answer["held"], answer["owner"], answer["taken_over"]) == (True, True, "kai@laptop", f"ada@ci, {WORDS}")
    assert answer["msg"] == f"Took over {layout.lock} of ada@ci, {WORDS}, which had expired."
    assert written()["owner"] == "kai@laptop" and written()["since"] == written()["refreshed"]


def test_one_that_was_kept_stays_until_it_is_forced(layout, written):
    _lock.hold(layout, wish(ADA))
    kept = _lock.hold(layout, wish(ADA, kept="0.1.0 does not start.\n"))
    assert (kept["changed"], kept["held"], kept["kept"]) == (True, True, "0.1.0 does not start.\n")
    assert _lock.hold(layout, wish(ADA, kept="0.1.0 does not start.\n"))["changed"] is False
    assert _lock.hold(layout, wish(ADA))["kept"]
    refused = _lock.hold(layout, wish(takeover=ADA))
    assert (refused["changed"], refused["held"], refused["kept"], refused["holder"]) == (False, False, "0.1.0 does not start.\n", None)
    assert f"{layout.lock} was kept by ada@ci, process 4711, since" in refused["msg"]
    assert ": 0.1.0 does not start. Look at the host, then run the playbook beamops.elixir.unlock." in refused["msg"]
    assert _lock.hold(layout, wish(force=True))["held"]
    assert written()["kept"] is None


def test_what_is_free_is_kept_at_once(layout, written):
    answer = _lock.hold(layout, wish(kept="it died"))
    assert (answer["changed"], answer["held"], written()["kept"]) == (True, True, "it died")


@pytest.mark.parametrize("content", [b"", b"garbage", b"\xff\xfe"])
def test_one_that_cannot_be_read_is_somebody_elses(layout, content):
    lie(layout, content)
    for refused in (_lock.hold(layout, wish()), _lock.give_back(layout, wish())):
        assert (refused["changed"], refused["held"], refused["owner"]) == (False, False, None)
        assert f"{layout.lock} cannot be read, so it may be anybody's lock. Look at it and at the host, then run" in refused["msg"]
    assert _lock.give_back(layout, wish(force=True))["changed"] is True
    assert not os.path.exists(layout.lock)
    lie(layout, content)
    assert _lock.hold(layout, wish(force=True))["taken_over"] == "somebody unknown, since it cannot be read"


def test_it_is_given_back_once(layout):
    _lock.hold(layout, wish())
    first, second = _lock.give_back(layout, wish()), _lock.give_back(layout, wish())
    assert (first["changed"], first["held"], first["owner"]) == (True, False, None)
    assert f"Removed {layout.lock} of kai@laptop, process 4711" in first["msg"]
    assert (second["changed"], second["held"], second["msg"]) == (False, False, f"There is no {layout.lock}.")


def test_nobody_gives_back_anothers_but_by_force(layout):
    lie(layout, lock())
    refused = _lock.give_back(layout, wish(takeover=ADA))
    assert (refused["changed"], refused["held"], refused["owner"]) == (False, False, "ada@ci")
    assert os.path.exists(layout.lock)
    assert _lock.give_back(layout, wish(force=True))["msg"] == f"Removed {layout.lock} of ada@ci, {WORDS}."
    assert not os.path.exists(layout.lock)


def test_its_own_that_it_kept_is_not_given_back_but_by_force(layout):
    _lock.hold(layout, wish(kept="it died"))
    answer = _lock.give_back(layout, wish())
    assert (answer["changed"], answer["held"], answer["kept"]) == (False, True, "it died")
    assert _lock.give_back(layout, wish(force=True))["changed"] is True


def test_a_host_without_the_root_has_nothing_to_give_back(layout):
    assert _lock.give_back(layout, wish())["changed"] is False
    assert not os.path.exists(layout.root)


def test_a_look_changes_nothing(layout):
    answer = _lock.hold(layout, wish(), look_only=True)
    assert (answer["changed"], answer["held"]) == (True, True)
    assert not os.path.exists(layout.root)
    lie(layout, lock(refreshed="2020-01-01T00:00:00+00:00"))
    with open(layout.lock, "rb") as file:
        before = file.read()
    assert _lock.hold(layout, wish(), look_only=True)["taken_over"]
    assert _lock.give_back(layout, wish(force=True), look_only=True)["changed"] is True
    with open(layout.lock, "rb") as file:
        assert file.read() == before


def take(root, number, start, answers):
    start.wait()
    answers.put(_lock.hold(_layout.Layout(root), wish(KAI._replace(pid=number)))["held"])


@pytest.mark.parametrize("found", [None, lock(refreshed="2020-01-01T00:00:00+00:00")])
def test_of_many_at_the_same_moment_one_gets_it(layout, found):
    if found:
        lie(layout, found)
    context = multiprocessing.get_context("fork")
    start, answers = context.Barrier(8), context.Queue()
    takers = [context.Process(target=take, args=(layout.root, number, start, answers)) for number in range(1, 9)]
    for taker in takers:
        taker.start()
    held = [answers.get(timeout=10) for _taker in takers]
    for taker in takers:
        taker.join()
    assert held.count(True) == 1


def test_it_does_not_wait_for_ever_for_who_locks_the_directory(layout, monkeypatch):
    monkeypatch.setattr(_lock, "FLOCK_WITHIN", 0.1)
    os.makedirs(layout.root)
    descriptor = os.open(layout.root, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    with pytest.raises(ReleaseError, match=f"{layout.root} is locked .flock. by another process for more than 0.1 s: find it with 'lsof"):
        _lock.hold(layout, wish())
    os.close(descriptor)
    assert _lock.hold(layout, wish())["held"]
