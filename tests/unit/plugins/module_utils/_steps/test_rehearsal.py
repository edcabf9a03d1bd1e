# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._root import _layout, _releases
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _bin_app, _rehearsal
from ansible_collections.beamops.elixir.plugins.module_utils._tarball import _contents

BEAM = {"erts-13.1.5/bin/beam.smp": "emulator"}
OLD = {
    **BEAM,
    "lib/guestbook-0.1.0/ebin/Elixir.Guestbook.beam": "one",
    "lib/guestbook-0.1.0/ebin/guestbook.app": "app",
    "lib/crypto-5.1/ebin/crypto.beam": "nif",
    "lib/crypto-5.1/priv/lib/crypto.so": "library",
    "lib/stdlib-4.2/ebin/lists.beam": "lists",
    "lib/stdlib-4.2/ebin/maps.beam": "maps",
}


def contents(files):
    return {path: _contents.Entry(path, _contents.FILE, 0o644, content) for path, content in files.items()}


def common(new, *good):
    return _rehearsal.common(contents(new), [contents(files) for files in good])


def test_what_a_good_release_has_loaded_is_not_loaded_again_wherever_it_lies():
    new = {path.replace("0.1.0", "0.2.0"): content for path, content in OLD.items()}
    assert common(new, OLD) == ["Elixir.Guestbook", "lists", "maps"]
    assert common({**new, "lib/guestbook-0.2.0/ebin/Elixir.Guestbook.beam": "two"}, OLD) == ["lists", "maps"]
    assert common({**new, "lib/guestbook-0.2.0/ebin/Elixir.Guestbook.New.beam": "new"}, OLD) == ["Elixir.Guestbook", "lists", "maps"]


def test_what_needs_a_library_of_the_host_is_loaded_again():
    assert "crypto" not in common(OLD, OLD)


@pytest.mark.parametrize("emulator", [{"erts-13.1.5/bin/beam.smp": "other"}, {"erts-14.0/bin/beam.smp": "emulator"}, {}])
def test_under_another_emulator_all_of_it_is(emulator):
    new = {path: content for path, content in OLD.items() if path not in BEAM}
    assert common({**new, **emulator}, OLD) == []


def test_several_good_ones_count_and_none_counts_without_one():
    new = {**BEAM, "lib/a-1/ebin/a.beam": "a", "lib/b-1/ebin/b.beam": "b"}
    assert common(new, {**BEAM, "lib/a-1/ebin/a.beam": "a"}, {**BEAM, "lib/b-2/ebin/b.beam": "b"}) == ["a", "b"]
    assert common(new) == []


def note(release, files):
    _releases.replace(_layout.contents_file(release.path), _contents.text(contents(files)), 0o644)


def test_only_of_good_releases_and_not_of_itself(layout, staged):
    releases = {state: staged(f"0.1.0-{state}", state=state) for state in ("good", "bad", "staged")}
    new = staged("0.2.0-new", state="good")
    for state, release in releases.items():
        note(release, {**BEAM, f"lib/a-1/ebin/{state}.beam": state})
    note(new, {**BEAM, **{f"lib/a-1/ebin/{state}.beam": state for state in (*releases, "new")}})
    assert _rehearsal.proven(layout, new) == ["good"]
    os.remove(_layout.contents_file(new.path))
    assert _rehearsal.proven(layout, new) == []


def rehearse(layout, release, account, expression, known):
    application = _bin_app.staged(release.path, release.name, layout, account)
    return _rehearsal.rehearse(layout, release, application, expression, "done", known)


def test_the_expression_finds_the_list_and_nothing_is_left_of_it(layout, staged, account):
    release = staged()
    outcome = rehearse(layout, release, account, 'cat "$ELIXIR_RELEASE_PROVEN"; echo "$ELIXIR_RELEASE_PROVEN" done', ["Elixir.A", "b"])
    assert outcome.failure is None and outcome.result.stdout.startswith("Elixir.A\nb\n")
    assert not os.path.exists(outcome.result.stdout.splitlines()[-1].split()[0])


def test_without_a_list_all_is_loaded(layout, staged, account):
    assert rehearse(layout, staged(), account, 'echo "${ELIXIR_RELEASE_PROVEN-none} done"', []).result.stdout == "none done\n"
