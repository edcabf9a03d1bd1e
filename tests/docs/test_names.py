# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the pages name is there: variables, modules, playbooks, make's targets, files. (Links are checked where the site is made.)"""

from __future__ import annotations

import re

import pytest
import yaml
from ansible_collections.beamops.elixir.tests.docs import pages

ROOT = pages.ROOT


def names(directory: str, suffix: str) -> set[str]:
    return {path.stem for path in (ROOT / directory).glob(f"*{suffix}")}


def options() -> set[str]:
    specs = [yaml.safe_load(path.read_text())["argument_specs"] for path in ROOT.glob("roles/*/meta/argument_specs.yml")]
    return {name for spec in specs for entry in spec.values() for name in entry.get("options", {})}


ROLES = {path.name for path in (ROOT / "roles").iterdir()}
MODULES = names("plugins/modules", ".py")
CONTENT = MODULES | ROLES | names("plugins/filter", ".py") | names("plugins/callback", ".py") | names("playbooks", ".yml")
VARIABLES = options() | set(re.findall(r"\belixir_release\w*", "".join(path.read_text() for path in ROOT.glob("playbooks/*.yml"))))
INTERNAL = set(re.findall(r"\belixir_release_(?:proxy_)?_\w+", "".join(path.read_text() for path in ROOT.glob("roles/*/*/*.yml"))))
# What a user's task file is given
GIVEN = {"elixir_release_outcome"}
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
# In words such as `elixir_release_before_…_tasks`, and in `molecule/SCENARIO`
PATTERN = re.compile(r"[…<>*{}]|\b[A-Z]{3,}\b")


def unknown(found: list[str], known: set[str]) -> list[str]:
    return sorted(name for name in set(found) if name not in known)


@pytest.fixture(params=pages.PAGES)
def page(request):
    return request.param


def test_there_are_the_pages():
    assert {"README.md", "CONTRIBUTING.md", "docs/phoenix.md", "docs/troubleshooting.md", "roles/elixir_release_proxy/README.md"} < set(pages.PAGES)


def test_each_variable_is_one(page):
    found = re.findall(r"(?<!\$)\belixir_release\w*(?![\w…{])", pages.text_of(page))
    assert unknown([name for name in found if not name.endswith("_")], VARIABLES | MODULES | ROLES | INTERNAL | GIVEN) == []


def test_each_name_of_the_collection_is_one(page):
    found = re.findall(r"(?<!/)\bbeamops\.elixir\.(\w+)", pages.text_of(page))
    assert unknown(found, CONTENT) == []


def test_each_target_of_make_is_one(page):
    found = re.findall(r"`make ([a-z][a-z-]*)", pages.text_of(page)) + [
        match[1] for command in pages.commands(page) if (match := re.match(r"make ([a-z-]+)", command.text))
    ]
    assert unknown(found, TARGETS) == []


def test_each_file_of_the_repository_is_there(page):
    places = "|".join("benchmarks changelogs docs examples meta molecule playbooks plugins roles tests tools".split())
    found = [word for word in re.findall(rf"`((?:{places})/[^`\s]*)", pages.text_of(page)) if not PATTERN.search(word)]
    assert [path for path in found if not (ROOT / path).exists()] == []


def test_each_block_of_yaml_can_be_read(page):
    for block in pages.blocks(page, "yaml"):
        assert yaml.safe_load(block.text), f"{page}:{block.line}"


def test_each_option_is_on_some_page():
    """What is documented, and not only in the reference."""
    said = "".join(map(pages.text_of, pages.PAGES))
    missing = [name for name in options() if name not in said and name.replace("elixir_release", "") not in said]
    assert [name for name in missing if not re.fullmatch(r"elixir_release_(before|after)_\w+_tasks", name)] == []
