#!/usr/bin/python
# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: elixir_release_prune
short_description: Remove the releases that nobody will miss
description:
  - Removes older releases from C(ROOT/releases), those that were staged and never went live, and what a staging or a removal that was broken off
    has left there.
  - Never removed are the release that C(current) points to, one that runs, and the last good one, which a rollback goes back to.
  - What was not staged by M(beamops.elixir.elixir_release_stage) is left alone.
  - What cannot be removed, because it is immutable, something is mounted in it, or it belongs to somebody else, is told in a warning, and so is a
    release whose record is damaged. Neither keeps the others from being removed, and the task does not fail.
  - Hold the lock (M(beamops.elixir.elixir_release_lock)), so that nobody deploys meanwhile.
extends_documentation_fragment:
  - beamops.elixir._release
  - beamops.elixir._attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  keep:
    description:
      - How many good releases stay, the newest ones, the current one among them. And how many that are marked V(bad), since their mark keeps them
        from being deployed again.
      - At least 1.
    type: int
    default: 5
author:
  - The beamops.elixir authors (@beamops)
seealso:
  - module: beamops.elixir.elixir_release_info
  - module: beamops.elixir.elixir_release_rollback_info
"""

EXAMPLES = r"""
- name: Keep three releases
  beamops.elixir.elixir_release_prune:
    root: /opt/guestbook
    keep: 3
  become: true
"""

RETURN = r"""
removed:
  description: The ids of the releases that were removed, oldest first. In check mode those that would be.
  returned: success
  type: list
  elements: str
  sample:
    - 0.1.0-1a2b3c4d
kept:
  description: The ids of the releases that stay, oldest first.
  returned: success
  type: list
  elements: str
  sample:
    - 0.1.1-5e6f7a8b
    - 0.2.0-9f8e7d6c
unfinished:
  description: The directories that a staging or a removal that was broken off had left, and that were removed too.
  returned: success
  type: list
  elements: str
  sample: []
left:
  description: What could not be removed, and the releases whose record is damaged, a sentence each with the path and the reason. All are warnings too.
  returned: success
  type: list
  elements: str
  sample: []
"""

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._modules import _prune


def main():
    _module.main(_prune)


if __name__ == "__main__":
    main()
