# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Start a release as a daemon."""

from __future__ import annotations

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._host import _node, _processes
from ansible_collections.beamops.elixir.plugins.module_utils._root import _releases
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _bin_app, _stage, _start, _startable

ARGUMENTS = {**_module.ROOT, **_module.USER, "release": {"type": "str"}, "port": {"type": "int"}, "force": {"type": "bool", "default": False}}


def refuse_what_cannot_start(params, layout, release, application):
    """Nothing is stopped yet for this start. Once it is, a start is tried, whatever speaks against it."""
    dry_run = _bin_app.dry_run(application)
    node = _node.taken(_node.given(dry_run, application.environ))
    replaces = _stage.predecessor(layout, release.name, node.name if node else None, _processes.scan())
    _startable.refuse(_startable.Start(application, dry_run, replaces, params["port"], params["force"]))


def work(module):
    params = module.params
    layout = _module.layout(module)
    if module.check_mode and params["release"] and not _releases.is_staged(layout, params["release"]):
        return {"changed": True, "pid": None, "release": params["release"], "port": None, "phoenix": False}
    release = _releases.chosen(layout, params["release"])
    application = _bin_app.staged(release.path, release.name, layout, _bin_app.account_of(release, layout, params["user"]))
    _module.hide(module, application.environ, release.name, release.id)
    if module.check_mode:
        refuse_what_cannot_start(params, layout, release, application)
    process = _start.running(release)
    changed = process is None
    if changed and not module.check_mode:
        _start.refuse_beside_another(layout, release)
        process = _start.start(application)
    return {
        "changed": changed,
        "pid": process.pid if process else None,
        "release": release.id,
        "port": application.port,
        "phoenix": application.is_phoenix,
    }
