# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tell which release a host goes back to."""

from __future__ import annotations

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._host import _processes
from ansible_collections.beamops.elixir.plugins.module_utils._root import _current, _history, _releases
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _beside, _bin_app, _into_slot, _live, _plan, _predecessor, _startable

ARGUMENTS = {**_module.ROOT, **_module.USER, "release": {"type": "str"}, "force": {"type": "bool", "default": False}, "port": {"type": "int"}, **_live.OPTIONS}


def work(module):
    params, layout = module.params, _module.layout(module)
    release = _history.choose(_releases.staged(layout), _current.pointed(layout), params["release"], params["force"])
    scan = _processes.scan()
    seen = _live.see(layout, release.name, params["slots"], scan) if params["slots"] else None
    application = _bin_app.staged(release.path, release.name, layout, _bin_app.account_of(release, layout, params["user"]), seen and seen.target)
    _module.hide(module, application.environ, release.name, release.id, release.sha256)
    told = {key: getattr(release, key) for key in ("name", "version", "sha256")}
    told["mark"] = release.state  # beside a 'path', Ansible sets a 'state' of its own: directory
    dry_run, service = _bin_app.dry_run(application), release.service is not None
    if seen:
        start = _startable.Start(application, dry_run, seen.left, seen.target.port, params["force"], service)
        _into_slot.refuse_what_cannot_start(layout, start, scan)
        if not seen.runs(release.path):  # kept warm, it need not be started
            _into_slot.refuse_too_little_memory(release.id, lambda: _beside.unpacked_size(release.path), seen)
        return {"changed": False, **_plan.described_in_slot(layout, release, seen), **told}
    replaces = _predecessor.of(layout, release.name, release.node, scan)
    _startable.refuse(_startable.Start(application, dry_run, replaces, params["port"], params["force"], service))
    return {"changed": False, **_plan.described(layout, release, replaces, scan), **told}
