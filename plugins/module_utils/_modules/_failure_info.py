# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tell what a host shows of a release that failed."""

from __future__ import annotations

import contextlib
import os

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _node, _processes
from ansible_collections.beamops.elixir.plugins.module_utils._root import _layout, _releases, _units
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _bin_app, _evidence, _live

ARGUMENTS = {**_module.ROOT, **_module.USER, "release": {"type": "str"}, "port": {"type": "int"}, **_live.SLOT}


def hide_secrets(module, layout):
    """Releases write to one log, so that of any of them may stand in it."""
    for release in found(_releases.staged, layout):
        _module.hide_env_file(module, release)
        with contextlib.suppress(OSError), open(_layout.cookie_file(release.path), encoding="utf-8", errors="replace") as file:
            _module.hide(module, {"RELEASE_COOKIE": file.read().strip()}, release.name, release.id)
    for process in found(lambda place: _processes.scan().of_root(place.root), layout):
        _module.hide(module, _bin_app.running(process).environ, process.name, process.root)


def found(look, layout):
    """Nothing where the look fails: what is wrong with this host is what this module is asked."""
    try:
        return look(layout)
    except (OSError, ReleaseError):
        return []


def subject(layout, release_id, user, port, slot):
    """As far as it can be told: this is asked where something is wrong."""
    path, environ, expected, unit = layout.release(release_id) if release_id else None, {}, None, None
    with contextlib.suppress(OSError, ReleaseError):
        release = _releases.chosen(layout, release_id)._replace(slot=slot)
        path = release.path
        unit = _units.unit(layout.root, release.slot_name) if release.service is not None else None
        application = _bin_app.staged(release.path, release.name, layout, _bin_app.account_of(release, layout, user), slot)
        environ, expected = application.environ, application.port
    return _evidence.Subject(
        layout=layout,
        path=path,
        tmp=environ.get("RELEASE_TMP", layout.tmp),
        crash_dump=environ.get("ERL_CRASH_DUMP", os.path.join(layout.tmp, "erl_crash.dump")),
        port=port or expected,
        epmd_port=_node.epmd_port(environ),
        unit=unit,
    )


def work(module):
    params = module.params
    layout = _module.layout(module)
    hide_secrets(module, layout)
    seen = _evidence.view(subject(layout, params["release"], params["user"], params["port"], _live.slot_of(params)))
    return {"changed": False, "summary": _evidence.summary(seen), "report": _evidence.report(seen)}
