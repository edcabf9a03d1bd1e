# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""GitHub's workflows only call make, with what there is to call, and may do no more than they need. (tools/lint has the schemas.)"""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = {path.name: yaml.safe_load(path.read_text()) for path in sorted((ROOT / ".github/workflows").glob("*.yml"))}
JOBS = {f"{name}: {job}": content for name, workflow in WORKFLOWS.items() for job, content in workflow["jobs"].items()}
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def commands(job: dict[str, t.Any]) -> list[str]:
    """What it runs, with each line of its matrix."""
    found = [step["run"] for step in job["steps"] if "run" in step]
    lines = job.get("strategy", {}).get("matrix", {}).get("target", [])
    return [command.replace("${{ matrix.target }}", line) for command in found for line in (lines or [""])]


ALL = [command for job in JOBS.values() for command in commands(job)]


@pytest.mark.parametrize("command", ALL)
def test_it_is_a_target_of_make(command):
    match = re.fullmatch(r"make ([a-z-]+)( [A-Z]+=\S+)*", command)
    assert match and match[1] in TARGETS


def test_all_is_run_that_make_test_runs():
    gates = ["lint", "unit", "sanity CORE=2.19", "sanity CORE=2.21", "importer", "tools-test", "docs", "installed"]
    assert {f"make {gate}" for gate in gates} < set(ALL)


@pytest.mark.parametrize("scenario", sorted(path.parent.name for path in ROOT.glob("molecule/*/molecule.yml")))
def test_each_scenario_is_run(scenario):
    assert f"make molecule SCENARIO={scenario}" in ALL


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_it_may_read_and_no_more(workflow):
    assert WORKFLOWS[workflow]["permissions"] == {"contents": "read"}


@pytest.mark.parametrize("job", JOBS)
def test_more_rights_are_those_of_the_site(job):
    assert JOBS[job].get("permissions", {}) in ({}, {"pages": "write", "id-token": "write"})


@pytest.mark.parametrize("job", JOBS)
def test_each_action_is_of_a_major_version(job):
    for step in JOBS[job]["steps"]:
        assert re.fullmatch(r"\./.*|[\w./-]+@v\d+", step.get("uses", "./"))


@pytest.mark.parametrize("job", JOBS)
def test_no_credential_is_left_in_a_checkout(job):
    for step in JOBS[job]["steps"]:
        assert not step.get("uses", "").startswith("actions/checkout@") or step["with"]["persist-credentials"] is False
