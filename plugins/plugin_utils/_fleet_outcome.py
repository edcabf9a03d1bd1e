# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a run ended, as data for whoever is to be told of it. Pure, as _fleet is."""

from __future__ import annotations

import datetime
import typing as t

from ansible_collections.beamops.elixir.plugins.plugin_utils import _fleet


def outcome(fleet: _fleet.Fleet, event: str, name: str, now: str, gave_up: str = "") -> dict[str, t.Any]:
    """Of a deploy or a rollback; `gave_up` is why it ended before anything was stopped, `now` a time in UTC as `since` of a lock is one."""
    hosts = [_host(host) for host in fleet]
    befores = [host["before"] for host in fleet if "before" in host]
    reasons = [gave_up, *(host["reason"] for host in hosts)]
    switched = [host for host in fleet if "switched" in host]
    return {
        "name": name,
        "event": event,
        "outcome": "failed" if any(reasons) else "succeeded" if any(host["switched"] for host in switched) else "unchanged",
        "reason": next(filter(None, reasons), None),
        "by": next((before["owner"] for before in befores if before.get("owner")), None),
        "since": next((before["since"] for before in befores if before.get("since")), None),
        "seconds": _seconds(befores, now),
        "from": _the_one(host["before"] for host in hosts),
        "to": _the_one(host["new"]["release"] for host in fleet if "new" in host),
        "migrations": _fleet.applied_migrations(fleet),
        "hosts": hosts,
    }


def _host(host: _fleet.Host) -> dict[str, t.Any]:
    before, new = host.get("before", {}).get("current"), host.get("new", {})
    if "stuck" in host or "problem" in host and host["problem"]["stopped"] and "went_back" not in host:
        after = None
    elif "went_back" in host:
        after = new["previous"]
    else:
        after = new["release"] if "switched" in host else before
    return {
        "host": host["host"],
        "before": before,
        "after": after,
        "went_back": "went_back" in host,
        "away_seconds": _away(host),
        "reason": _reason(host),
    }


def _reason(host: _fleet.Host) -> str | None:
    said = host.get("stuck") or host.get("problem", {}).get("msg") or host.get("unsettled") or host.get("not_given_back")
    return said.splitlines()[0] if said else None


def _away(host: _fleet.Host) -> float | None:
    """From when what ran was asked to stop until the new release was seen to listen. None where that was not measured, as of a host that went back."""
    if not host.get("switched") or "went_back" in host:
        return None if "problem" in host or "went_back" in host else 0.0
    start, up = host.get("start", {}), host.get("up", {})
    if host["new"].get("slot") or start.get("asked_at", 0) is None:  # it serves until the new one does, or nothing ran
        return 0.0
    if start.get("asked_at") is None or up.get("listened_at") is None:
        return None
    return round(up["listened_at"] - start["asked_at"], 2)


def _seconds(befores: list[dict[str, t.Any]], now: str) -> int | None:
    begun = [before["since"] for before in befores if before.get("since")]
    if not begun:
        return None
    return round((datetime.datetime.fromisoformat(now) - datetime.datetime.fromisoformat(min(begun))).total_seconds())


def _the_one(values: t.Iterable[str | None]) -> str | None:
    """None where there are several."""
    found = set(values)
    return found.pop() if len(found) == 1 else None
