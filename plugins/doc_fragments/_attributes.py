# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:

    # What holds for every module of the collection
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying the target.
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
  idempotent:
    description:
      - When run twice in a row outside check mode, with the same arguments, the second invocation indicates no change.
      - This assumes that the system controlled or queried by the module has not changed in a relevant way.
  action:
    description: Has a corresponding action plugin, so some parts of it are executed on the controller.
    support: full
    details:
      - Is sent to the host together with all other modules of this collection, so that Ansible packs them once.
  platform:
    description: Target OS or families that can be operated against.
    support: full
    platforms: linux
  action_group:
    description: Use C(group/beamops.elixir.elixir) in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - beamops.elixir.elixir
"""

    # Modules that only look
    INFO_MODULE = r"""
options: {}
attributes:
  check_mode:
    support: full
    details:
      - This module only looks; it does the same in check mode.
  diff_mode:
    support: N/A
    details:
      - This module changes nothing.
  idempotent:
    support: full
    details:
      - This module changes nothing.
"""
