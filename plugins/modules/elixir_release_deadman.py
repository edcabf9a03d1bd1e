#!/usr/bin/python
# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: elixir_release_deadman
short_description: Have a host go back by itself if it hears no more of the run
description:
  - A run that is lost between stopping the old release and seeing the new one ready (the connection breaks, the controller is switched off) leaves a
    host that serves nothing, or something unproven. With O(state=armed), a process stays on the host that goes back to what ran before unless
    O(state=disarmed) comes within O(seconds).
  - The way back is the release that runs as the timer is armed; where nothing runs, the one that C(current) points to, if it is good. On a first deploy it
    is also a release of the same name and node that was started from elsewhere, which is started again from there and with its own environment.
  - To go back, the timer stops what else runs of O(root), by SIGTERM and after 15 seconds by SIGKILL, points C(current), starts the way back, and looks at it
    for up to a minute. It writes a line into C(ROOT/ledger.jsonl), removes nothing, and marks nothing as bad.
  - Arming again replaces the timer. For the same O(release) it keeps its way back, since what runs by then may be that release.
  - The process runs as the module's user, from C(ROOT/.deadman), which nobody else can read. Where systemd runs, and the module's user is root, it is a unit of
    its own, so that it does not end with the login.
extends_documentation_fragment:
  - beamops.elixir._release
  - beamops.elixir._release.user
  - beamops.elixir._attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: partial
    details:
      - Arming starts the time anew, so it always changes something.
options:
  state:
    description:
      - V(armed) - a timer runs.
      - V(disarmed) - none does. Fails where it was quicker, and says what it did.
      - V(fired) - it goes back now, for the run knows that it has to. Does not wait until it has; ask again until RV(fired) is not V(going) any more.
    type: str
    choices: [armed, disarmed, fired]
    default: armed
  release:
    description:
      - The id of the release that is deployed, required with O(state=armed).
    type: str
  seconds:
    description:
      - After how long the host goes back, required with O(state=armed). It has to be more than stopping the old release and starting the new one may take.
    type: int
  by:
    description:
      - Who deploys, and from which controller, for the ledger.
    type: str
author:
  - The beamops.elixir authors (@beamops)
seealso:
  - module: beamops.elixir.elixir_release_start
  - module: beamops.elixir.elixir_release_stop
"""

EXAMPLES = r"""
- name: Have the host go back by itself if it hears no more of this run
  beamops.elixir.elixir_release_deadman:
    root: /opt/guestbook
    user: guestbook
    release: 0.2.0-9f8e7d6c
    seconds: 300
    by: kai@laptop
  become: true

# Stop the old release, start the new one, wait until it is ready

- name: Leave the host to itself no more
  beamops.elixir.elixir_release_deadman:
    root: /opt/guestbook
    state: disarmed
  become: true
"""

RETURN = r"""
way_back:
  description:
    - What the host would go back to - the id of a release or, of one that was not staged here, its directory.
    - V(null) where there is nothing to go back to, so that no timer runs. With O(state=disarmed), V(null) where none ran.
  returned: success
  type: str
  sample: 0.1.0-1a2b3c4d
seconds:
  description: After how many seconds, V(null) where RV(way_back) is.
  returned: success
  type: int
  sample: 300
fired:
  description:
    - What the timer does or did - V(going) back, is V(back), or has V(failed) to get there. V(null) where it has not fired.
  returned: with O(state=disarmed) and O(state=fired)
  type: str
  sample: back
msg:
  description: The same in words.
  returned: with O(state=fired)
  type: str
  sample: This host went back to 0.1.0-1a2b3c4d by itself at 2026-11-23T01:02:03+00:00, since it had no word from the run for 300 s.
"""

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._modules import _deadman


def main():
    _module.main(_deadman)


if __name__ == "__main__":
    main()
