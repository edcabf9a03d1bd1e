#!/usr/bin/python
# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: elixir_release_rollback_info
short_description: Tell which release a host goes back to
description:
  - Chooses, of the releases that are on the host, the one to go back to, and tells of it what M(beamops.elixir.elixir_release_stage) tells of a new one,
    so that the same tasks switch to it.
  - Without O(release) that is the release that was good before the current one. Going back twice leads further back, and never to what was just left.
  - Its env file is loaded the way C(sh) does, so that a release that cannot be started any more is noticed before anything is stopped.
    For the same reason whatever M(beamops.elixir.elixir_release_stage) refuses of a new release is an error here, such as a port that somebody else holds
    or a node name that is not valid.
extends_documentation_fragment:
  - beamops.elixir._release
  - beamops.elixir._release.user
  - beamops.elixir._release.slots
  - beamops.elixir._attributes
  - beamops.elixir._attributes.info_module
options:
  release:
    description:
      - The id or the version of the release to go back to. Of several releases of one version it is the one that was good last.
    type: str
  force:
    description:
      - Choose it although it is marked V(bad), although the port that it needs is held by somebody else, or although its mnesia would start under
        another node name than the one that runs.
    type: bool
    default: false
  port:
    description:
      - The TCP port that the release listens on. By default the E(PORT) of its environment; V(4000) for a Phoenix release that has none. V(0) if it opens none.
    type: int
author:
  - The beamops.elixir authors (@beamops)
seealso:
  - module: beamops.elixir.elixir_release_info
  - module: beamops.elixir.elixir_release_current
"""

EXAMPLES = r"""
- name: See what the host would go back to
  beamops.elixir.elixir_release_rollback_info:
    root: /opt/guestbook
    user: guestbook
  become: true
  register: back

- name: See whether it can go back to that version
  beamops.elixir.elixir_release_rollback_info:
    root: /opt/guestbook
    user: guestbook
    release: 0.1.0
  become: true
"""

RETURN = r"""
release:
  description: The id of the release to go back to.
  returned: success
  type: str
  sample: 0.1.0-1a2b3c4d
path:
  description: The directory of the release.
  returned: success
  type: str
  sample: /opt/guestbook/releases/0.1.0-1a2b3c4d
name:
  description: Its E(RELEASE_NAME).
  returned: success
  type: str
  sample: guestbook
version:
  description: Its E(RELEASE_VSN).
  returned: success
  type: str
  sample: 0.1.0
sha256:
  description: The SHA-256 of the tarball that it was unpacked from.
  returned: success
  type: str
  sample: 1a2b3c4d0b1a29384756f0e1d2c3b4a5968778695a4b3c2d1e0f9e8d7c6b5a49
mark:
  description: How it turned out, V(staged), V(good) or V(bad).
  returned: success
  type: str
  sample: good
node:
  description: The node name that the release takes when it starts, V(null) where it is not distributed.
  returned: success
  type: str
  sample: guestbook
live:
  description: Whether this release is the current one and runs, so that there is nothing to go back to.
  returned: success
  type: bool
port:
  description: The E(PORT) of its environment, V(4000) where it has none and is RV(phoenix). V(null) where it is not RV(live).
  returned: success
  type: int
  sample: 4000
phoenix:
  description: Whether C(phoenix) is among its applications, or it has a C(bin/server) as C(mix phx.gen.release) makes it. V(false) where it is not RV(live).
  returned: success
  type: bool
  sample: false
previous:
  description:
    - The id of the release that runs or, where nothing does, of the current one if it is good. V(null) where there is none, and where it was not
      staged here.
  returned: success
  type: str
  sample: 0.2.0-9f8e7d6c
replaces:
  description: The processes that have to stop before this release is started.
  returned: success
  type: list
  elements: dict
  contains:
    pid:
      description: The process id of the BEAM.
      type: int
      sample: 4712
    version:
      description: The version that runs.
      type: str
      sample: 0.2.0
    root:
      description: The root to stop it by.
      type: str
      sample: /opt/guestbook
serves:
  description:
    - The TCP ports that those processes listen on, but for the ones that other nodes reach them by. Empty where that cannot be told.
    - For O(beamops.elixir.elixir_release_wait#module:serves) - where this is not empty, the release that replaces them is to serve as well.
  returned: success
  type: list
  elements: int
  sample: [4000]
"""

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._modules import _rollback_info


def main():
    _module.main(_rollback_info)


if __name__ == "__main__":
    main()
