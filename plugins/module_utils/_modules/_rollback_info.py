# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tell which release a host goes back to."""

from __future__ import annotations

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._host import _processes
from ansible_collections.beamops.elixir.plugins.module_utils._root import _current, _history, _releases
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _bin_app, _live, _predecessor, _plan, _startable

ARGUMENTS = {**_module.ROOT, **_module.USER, "release": {"type": "str"}, "force": {"type": "bool", "default": False}, "port": {"type": "int"}, **_live.OPTIONS}


def work(module):
    params, layout = module.params, _module.layout(module)
    release = _history.choose(_releases.staged(layout), _current.pointed(layout), params["release"], params["force"])
    application = _bin_app.staged(release.path, release.name, layout, _bin_app.account_of(release, layout, params["user"]))
    _module.hide(module, application.environ, release.name, release.id, release.sha256)
    told = {key: getattr(release, key) for key in ("name", "version", "sha256")}
    told["mark"] = release.state  # beside a 'path', Ansible sets a 'state' of its own: directory
    scan = _processes.scan()
    if params["slots"]:
        return {"changed": False, **in_slot(layout, release, params["slots"], scan), **told}
    replaces = _predecessor.of(layout, release.name, release.node, scan)
    _startable.refuse(_startable.Start(application, _bin_app.dry_run(application), replaces, params["port"], params["force"]))
    return {"changed": False, **_plan.described(layout, release, replaces, scan), **told}


def in_slot(layout, release, slots, scan):
    """It may run there still, and then need not be started."""
    return _plan.described_in_slot(layout, release, _live.see(layout, release.name, slots, scan))
