#!/usr/bin/python
# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: elixir_release_switch
short_description: Move the traffic to a slot, and see it served there
version_added: 0.2.0
description:
  - Has nginx, as the role P(beamops.elixir.elixir_release_proxy#role) has set it up, send its requests to the release in O(slot), by the rename of one file.
    Nothing is reloaded, so no request and no connection is lost.
  - Then looks, once or for O(watch) seconds, whether nginx says so and whether the release answers through it. C(current) points to the release from then on.
  - Refuses where the release does not run in that slot, and where nginx does not answer or does not serve what its file says.
extends_documentation_fragment:
  - beamops.elixir._release
  - beamops.elixir._release.slots
  - beamops.elixir._release.look
  - beamops.elixir._attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - Shows where C(current) points.
  idempotent:
    support: full
options:
  slot:
    description:
      - Where the release runs.
    type: str
    choices: [blue, green]
    required: true
  release:
    description:
      - The id of the release.
    type: str
    required: true
  pid:
    description:
      - The process that it was started as. Where that one has died, no traffic is moved, or it fails.
    type: int
  url:
    description:
      - What to ask for through nginx. Only the path of it counts. Without it, nginx is believed.
    type: str
  as_proven:
    description:
      - Ask for what the release was proven good with, as far as that is known, instead of O(url) and what belongs to it.
    type: bool
    default: false
  watch:
    description:
      - For how many seconds to look before an answer is given, unless it is served sooner.
    type: float
    default: 0
  within:
    description:
      - After how many seconds since the traffic was moved nothing is waited for any more.
    type: float
  since:
    description:
      - When the traffic was moved, in seconds of the host's uptime. Set by the action plugin for the attempts of one task.
    type: float
  disarm:
    description:
      - Call the dead-man timer off when it is served, as M(beamops.elixir.elixir_release_deadman) does.
    type: bool
    default: false
author:
  - The beamops.elixir authors (@beamops)
seealso:
  - module: beamops.elixir.elixir_release_start
  - module: beamops.elixir.elixir_release_stop
"""

EXAMPLES = r"""
- name: Move the traffic to the new release
  beamops.elixir.elixir_release_switch:
    root: /opt/guestbook
    release: 0.2.0-9f8e7d6c
    slot: green
    slots: {ports: [4000, 4001], proxy_port: 4002}
    url: /health
  become: true
  register: moved
  until: moved.ready | default(true) or moved.fatal
  failed_when: moved is failed or not moved.ready | default(true)
  retries: 10
  delay: 1
"""

RETURN = r"""
ready:
  description: Whether the release is served through nginx.
  returned: always
  type: bool
  sample: true
fatal:
  description: Whether no further look can change that.
  returned: always
  type: bool
  sample: false
since:
  description: When the traffic was moved, in seconds of the host's uptime. V(null) where it was not.
  returned: always
  type: float
  sample: 86400.12
look:
  description: What was looked at last.
  returned: success
  type: str
  sample: http
seen:
  description: What was seen there.
  returned: success
  type: str
  sample: "200"
msg:
  description: What was seen, in words.
  returned: success
  type: str
  sample: http://127.0.0.1:4002/health answers 200.
"""

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._modules import _switch


def main():
    _module.main(_switch)


if __name__ == "__main__":
    main()
