# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which slot is live on a host, and which one a release is to start in: as the proxy serves and the processes say. Never from a file alone."""

from __future__ import annotations

import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _processes, _systemd
from ansible_collections.beamops.elixir.plugins.module_utils._root import _layout, _releases, _slots
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _proxy

OPTIONS = {
    "slots": {
        "type": "dict",
        "options": {"ports": {"type": "list", "elements": "int", "required": True}, "proxy_port": {"type": "int", "required": True}},
    },
}
SLOT = {**OPTIONS, "slot": {"type": "str", "choices": list(_slots.NAMES)}}


class Seen(t.NamedTuple):
    live: str  # what the proxy serves
    ports: t.Sequence[int]
    processes: dict[str, _processes.Process]  # by their slots

    @property
    def idle(self) -> str:
        return _slots.other(self.live)

    @property
    def target(self) -> _slots.Slot:
        """Where nothing serves, the traffic goes there already."""
        return _slots.of(self.idle if self.live in self.processes else self.live, self.ports)

    @property
    def serving(self) -> _processes.Process | None:
        return self.processes.get(self.live)

    @property
    def left(self) -> list[_processes.Process]:
        """What has to stop before another release starts in the target."""
        return [process for slot, process in self.processes.items() if slot == self.target.name]

    def runs(self, path: str) -> bool:
        return any(process.root == path for process in self.processes.values())


def see(layout: _layout.Layout, name: str, slots: t.Mapping[str, t.Any], scan: _processes.Scan) -> Seen:
    """Raises where what is served and what runs do not agree: then nothing is stopped, and a person has to look."""
    return seen(layout, _proxy.serves(proxy(name, slots)), slots["ports"], scan.of_root(layout.root))


def seen(layout: _layout.Layout, live: str, ports: t.Sequence[int], running: list[_processes.Process]) -> Seen:
    placed = [(process, _slots.at_port(layout, process, ports)) for process in running]
    for process, slot in placed:
        if slot is None:
            raise ReleaseError(
                f"{_named(process)} is in neither slot, and listens at neither of the ports {ports[0]} and {ports[1]}: nothing was stopped. Set "
                f"elixir_release_ports so that one of them is its own, or stop it first, with the playbook beamops.elixir.stop."
            )
    for slot in _slots.NAMES:
        there = [process for process, place in placed if place == slot]
        if len(there) > 1:
            raise ReleaseError(f"{_named(there[0])} and {_named(there[1])} run both in the slot {slot}: nothing was stopped. Stop one of them by hand.")
    processes = {slot: process for process, slot in placed if slot}
    if processes and live not in processes:
        idle = processes[_slots.other(live)]
        raise ReleaseError(
            f"nginx serves the slot {live}, where nothing runs, and {_named(idle)} runs in {_slots.other(live)}: nothing was stopped. See why. If that one "
            f"is to serve, rename the file {live} in {_proxy.HOME}/{idle.name} to {_slots.other(live)}."
        )
    return Seen(live, ports, processes)


def proxy(name: str, slots: t.Mapping[str, t.Any]) -> _proxy.Proxy:
    return _proxy.Proxy(name, slots["proxy_port"])


def slot_of(params: t.Mapping[str, t.Any]) -> _slots.Slot | None:
    """The one that a module is told of."""
    return _slots.of(params["slot"], params["slots"]["ports"]) if params.get("slot") and params.get("slots") else None


def in_slot(layout: _layout.Layout, slot: str, slots: t.Mapping[str, t.Any], scan: _processes.Scan) -> list[_processes.Process]:
    return [process for process in scan.of_root(layout.root) if _slots.is_in(layout, process, _slots.of(slot, slots["ports"]))]


def leave(layout: _layout.Layout, slot: str) -> None:
    """What runs there is on its way out, and nobody is to start it again."""
    _slots.clear(layout, slot)
    start_no_more(layout, slot)


def start_with_host(layout: _layout.Layout, release: _releases.Release) -> None:
    """As a service it does. What nothing starts again does not."""
    if release.service is not None:
        # Only where systemd is
        from ansible_collections.beamops.elixir.plugins.module_utils._steps import _service

        _service.enable(_service.name(layout, release))


def start_no_more(layout: _layout.Layout, slot: str) -> None:
    """Not with the host either."""
    if _systemd.may_be_told():
        # Only where systemd is
        from ansible_collections.beamops.elixir.plugins.module_utils._steps import _service

        _service.disable(layout, slot)


def forget_failures(layout: _layout.Layout, slot: str | None) -> None:
    """Of what was stopped, all of it or what was in a slot."""
    if _systemd.may_be_told():
        # Only where systemd is
        from ansible_collections.beamops.elixir.plugins.module_utils._steps import _service

        _service.forget(_service.ours_of(layout, slot))


def nothing_starts_with_host(layout: _layout.Layout) -> None:
    """Where nothing that was deployed here is good."""
    if _systemd.may_be_told():
        # Only where systemd is
        from ansible_collections.beamops.elixir.plugins.module_utils._steps import _service

        units = _service.ours(layout)
        _service.remove(units)
        _service.forget(units)


def _named(process: _processes.Process) -> str:
    return f"{process.version} (pid {process.pid}) from {process.root}"
