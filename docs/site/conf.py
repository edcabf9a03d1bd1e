# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The site, made by tools/docs: the pages are those of the repository, and the reference is made of the collection by antsibull-docs.

It began as what `antsibull-docs sphinx-init` writes. Here is what was changed, or is not the default.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from docutils import nodes

REPOSITORY = Path(os.environ["BEAMOPS_REPOSITORY"])
URL = "https://github.com/beamops/elixir"

project = "beamops.elixir"
author = copyright = "the beamops.elixir authors"
version = release = re.search(r"^version: *(\S+)", (REPOSITORY / "galaxy.yml").read_text(), re.MULTILINE)[1]

extensions = ["myst_parser", "sphinx_antsibull_ext"]
# As GitHub makes them, for the links from page to page
myst_heading_anchors = 3

html_theme = "sphinx_ansible_theme"
html_title = html_short_title = f"beamops.elixir {version}"
html_theme_options = {
    "documentation_home_url": URL,
    "topbar_links": {"Source": URL, "Issues": f"{URL}/issues"},
    "show_extranav": False,
}
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
linkcheck_timeout = 15
html_use_index = False
pygments_style = "ansible"
highlight_language = "text"
# Each reference has to lead somewhere.
nitpicky = True

# Where intersphinx would lead, which fetches an inventory for that.
ANSIBLE = "https://docs.ansible.com/projects/ansible/latest"
LABELS = {
    "action_plugins": "plugins/action.html",
    "callback_plugins": "plugins/callback.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "common_return_values": "reference_appendices/common_return_values.html",
}

# Ansible's own modules and plugins, which have a page each
BUILTIN = re.compile(r"ansible_collections\.ansible\.builtin\.(\w+)_(module|callback)")

_LINK = re.compile(r"(?<=\]\()([^)\s#]+)(#[^)\s]*)?(?=\))")


def as_on_the_site(page: Path, target: str, anchor: str, pages: set[str]) -> str:
    """Where a link of a page leads: to another page, or to what the site does not have and the repository has."""
    if re.match(r"\w+:", target):
        return target + anchor
    path = os.path.normpath(page.parent / target)
    if path == "README.md":
        return os.path.relpath("index.md", page.parent) + anchor
    if f"{path}/README" in pages:
        return f"{target.rstrip('/')}/README.md{anchor}"
    if os.path.splitext(path)[0] in pages or not (REPOSITORY / path).exists():
        # Of what is nowhere, MyST says so.
        return target + anchor
    if path.endswith((".svg", ".png")):
        return target
    kind = "tree" if (REPOSITORY / path).is_dir() else "blob"
    return f"{URL}/{kind}/main/{path}{anchor}"


def lead_links(app, docname: str, source: list[str]) -> None:
    page = Path(app.env.doc2path(docname, base=False))
    if page.suffix == ".md":
        pages = app.env.found_docs
        source[0] = _LINK.sub(lambda match: as_on_the_site(page, match[1], match[2] or "", pages), source[0])


def to_ansible(app, env, node, content):
    if node["reftarget"] in LABELS:
        return nodes.reference("", "", content, refuri=f"{ANSIBLE}/{LABELS[node['reftarget']]}")
    if builtin := BUILTIN.fullmatch(node["reftarget"]):
        return nodes.reference("", "", content, refuri=f"{ANSIBLE}/collections/ansible/builtin/{builtin[1]}_{builtin[2]}.html")
    if node.get("reftype") == "envvar" and node["reftarget"].startswith("ANSIBLE_"):
        return nodes.reference("", "", content, refuri=f"{ANSIBLE}/reference_appendices/config.html#envvar-{node['reftarget']}")
    return None


def setup(app) -> None:
    app.connect("source-read", lead_links)
    app.connect("missing-reference", to_ansible)
