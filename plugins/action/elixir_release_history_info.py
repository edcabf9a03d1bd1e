# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sends the module with all the others of this collection."""

from __future__ import annotations

from ansible_collections.beamops.elixir.plugins.plugin_utils._step import PlainAction

ActionModule = PlainAction
