# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build a release in Docker. What a build needs of the controller, the action plugin does: see there."""

from __future__ import annotations

from ansible_collections.beamops.elixir.plugins.module_utils._build import _engine, _image
from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError

ARGUMENTS = {
    "project": {"type": "path", "required": True},
    "name": {"type": "str", "required": True},
    "hosts": {"type": "dict", "default": {}},
    "image": {"type": "str"},
    "elixir": {"type": "str"},
    "otp": {"type": "str"},
    "dockerfile": {"type": "str", "default": "Dockerfile"},
    "template": {"type": "str", "default": "Dockerfile.j2"},
    "packages": {"type": "list", "elements": "str", "default": []},
    "args": {"type": "dict", "default": {}},
    "secrets": {"type": "dict", "no_log": True, "default": {}},
    "keep_out": {"type": "list", "elements": "path", "default": []},
    "options": {"type": "list", "elements": "str", "default": []},
    "timeout": {"type": "int", "default": 1800},
    "order": {"type": "dict"},
}


def work(module):
    order = module.params["order"]
    if not order:
        raise ReleaseError("elixir_release_build has an action plugin, without which it has nothing to build: call it by its whole name.")
    if "context" not in order:
        engine = _engine.look()
        return {"changed": False, "engine": engine._asdict(), "image": _engine.newest_image(order["images"]) if order["images"] else None}
    wanted = _image.Order(secrets=module.params["secrets"], timeout=module.params["timeout"], **order)
    try:
        return {"changed": True, "path": _image.make(wanted)}
    finally:
        _image.clean_up(wanted)
