# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:

    # Where the application lies
    DOCUMENTATION = r"""
options:
  root:
    description:
      - The directory on the host that holds everything of one application. An absolute path.
    type: path
    required: true
"""

    # As whom the release runs
    USER = r"""
options:
  user:
    description:
      - The user that runs the release.
      - By default the user that the release was staged for and, where that is not known, the one that it runs as, or else the owner of C(ROOT/tmp).
        For M(beamops.elixir.elixir_release_stage) it is the user that the module runs as.
      - To name another user than that of the module, the module has to run as root, so use C(become).
    type: str
"""
