# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._root import _history, _releases


def release(name, state="good", good_at=None, staged_at=None, reason=None, **fields):
    """The name is VERSION-BUILD; the letter of the build says when it was staged, and no more."""
    version, _dash, build = name.rpartition("-")
    return _releases.Release(
        id=name,
        path=f"/opt/guestbook/releases/{name}",
        name="guestbook",
        version=version,
        sha256=name,
        state=state,
        reason=reason,
        staged_at=staged_at or f"2026-11-01T00:00:0{ord(build[0]) - ord('a')}+00:00",
        staged_by="kai@laptop",
        good_at=f"2026-11-{good_at:02}T00:00:00.000+00:00" if good_at else None,
        **fields,
    )


A, B, C = release("0.1.0-a", good_at=1), release("0.2.0-b", good_at=2), release("0.3.0-c", good_at=3)
STAGED, BAD = release("0.4.0-d", "staged"), release("0.5.0-e", "bad", reason="it died")
AGAIN = A._replace(good_at="2026-11-04T00:00:00.000+00:00")
OF_THE_FIRST_VERSION = [release("0.1.0-a"), release("0.2.0-b"), release("0.3.0-c")]
FIRST, SECOND, THIRD = release("0.1.0-a", turn=1), release("0.2.0-b", turn=2), release("0.3.0-c", turn=3)
LEFT = SECOND._replace(left=True)


def ids(releases):
    return [one.id for one in releases]


@pytest.mark.parametrize(
    "releases, current, expected",
    [
        pytest.param([], None, None, id="a virgin host"),
        pytest.param([A], "0.1.0-a", None, id="the first deploy"),
        pytest.param([A, B, C], "0.3.0-c", "0.2.0-b", id="the one before"),
        pytest.param([A, B, C], "0.2.0-b", "0.1.0-a", id="after a rollback it leads further back, never to what was left"),
        pytest.param([A, B, C], "0.1.0-a", None, id="after two rollbacks there is nothing left"),
        pytest.param([AGAIN, B, C], "0.1.0-a", "0.3.0-c", id="an old release that was deployed again"),
        pytest.param([A, C, BAD, STAGED], "0.3.0-c", "0.1.0-a", id="neither a bad one nor one that never ran"),
        pytest.param([A, B, STAGED], "0.4.0-d", "0.2.0-b", id="in the middle of a deploy"),
        pytest.param([A, B, BAD], "0.5.0-e", "0.2.0-b", id="a bad release is current"),
        pytest.param([A, B, AGAIN._replace(id="x", state="bad")], "x", "0.2.0-b", id="a release is current that was good before it was bad"),
        pytest.param([A, B], "gone", "0.2.0-b", id="current points to nothing"),
        pytest.param([A, B], None, "0.2.0-b", id="there is no current"),
        pytest.param(OF_THE_FIRST_VERSION, "0.3.0-c", "0.2.0-b", id="nobody recorded when they became good"),
        pytest.param(OF_THE_FIRST_VERSION, "0.2.0-b", "0.1.0-a", id="nobody recorded it, and after a rollback"),
        pytest.param([*OF_THE_FIRST_VERSION, release("0.4.0-d", good_at=4)], "0.4.0-d", "0.3.0-c", id="recorded of the newest only"),
        pytest.param([FIRST, LEFT, THIRD], "0.3.0-c", "0.1.0-a", id="what it replaced, and not what a rollback had left before"),
        pytest.param([FIRST, LEFT], "0.2.0-b", "0.1.0-a", id="what was left is current again"),
        pytest.param([LEFT], "0.1.0-x", None, id="rather nothing than what was left"),
        pytest.param([FIRST._replace(good_at="2026-11-03"), SECOND._replace(good_at="2026-11-02")], "0.2.0-b", "0.1.0-a", id="a clock was set back"),
        pytest.param([A, B, release("0.3.0-c", turn=1, good_at=1)], "0.3.0-c", "0.2.0-b", id="the first turn after those that only have a time"),
    ],
)
def test_last_good(releases, current, expected):
    found = _history.last_good(releases, current)
    assert (found and found.id) == expected


@pytest.mark.parametrize("releases, turn", [([], 1), ([A], 1), ([FIRST, THIRD, SECOND], 4), ([release("0.1.0-a", "bad", turn=7)], 8)])
def test_next_turn(releases, turn):
    assert _history.next_turn(releases) == turn


@pytest.mark.parametrize(
    "to, previous, left",
    [
        pytest.param(SECOND, "0.3.0-c", ["0.3.0-c"], id="the one that it goes back from"),
        pytest.param(FIRST, "0.3.0-c", ["0.2.0-b", "0.3.0-c"], id="and all that it passes over"),
        pytest.param(THIRD, "0.1.0-a", [], id="forward, by name"),
        pytest.param(FIRST, "0.4.0-d", [], id="from a deploy that failed"),
        pytest.param(FIRST, "gone", [], id="from what is not there"),
        pytest.param(FIRST, None, [], id="from nothing"),
    ],
)
def test_what_a_rollback_leaves(to, previous, left):
    assert ids(_history.left_by_going_back([FIRST, SECOND, THIRD, STAGED], to, previous)) == left


def test_two_that_became_good_in_the_same_moment_have_an_order_all_the_same():
    pair = [release("0.1.0-a", good_at=1), release("0.2.0-b", good_at=1)]
    assert _history.last_good(pair, "0.2.0-b") == pair[0]
    assert _history.last_good(pair, "0.1.0-a") is None


@pytest.mark.parametrize(
    "wanted, expected",
    [
        pytest.param(None, "0.2.0-b", id="the last good one"),
        pytest.param("0.1.0-a", "0.1.0-a", id="by its id"),
        pytest.param("0.1.0", "0.1.0-a", id="by its version"),
        pytest.param("0.4.0", "0.4.0-d", id="one that never ran"),
        pytest.param("0.3.0", "0.3.0-c", id="the current one itself"),
    ],
)
def test_choose(wanted, expected):
    assert _history.choose([A, B, C, STAGED, BAD], "0.3.0-c", wanted, force=False).id == expected


def test_of_several_releases_of_a_version_the_one_that_was_good_last():
    first, second = release("0.1.0-a", good_at=2), release("0.1.0-b", good_at=1)
    assert _history.choose([first, second, release("0.1.0-c", "staged")], None, "0.1.0", force=False) == first


def test_of_several_releases_of_a_version_none_of_which_was_good_the_newest():
    newest = release("0.1.0-b", "staged")
    assert _history.choose([release("0.1.0-a", "bad"), newest], None, "0.1.0", force=False) == newest


def test_an_id_that_is_the_version_of_another_is_an_id():
    odd = A._replace(id="0.2.0")
    assert _history.choose([odd, B], None, "0.2.0", force=False) == odd


@pytest.mark.parametrize("wanted", ["0.5.0-e", "0.5.0"])
def test_a_bad_release_is_chosen_by_force_only(wanted):
    words = "0.5.0-e is marked bad on this host: it died. Name another release with 'release' .*, or set 'force' .elixir_release_force."
    with pytest.raises(ReleaseError, match=words):
        _history.choose([A, BAD], "0.1.0-a", wanted, force=False)
    assert _history.choose([A, BAD], "0.1.0-a", wanted, force=True) == BAD


@pytest.mark.parametrize(
    "releases, wanted, words",
    [
        ([A, BAD], "0.9.0", r"no release 0.9.0 on this host; there are: 0.1.0-a \(good\), 0.5.0-e \(bad\). Name one that is there, or deploy 0.9.0"),
        ([A, BAD], None, r"no good release from before 0.1.0-a to go back to; there are: 0.1.0-a \(good\), 0.5.0-e \(bad\). Name one of these with 'release'"),
        ([], "0.1.0", "no release 0.1.0 on this host; there are: none"),
    ],
)
def test_what_there_is_to_choose_from(releases, wanted, words):
    with pytest.raises(ReleaseError, match=words):
        _history.choose(releases, "0.1.0-a", wanted, force=False)


def test_nothing_to_go_back_to_on_a_virgin_host():
    with pytest.raises(ReleaseError, match="no good release to go back to; there are: none. Deploy one first"):
        _history.choose([], None, None, force=False)


VARIANTS = [
    release("0.1.0-a", turn=1),
    release("0.1.0-a.2", turn=2)._replace(sha256="0.1.0-a"),
    release("0.2.0-b", turn=3),
    release("0.3.0-c", turn=4),
    release("0.3.0-c.2", turn=5)._replace(sha256="0.3.0-c"),
]
BAD_ONES = [release(f"0.9.{number}-{build}", "bad") for number, build in enumerate("efg")]


@pytest.mark.parametrize(
    "releases, current, running, keep, removed",
    [
        pytest.param([], None, [], 1, [], id="a virgin host"),
        pytest.param([A], "0.1.0-a", [], 1, [], id="the only one"),
        pytest.param([A, B, C], "0.3.0-c", [], 3, [], id="as many as are kept"),
        pytest.param([A, B, C], "0.3.0-c", [], 2, ["0.1.0-a"], id="one more than are kept"),
        pytest.param([A, B, C], "0.3.0-c", [], 1, ["0.1.0-a"], id="the last good one stays, however few are kept"),
        pytest.param([A, B, C], "0.3.0-c", ["0.1.0-a"], 1, [], id="one that runs, however old"),
        pytest.param([A, B, C], "0.1.0-a", [], 1, ["0.2.0-b"], id="after two rollbacks the newest and the current one"),
        pytest.param([AGAIN, B, C], "0.1.0-a", [], 2, ["0.2.0-b"], id="the newest is what became good last, whenever it was staged"),
        pytest.param([A, B, C], "gone", [], 1, ["0.1.0-a", "0.2.0-b"], id="current points to nothing"),
        pytest.param([A, B, STAGED], "0.4.0-d", [], 2, ["0.1.0-a"], id="a release that is current counts as good"),
        pytest.param([A, STAGED], "0.1.0-a", [], 3, ["0.4.0-d"], id="one that never went live"),
        pytest.param([A, STAGED], "0.1.0-a", ["0.4.0-d"], 3, [], id="one that runs and is not good yet"),
        pytest.param([A, *BAD_ONES], "0.1.0-a", [], 2, ["0.9.0-e"], id="the newest bad ones stay, so that they are not deployed again"),
        pytest.param([A, B, *BAD_ONES], "0.2.0-b", [], 1, ["0.9.0-e", "0.9.1-f"], id="good and bad are counted apart"),
        pytest.param([FIRST, LEFT, THIRD], "0.3.0-c", [], 1, ["0.2.0-b"], id="what going back leads to stays, not what was left"),
        pytest.param(VARIANTS, "0.3.0-c.2", [], 3, ["0.1.0-a"], id="env variants of one build count as one, and the newest stays"),
        pytest.param(VARIANTS, "0.3.0-c.2", [], 1, ["0.1.0-a", "0.1.0-a.2", "0.2.0-b"], id="the env variant before is what going back leads to"),
    ],
)
def test_prunable(releases, current, running, keep, removed):
    assert ids(_history.prunable(releases, current, running, keep)) == removed
