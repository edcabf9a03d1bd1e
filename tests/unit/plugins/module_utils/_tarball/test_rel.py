# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._tarball import _rel

# As Mix writes it
REL = """%% coding: utf-8
{{release,{{"guestbook","0.1.0"}},
         {{erts,"13.1.5"}},
         [{{kernel,"8.5.3",permanent}},
          {applications}
          {{iex,"1.14.0",none}}]}}.
"""


@pytest.fixture
def directory(tmp_path):
    """A release of these applications and programs, with a version that was left from before."""

    def make(applications="", scripts=("guestbook",), start="13.1.5 0.1.0"):
        for version, content in (("0.0.9", '{phoenix,"1.6",permanent},{mnesia,"4.20",permanent},'), ("0.1.0", applications)):
            (tmp_path / "releases" / version).mkdir(parents=True)
            (tmp_path / "releases" / version / "guestbook.rel").write_text(REL.format(applications=content))
        (tmp_path / "releases" / "start_erl.data").write_text(start)
        (tmp_path / "bin").mkdir()
        for name in scripts:
            (tmp_path / "bin" / name).touch()
        return str(tmp_path)

    return make


def test_parse():
    rel = _rel.parse(REL.format(applications='{ mnesia , "4.21",load},\n{\'Elixir.Odd\',"1"},{phoenix,"1.7"},'))
    assert (rel.name, rel.version, rel.erts) == ("guestbook", "0.1.0", "13.1.5")
    assert rel.applications == {"kernel": "8.5.3", "mnesia": "4.21", "phoenix": "1.7", "iex": "1.14.0"}
    assert rel.started == {"kernel", "phoenix"}


@pytest.mark.parametrize("text", ["", "{application,guestbook,[]}.", '{release,{"guestbook"'])
def test_what_is_no_rel(text):
    assert _rel.parse(text) is None


@pytest.mark.parametrize(
    "applications, is_phoenix",
    [
        pytest.param('{phoenix,"1.7.14",permanent},', True, id="as Mix writes it"),
        pytest.param('{phoenix,"1.7.14"},\n  { phoenix_html , "4.1"},', True, id="of no type"),
        pytest.param('{phoenix_pubsub,"2.1.3",permanent},', False, id="another application"),
        pytest.param('{phoenix,"1.7.14",none},', False, id="that is not started"),
        pytest.param('{phoenix,"1.7.14",load},', False, id="that is loaded only"),
    ],
)
def test_phoenix_is_known_by_its_applications(directory, applications, is_phoenix):
    assert _rel.of_directory(directory(applications)).is_phoenix is is_phoenix


def test_phoenix_is_known_by_its_script(directory):
    assert _rel.of_directory(directory(scripts=("guestbook", "server"))).is_phoenix


def test_the_applications_are_those_of_the_version_that_starts(directory):
    """One that is only loaded is there: the code starts it when it likes."""
    content = _rel.of_directory(directory('{mnesia,"4.21",load},'))
    assert set(content.applications) == {"kernel", "mnesia", "iex"}
    assert not content.is_phoenix


@pytest.mark.parametrize("start", ["", "13.1.5", "13.1.5 0.2.0"])
def test_nothing_is_known_of_what_is_not_whole(directory, start):
    assert _rel.of_directory(directory(start=start)) == (set(), False)


def test_nothing_is_known_of_what_is_not_there(tmp_path):
    assert _rel.of_directory(str(tmp_path / "gone")) == (set(), False)


@pytest.mark.parametrize(
    "applications, scripts, is_phoenix", [({"phoenix": "1.7"}, [], True), ({}, ["server"], True), ({"mnesia": "4.21"}, ["migrate"], False)]
)
def test_a_tarball(applications, scripts, is_phoenix):
    assert _rel.of_tarball(applications, scripts) == (applications, is_phoenix)
