# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host can go back to while another release takes its place."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _command, _processes, _systemd
from ansible_collections.beamops.elixir.plugins.module_utils._root import _current, _history, _layout, _releases, _slots
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _bin_app


class WayBack(t.NamedTuple):
    """A release that can be started again by this alone. It is kept in a file, so all of it is plain data."""

    id: str | None  # None of a stranger: what runs here, but was not staged here
    path: str
    name: str
    version: str
    sha256: str | None
    node: str | None
    user: str
    environ: dict[str, str] | None  # of a stranger, who has no env file that we know of; secret
    ports: list[int] | None  # where it listened; None where it did not run, or where that could not be seen
    proof: dict[str, t.Any] | None = None  # what was seen of it when it was proven good; secret headers may be among it
    service: dict[str, t.Any] | None = None  # what systemd is told of it
    slot: t.Sequence[t.Any] | None = None  # its name and its port
    unit: str | None = None  # of a stranger, whose service somebody else has made

    @property
    def label(self) -> str:
        return self.id or self.path

    @property
    def record(self) -> _releases.Release:
        """As ledger and looks know a release."""
        return _releases.Release(
            id=self.label,
            path=self.path,
            name=self.name,
            version=self.version,
            sha256=self.sha256,
            state="good",
            reason=None,
            staged_at="",
            staged_by="",
            node=self.node,
            proof=self.proof,
            service=self.service,
            slot=_layout.Slot(*self.slot) if self.slot else None,
        )


def find(layout: _layout.Layout, account: _command.Account, release: _releases.Release | None, scan: _processes.Scan) -> WayBack | None:
    """What runs now or, where nothing does, the release that was good last. None where there is nothing to go back to.

    Like _predecessor, it takes a release of the same name and node from elsewhere for the one that is replaced, on the first deploy.
    """
    release_id = release.id if release else None
    running = _leading(layout, release_id, scan)
    if running:
        return of_process(running)
    good = _good(layout, release_id)
    if good or _releases.current(layout):
        return _of_release(good, account) if good else None
    strangers = [process for process in (scan.of_node(release.node) if release.node else scan.releases) if not _is_staged(process)] if release else []
    return next((of_process(process) for process in strangers if process.name == release.name), None)


def release_id(layout: _layout.Layout, new: str, scan: _processes.Scan) -> str | None:
    """Its id, where it is no stranger."""
    running = _leading(layout, new, scan)
    if running:
        return os.path.basename(running.root) if _is_staged(running) else None
    good = _good(layout, new)
    return good.id if good else None


def of_process(process: _processes.Process) -> WayBack:
    application = _bin_app.running(process)
    own = _processes.listening_ports(process.pid)
    ports = None if own is None else sorted(own)
    if _is_staged(process):
        slot = _slots.slot_of(_layout.of_release(process.root), process)
        return _of_release(_releases.read(process.root), application.account)._replace(ports=ports, slot=slot)
    if not process.name:
        raise ReleaseError(
            f"The environment of pid {process.pid} from {process.root} cannot be read, so nothing could start that release again: "
            "use 'become', or stop it yourself before the deploy."
        )
    service = _systemd.of_process(process.pid)
    return WayBack(
        id=None,
        path=process.root,
        name=process.name,
        version=process.version,
        sha256=None,
        node=process.node,
        user=application.account.name,
        environ=application.environ,
        ports=ports,
        unit=service.name if service else None,
    )


def _leading(layout: _layout.Layout, new: str | None, scan: _processes.Scan) -> _processes.Process | None:
    """What runs here. The new release itself, left by a run that was broken off, is nothing to go back to."""
    current = _releases.current(layout)
    running = [process for process in scan.of_root(layout.root) if process.root != layout.release(new or "")]
    return min(running, key=lambda process: (not current or process.root != current.path, not _is_staged(process), process.pid), default=None)


def _good(layout: _layout.Layout, new: str | None) -> _releases.Release | None:
    current = _releases.current(layout)
    if current and current.state == "good" and current.id != new:
        return current
    return _history.last_good([release for release in _releases.staged(layout) if release.id != new], _current.pointed(layout))


def _is_staged(process: _processes.Process) -> bool:
    return os.path.exists(_layout.record(process.root))


def _of_release(release: _releases.Release, account: _command.Account) -> WayBack:
    return WayBack(
        id=release.id,
        path=release.path,
        name=release.name,
        version=release.version,
        sha256=release.sha256,
        node=release.node,
        user=account.name,
        environ=None,
        ports=None,
        proof=release.proof,
        service=release.service,
    )
