#!/usr/bin/python
# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: elixir_release_start
short_description: Start a release as a daemon, in the place of what runs
description:
  - Runs C(bin/NAME daemon) with the environment that the release was staged with, loaded the way C(sh) does, and with nothing of the caller's.
  - Since the exit code of C(daemon) says nothing, it looks for the process. Whether that comes up, M(beamops.elixir.elixir_release_wait) says.
  - With O(stop), it asks what runs to stop, as M(beamops.elixir.elixir_release_stop) does, watches for O(watch) seconds whether that is gone, and starts
    the release in that instant. Where it is not gone yet, RV(ready) is V(false), and the task's C(until) looks again, without asking again.
  - Refuses where another release of O(root) runs that was not asked to stop.
  - Where this release runs already, nothing is done.
  - With O(peers), it fails before anything is asked to stop where what runs is not connected with these any more.
extends_documentation_fragment:
  - beamops.elixir._release
  - beamops.elixir._release.user
  - beamops.elixir._release.slots
  - beamops.elixir._release.slot
  - beamops.elixir._release.cluster
  - beamops.elixir._release.drain
  - beamops.elixir._release.peers
  - beamops.elixir._attributes
attributes:
  check_mode:
    support: full
    details:
      - Refuses whatever can be known to keep the release from starting, or from starting again where it runs. So a check mode before a stop tells
        what could be told too late after it, such as a user that is not there, an env file that cannot be read, or a port that is held by somebody else.
  diff_mode:
    support: full
    details:
      - Shows where C(current) points, with O(point).
  idempotent:
    support: full
options:
  release:
    description:
      - The id of the release. By default the current one.
    type: str
  port:
    description:
      - The TCP port that the release listens on, which nobody else may hold. By default the E(PORT) of its environment; V(4000) for a Phoenix release
        that has none. V(0) if it opens none. Looked at in check mode only.
    type: int
  force:
    description:
      - In check mode, do not refuse for a port that is held by somebody else, or for mnesia that would start under another node name than the one
        that runs.
    type: bool
    default: false
  stop:
    description:
      - Ask what it replaces to stop, once; it may be this very release, which is started again then.
    type: bool
    default: false
  deadman:
    description:
      - Before it is asked to stop, have the host take itself back in that many seconds to what runs now, as M(beamops.elixir.elixir_release_deadman) does.
        V(0) for no timer. Needs O(release).
    type: int
    default: 0
  by:
    description:
      - Who has it replaced, and from which controller, for the timer and for the ledger.
    type: str
  asked_at:
    description:
      - When what it replaces was asked to stop by another task, as M(beamops.elixir.elixir_release_stop) answered.
    type: float
  replaces:
    description:
      - The root of what it replaces, where that is not O(root).
    type: path
  node:
    description:
      - The node name that has to be free first.
    type: str
  watch:
    description:
      - For how many seconds to watch whether what it replaces is gone before this answers.
    type: float
    default: 0
  within:
    description:
      - In how many seconds after it was asked what it replaces has to be gone. Later RV(fatal) is V(true).
    type: float
  kill:
    description:
      - Kill it then, and start the release. It stopped serving when it was asked to stop, so there is nothing to spare any more.
      - What it was doing is lost, which stands in C(ROOT/ledger.jsonl) then.
    type: bool
    default: false
  point:
    description:
      - Point C(current) at the release as soon as its process is there.
    type: bool
    default: false
  overlap:
    description:
      - Start it as soon as what it replaces listens no more, although that is not gone yet, where the two have different node names.
    type: bool
    default: false
  drain:
    description:
      - How many seconds O(drain_expression) has. It is not evaluated in a O(slot), where nobody serves.
    type: float
    default: 60
author:
  - The beamops.elixir authors (@beamops)
seealso:
  - module: beamops.elixir.elixir_release_stop
  - module: beamops.elixir.elixir_release_wait
"""

EXAMPLES = r"""
- name: Replace what runs by another release
  beamops.elixir.elixir_release_start:
    root: /opt/guestbook
    release: 0.2.0-9f8e7d6c
    stop: true
    deadman: 300
    watch: 30
    within: 90
    kill: true
    point: true
  become: true
  register: started
  until: started.ready or started.fatal
  failed_when: started is failed or not started.ready
  retries: 4
  delay: 0

- name: Start the current release
  beamops.elixir.elixir_release_start:
    root: /opt/guestbook
    user: guestbook
  become: true
  register: started

- name: Wait until it serves
  beamops.elixir.elixir_release_wait:
    root: /opt/guestbook
    state: ready
    pid: "{{ started.pid }}"
    url: http://127.0.0.1:4000/health
  become: true
  register: up
  until: up.ready | default(true) or up.fatal
  failed_when: up is failed or not up.ready | default(true)
  retries: 60
  delay: 1
"""

RETURN = r"""
ready:
  description: Whether it runs, or would in check mode. V(false) where what it replaces is not gone yet, or cannot be asked to go.
  returned: always
  type: bool
  sample: true
fatal:
  description: Whether no further look can change that.
  returned: always
  type: bool
  sample: false
msg:
  description: Why it was not started.
  returned: when RV(ready) is V(false)
  type: str
  sample: 0.1.0 (pid 4711) from /opt/guestbook/releases/0.1.0-1a2b3c4d still runs; it was asked to stop and may be finishing requests.
asked:
  description: The processes that were asked to stop, as M(beamops.elixir.elixir_release_stop) tells of them.
  returned: always
  type: list
  elements: dict
asked_at:
  description: When they were asked, in seconds of the host's uptime, also where nothing ran. V(null) where nothing was to be asked, or this failed before.
  returned: always
  type: float
  sample: 86400.12
undrained:
  description: Where O(drain_expression) did not come to its end, which process, and why. V(null) where it did.
  returned: when something was asked to stop
  type: str
  sample: '0.1.0 (pid 4711) was asked to stop without having drained. MyApp.Release.drain(): it did not end within 60 s.'
lacks:
  description: The hosts of O(peers) whose nodes are not connected any more.
  returned: when nothing was asked to stop for that
  type: list
  elements: str
  sample: [web2.example.com]
cluster:
  description: With whom what runs is connected, as of M(beamops.elixir.elixir_release_prepare).
  returned: with O(cluster)
  type: dict
killed:
  description: What was lost by a kill. V(null) where nothing was killed.
  returned: always
  type: str
  sample: 0.1.0 (pid 4711) was killed. What it was doing is lost, as in a crash.
pid:
  description: The process id of the BEAM; V(null) in check mode where it would be started, and where RV(ready) is V(false).
  returned: success
  type: int
  sample: 4711
release:
  description: The id of the release.
  returned: success
  type: str
  sample: 0.2.0-9f8e7d6c
port:
  description: The E(PORT) of its environment; V(4000) where it has none and is RV(phoenix). Else V(null).
  returned: success
  type: int
  sample: 4000
phoenix:
  description: Whether C(phoenix) is among its applications, or it has a C(bin/server) as C(mix phx.gen.release) makes it.
  returned: success
  type: bool
  sample: true
"""

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._modules import _start


def main():
    _module.main(_start)


if __name__ == "__main__":
    main()
