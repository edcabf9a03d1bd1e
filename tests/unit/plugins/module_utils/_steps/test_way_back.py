# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._root import _current
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _way_back


def test_it_is_what_runs(release, run, find, layout):
    old, new, current = release("0.1.0-a", state="bad"), release("0.2.0-b"), release("0.1.1-c", state="good")
    _current.point(layout, current.id)
    run(old)
    found = find(new)
    assert (found.id, found.path, found.label, found.environ, found.ports) == (old.id, old.path, old.id, None, [])


def test_of_two_that_run_it_is_the_current_one(release, run, find, layout):
    first, second, new = release("0.1.0-a"), release("0.1.1-b"), release("0.2.0-c")
    _current.point(layout, second.id)
    run(first)
    run(second)
    assert find(new).id == second.id


@pytest.mark.parametrize("state, found", [("good", "0.1.0-a"), ("staged", None), ("bad", None)])
def test_where_nothing_runs_it_is_the_current_one_if_that_is_good(release, find, layout, state, found):
    old, new = release("0.1.0-a", state=state), release("0.2.0-b")
    _current.point(layout, old.id)
    assert (find(new).id if found else find(new)) == found


def test_the_new_release_itself_is_nothing_to_go_back_to(release, run, find, layout):
    old, new = release("0.1.0-a", state="good", good_at="1"), release("0.2.0-b")
    _current.point(layout, new.id)
    run(new)
    assert find(new).id == old.id


def test_on_the_first_deploy_it_is_a_stranger_of_the_same_name_and_node(release, stranger, find):
    found = find(release("0.2.0-b"))
    assert (found.id, found.label, found.path, found.node) == (None, stranger.root, stranger.root, stranger.node)
    assert found.environ["SECRET"] == "s3cr3t" and "RELEASE_COMMAND" not in found.environ
    # Whatever of it is in the plan survives the file
    assert _way_back.WayBack(**json.loads(json.dumps(found._asdict()))) == found


def test_a_stranger_of_another_node_is_left_alone(release, stranger, find):
    assert find(release("0.2.0-b", node="another")) is None
    assert find() is None


def test_a_process_that_cannot_be_read_could_not_be_started_again(stranger):
    with pytest.raises(ReleaseError, match=f"pid {stranger.pid} from {stranger.root} cannot be read.*become"):
        _way_back.of_process(stranger._replace(name="", environ={}))


def test_nothing_to_go_back_to(release, find):
    assert find(release("0.2.0-b")) is None
