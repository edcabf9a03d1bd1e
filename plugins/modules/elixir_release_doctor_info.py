#!/usr/bin/python
# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: elixir_release_doctor_info
short_description: Tell what is wrong with a host, or could be better
version_added: 0.2.0
description:
  - Looks at what a release needs of a host, whatever is to be deployed - rights, Python, disk, memory, clock, ports, what starts with the host, units of
    systemd, nginx in front of O(slots), locale; and at what M(beamops.elixir.elixir_release_info) calls drift.
  - It does not fail where something is wrong. What it cannot look at, it says.
extends_documentation_fragment:
  - beamops.elixir._release
  - beamops.elixir._release.user
  - beamops.elixir._release.slots
  - beamops.elixir._attributes
  - beamops.elixir._attributes.info_module
options:
  name:
    description:
      - The name of the release, by which nginx' files are found.
    type: str
    required: true
  user:
    description:
      - The user that runs the release, if somebody chose it. By default the O(name), of which it is told whether that is a system's own account.
author:
  - The beamops.elixir authors (@beamops)
seealso:
  - module: beamops.elixir.elixir_release_info
"""

EXAMPLES = r"""
- name: Look at the host
  beamops.elixir.elixir_release_doctor_info:
    root: /opt/guestbook
    name: guestbook
  become: true
  register: doctor
"""

RETURN = r"""
findings:
  description: What is wrong, or could be better. Empty where all is well.
  returned: success
  type: list
  elements: dict
  contains:
    about:
      description: What it is about.
      type: str
      sample: disk
    wrong:
      description: Whether something is wrong. Else it is advice.
      type: bool
    text:
      description: What was found, and what to do.
      type: str
      sample: '/opt has 12 MiB free, the release needs 60 MiB: make room there.'
clock_offset:
  description: At least how many seconds the host's clock is ahead of the controller's. Negative where it is behind.
  returned: success
  type: float
  sample: 0.0
"""

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._modules import _doctor_info


def main():
    _module.main(_doctor_info)


if __name__ == "__main__":
    main()
