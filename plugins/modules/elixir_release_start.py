#!/usr/bin/python
# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: elixir_release_start
short_description: Start a release as a daemon
description:
  - Runs C(bin/NAME daemon) with the environment that the release was staged with, loaded the way C(sh) does, and with nothing of the caller's.
  - Since the exit code of C(daemon) says nothing, it looks for the process. Whether that comes up, M(beamops.elixir.elixir_release_wait) says.
  - Refuses where another release of O(root) runs. Where this release runs already, nothing is done.
extends_documentation_fragment:
  - beamops.elixir._release
  - beamops.elixir._release.user
  - beamops.elixir._attributes
attributes:
  check_mode:
    support: full
    details:
      - Refuses whatever can be known to keep the release from starting, or from starting again where it runs. So a check mode before a stop tells
        what could be told too late after it, such as a user that is not there, an env file that cannot be read, or a port that is held by somebody else.
  diff_mode:
    support: none
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
author:
  - The beamops.elixir authors (@beamops)
seealso:
  - module: beamops.elixir.elixir_release_stop
  - module: beamops.elixir.elixir_release_wait
"""

EXAMPLES = r"""
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
pid:
  description: The process id of the BEAM; V(null) in check mode where it would be started.
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
