#!/usr/bin/python
# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: elixir_release_stop
short_description: Ask the running release to stop
description:
  - Finds what runs from O(root) by its processes and asks it to stop, with the cookie and the node name of the I(running) release, so that a COOKIE or
    a version that was replaced on the disk does not matter. It does what C(bin/NAME stop) does, without booting a BEAM for it. Where the node cannot be
    reached so, C(bin/NAME stop) itself is run, and where that fails, it sends SIGTERM.
  - It asks once and does not wait. A release that was asked finishes its requests first, which may take a while; whether it is gone,
    M(beamops.elixir.elixir_release_wait) says.
extends_documentation_fragment:
  - beamops.elixir._release
  - beamops.elixir._release.slots
  - beamops.elixir._release.slot
  - beamops.elixir._release.drain
  - beamops.elixir._attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
    details:
      - Where nothing runs, nothing changes.
options:
  force:
    description:
      - Kill it instead. Its C(heart) is killed first, since that would start it again. Requests and work in progress are lost, which stands in
        C(ROOT/ledger.jsonl) then.
    type: bool
    default: false
  by:
    description:
      - Who has it stopped, and from which controller, for the ledger.
    type: str
  replaces:
    description:
      - The root of what is to stop, where that is not O(root), as on the first deploy to a host that a script deployed to.
    type: path
  release:
    description:
      - The id of the release that O(overlap) is about.
    type: str
  overlap:
    description:
      - Leave alone what runs of O(release).
    type: bool
    default: false
  after:
    description:
      - Have the host itself ask what runs in O(slot) to stop in so many seconds, unless it is live by then. Until then a rollback to it is one rename.
      - V(0) - it is asked now.
    type: float
    default: 0
  within:
    description:
      - With O(after), how many seconds it then has to stop before it is killed.
    type: float
    default: 90
  drain:
    description:
      - In O(slot), do not ask before nobody waits for an answer there, as the kernel tells of the connections to its port, or before so many seconds have
        passed since O(since). A connection that has had its answer for a second counts as one that is kept; so does a websocket.
      - Then O(drain_expression) has as many seconds.
    type: float
    default: 0
  since:
    description:
      - When the traffic was moved elsewhere, in seconds of the host's uptime, as M(beamops.elixir.elixir_release_switch) answers. Without it nothing is
        waited for.
    type: float
  watch:
    description:
      - For how many seconds to look before RV(ready) says that somebody waits still.
    type: float
    default: 0
author:
  - The beamops.elixir authors (@beamops)
seealso:
  - module: beamops.elixir.elixir_release_wait
"""

EXAMPLES = r"""
- name: Ask the release to stop
  beamops.elixir.elixir_release_stop:
    root: /opt/guestbook
  become: true

# Where another release is to take its place, M(beamops.elixir.elixir_release_start) does all of this in one task
- name: Wait until it is gone
  beamops.elixir.elixir_release_wait:
    root: /opt/guestbook
    state: stopped
  become: true
  register: down
  until: down.ready | default(true) or down.fatal
  failed_when: down is failed or not down.ready | default(true)
  retries: 120
  delay: 1
"""

RETURN = r"""
asked:
  description: The processes that were asked to stop.
  returned: success
  type: list
  elements: dict
  contains:
    pid:
      description: The process id of the BEAM.
      type: int
      sample: 4711
    version:
      description: The version that ran.
      type: str
      sample: 0.1.0
    node:
      description: Its node name, V(null) where it was not distributed.
      type: str
      sample: guestbook
    how:
      description:
        - As C(bin/NAME stop) does (V(stop)), by SIGTERM (V(term)), by SIGKILL (V(kill)) or, where systemd runs it, by V(systemctl). V(null) in check mode.
      type: str
      sample: stop
asked_at:
  description:
    - When they were asked, in seconds of the host's uptime, so that no clock that is set meanwhile matters. Also where nothing ran.
    - M(beamops.elixir.elixir_release_wait) counts from there, with O(beamops.elixir.elixir_release_wait#module:asked_at).
  returned: success
  type: float
  sample: 86400.12
undrained:
  description: Where O(drain_expression) did not come to its end, which process, and why. V(null) where it did.
  returned: when something was asked to stop
  type: str
  sample: '0.1.0 (pid 4711) was asked to stop without having drained. MyApp.Release.drain(): it did not end within 60 s.'
ready:
  description: Whether it was asked; V(false) where somebody waits for an answer still. Then look once more.
  returned: success
  type: bool
  sample: true
fatal:
  description: Whether no further look can change that.
  returned: success
  type: bool
  sample: false
msg:
  description: What was lost by it.
  returned: when something was killed
  type: str
  sample: 0.1.0 (pid 4711) was killed. What it was doing is lost, as in a crash.
"""

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._modules import _stop


def main():
    _module.main(_stop)


if __name__ == "__main__":
    main()
