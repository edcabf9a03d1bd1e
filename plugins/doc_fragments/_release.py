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

    # What makes another release of the same build
    PAIRED = r"""
options:
  env:
    description:
      - The content of the env file. It is kept as C(.env) beside the release, readable by its user and nobody else.
    type: str
    default: ''
  cookie:
    description:
      - The cookie of the node, if the env file sets no E(RELEASE_COOKIE). Without either the cookie that came with the tarball stays, and every build
        has another one.
    type: str
  shared_dirs:
    description:
      - Directories inside the release that outlive it, such as V(lib/shop/priv/static/uploads). C(lib/shop) stands for C(lib/shop-VERSION).
      - The release gets a link to C(ROOT/shared/PATH) there, which belongs to the user that runs the release, and which nothing here ever removes. What
        the release brings at that place is copied there the first time, and never again.
      - Another list is another release, C(VERSION-SHA8.2), as another env file is.
    type: list
    elements: str
    default: []
  overlap:
    description:
      - Give it a node name and a E(RELEASE_TMP) of its own, at the end of the env file that it is staged with, so that it can start while the release that
        it replaces still finishes its requests. Refused where C(mnesia) is among its applications.
    type: bool
    default: false
"""
