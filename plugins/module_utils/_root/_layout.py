# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the things of one application lie on a host. Names only: nothing here touches the disk."""

from __future__ import annotations

import os
import typing as t


class Slot(t.NamedTuple):
    """One of the two places of an application that may run at the same time."""

    name: str
    port: int


class Layout(t.NamedTuple):
    root: str

    @property
    def releases(self) -> str:
        return os.path.join(self.root, "releases")

    @property
    def current(self) -> str:
        return os.path.join(self.root, "current")

    @property
    def env_link(self) -> str:
        return os.path.join(self.root, ".env")

    @property
    def tmp(self) -> str:
        return os.path.join(self.root, "tmp")

    @property
    def shared(self) -> str:
        return os.path.join(self.root, "shared")

    @property
    def static(self) -> str:
        return os.path.join(self.root, "static")

    @property
    def slots(self) -> str:
        return os.path.join(self.root, "slots")

    def slot(self, name: str) -> str:
        return os.path.join(self.slots, name)

    def slot_env(self, name: str) -> str:
        """For a person: `. ROOT/.env` leads there where slots are used."""
        return os.path.join(self.slots, f"{name}.env")

    def slot_tmp(self, name: str) -> str:
        return os.path.join(self.tmp, name)

    @property
    def ledger(self) -> str:
        return os.path.join(self.root, "ledger.jsonl")

    @property
    def lock(self) -> str:
        return os.path.join(self.root, "deploy.lock")

    @property
    def deadman(self) -> str:
        return os.path.join(self.root, ".deadman")

    @property
    def warm(self) -> str:
        """Of what ends the process that is kept for a rollback."""
        return os.path.join(self.root, ".warm")

    def release(self, release_id: str) -> str:
        return os.path.join(self.releases, release_id)

    def unfinished(self, release_id: str) -> str:
        """Where a release is unpacked before it gets its name: never listed, never eligible."""
        return os.path.join(self.releases, f".{release_id}.unfinished")


def of_release(release_path: str) -> Layout:
    """The root that a release lies under."""
    return Layout(os.path.dirname(os.path.dirname(release_path)))


def env_file(release_path: str) -> str:
    return os.path.join(release_path, ".env")


def environment_file(release_path: str, slot: str | None = None) -> str:
    """What systemd gives it, rendered from its env file at each start. For root's eyes only: systemd reads it before it changes the user."""
    return os.path.join(release_path, f".environment-{slot}" if slot else ".environment")


def shared_file(release_path: str) -> str:
    """Which of its directories are links into ROOT/shared, a line each. Missing where none is."""
    return os.path.join(release_path, ".shared")


def contents_file(release_path: str) -> str:
    """What of it is as it was built, for other releases to share."""
    return os.path.join(release_path, ".contents.json")


def record(release_path: str) -> str:
    return os.path.join(release_path, ".deploy.json")


def cookie_file(release_path: str) -> str:
    return os.path.join(release_path, "releases", "COOKIE")


def script(release_path: str, name: str) -> str:
    return os.path.join(release_path, "bin", name)
