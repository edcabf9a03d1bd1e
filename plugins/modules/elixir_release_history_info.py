#!/usr/bin/python
# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: elixir_release_history_info
short_description: Tell what was deployed on a host, when, by whom and why
version_added: 0.2.0
description:
  - Reads the end of C(ROOT/ledger.jsonl), to which each deploy, rollback and failure adds a line.
  - A line that cannot be read is left out, and a host to which nothing was deployed has none.
extends_documentation_fragment:
  - beamops.elixir._release
  - beamops.elixir._attributes
  - beamops.elixir._attributes.info_module
options:
  lines:
    description:
      - How many lines, the newest ones.
    type: int
    default: 20
author:
  - The beamops.elixir authors (@beamops)
seealso:
  - module: beamops.elixir.elixir_release_info
"""

EXAMPLES = r"""
- name: See what was deployed here
  beamops.elixir.elixir_release_history_info:
    root: /opt/guestbook
  register: history
"""

RETURN = r"""
entries:
  description: What happened, oldest first.
  returned: success
  type: list
  elements: dict
  contains:
    at:
      description: When, in UTC.
      type: str
      sample: '2026-11-23T01:02:05+00:00'
    event:
      description: V(deploy), V(rollback), V(failure), or V(kill) of what did not stop in time.
      type: str
      sample: deploy
    release:
      description: The release that it is about, which after a V(deploy) or a V(rollback) serves.
      type: str
      sample: 0.2.0-9f8e7d6c
    version:
      description: Its version.
      type: str
      sample: 0.2.0
    sha256:
      description: Of its tarball.
      type: str
    previous:
      description: What served before. V(null) where nothing did.
      type: str
      sample: 0.1.0-1a2b3c4d
    by:
      description: Who did it, from which machine.
      type: str
      sample: kai@laptop
    reason:
      description: Why it failed, or why the host went back. V(null) where nobody said.
      type: str
"""

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._modules import _history_info


def main():
    _module.main(_history_info)


if __name__ == "__main__":
    main()
