#!/usr/bin/python
# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: elixir_release_settle
short_description: Record that a release is good, remove old ones, and give the lock back
version_added: 0.2.0
description:
  - What follows when all hosts serve the new release. Does what M(beamops.elixir.elixir_release_current) does with
    O(beamops.elixir.elixir_release_current#module:state=good), then what M(beamops.elixir.elixir_release_prune) does, then what
    M(beamops.elixir.elixir_release_lock) does with O(beamops.elixir.elixir_release_lock#module:state=absent), on one way to the host.
  - A lock that is kept, or is another run's, is left where it is.
extends_documentation_fragment:
  - beamops.elixir._release
  - beamops.elixir._release.static
  - beamops.elixir._attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
  action:
    support: full
    details:
      - Says which run of Ansible this is.
options:
  release:
    description:
      - The id of the release that serves.
    type: str
    required: true
  event:
    description:
      - What led to it, for the ledger.
    type: str
    choices: [deploy, rollback]
    default: deploy
  previous:
    description:
      - The id of the release before, for the ledger; with O(event=rollback) the one that it left.
    type: str
  reason:
    description:
      - What there is to know of it, for the ledger.
    type: str
  proof:
    description:
      - What was seen of it when it was proven, by the names of the options of M(beamops.elixir.elixir_release_wait). Kept with the release.
    type: dict
  by:
    description:
      - Who did this, and from which controller, for the ledger.
    type: str
  keep:
    description:
      - How many builds that were good stay beside the current one and what runs.
    type: int
    default: 5
  run:
    description:
      - Which run of Ansible this is. Set by the action plugin; what a task gives is ignored.
    type: dict
author:
  - The beamops.elixir authors (@beamops)
seealso:
  - module: beamops.elixir.elixir_release_prepare
"""

EXAMPLES = r"""
- name: Settle
  beamops.elixir.elixir_release_settle:
    root: /opt/guestbook
    release: 0.2.0-9f8e7d6c
    previous: 0.1.0-1a2b3c4d
    keep: 3
  become: true
"""

RETURN = r"""
removed:
  description: The ids of the releases that were removed.
  returned: success
  type: list
  elements: str
  sample: [0.0.9-5e6f7a8b]
kept:
  description: The ids of the releases that are left.
  returned: success
  type: list
  elements: str
  sample: [0.1.0-1a2b3c4d, 0.2.0-9f8e7d6c]
left:
  description: What could not be removed, and why.
  returned: success
  type: list
  elements: str
  sample: []
"""

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._modules import _settle


def main():
    _module.main(_settle)


if __name__ == "__main__":
    main()
