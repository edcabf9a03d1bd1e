# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""With whom a node is to be connected, as a module is told. What comes of it _cluster knows, which is loaded where somebody is to be looked for."""

from __future__ import annotations

import typing as t

# Whether it is to be told with whom a node is connected: auto and a number of hosts say so, off does not
CLUSTER = {"type": "str", "default": "off"}
OPTIONS = {
    "type": "dict",
    "options": {
        "node": {"type": "str", "required": True},
        "names": {"type": "list", "elements": "str", "default": []},
        "hosts": {"type": "list", "elements": "str", "default": []},
        "whole": {"type": "bool", "default": False},
        "one_name": {"type": "bool", "default": False},
        "least": {"type": "int", "default": 0},
    },
}


class Peers(t.NamedTuple):
    node: str  # that was connected with them
    names: t.Sequence[str] = ()
    hosts: t.Sequence[str] = ()  # of those whose names may have become others meanwhile
    whole: bool = False  # whether they were all connected with each other
    one_name: bool = False  # whether only nodes of one name before the @ find each other
    least: int = 0  # hosts, its own among them; 0 where it is to be these very ones


def of(params: t.Mapping[str, t.Any] | None) -> Peers | None:
    return Peers(**params) if params else None
