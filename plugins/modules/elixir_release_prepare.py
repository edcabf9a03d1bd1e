#!/usr/bin/python
# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: elixir_release_prepare
short_description: Look whether a host can take a release, and take its lock
version_added: 0.2.0
description:
  - Looks at the host as M(beamops.elixir.elixir_release_info) does and, where nothing speaks against the release, takes the lock of O(root) as
    M(beamops.elixir.elixir_release_lock) does. Both are the first that a deploy does on a host, and take one way to it so.
  - Takes B(one) look. Where another run holds the lock it succeeds all the same, and RV(held) is false; RV(msg) then says who holds it and what to do.
  - Where something speaks against the release, RV(problems) says what, and the host is left as it is.
  - With the env file and what else makes a release of a build, it also says whether just that release serves already, so that
    M(beamops.elixir.elixir_release_stage) has nothing to come to the host for.
extends_documentation_fragment:
  - beamops.elixir._release
  - beamops.elixir._release.paired
  - beamops.elixir._release.slots
  - beamops.elixir._release.cluster
  - beamops.elixir._attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
    details:
      - RV(msg) says who held the lock and who holds it.
  idempotent:
    support: full
  action:
    support: full
    details:
      - Says which run of Ansible this is, and whether the one that holds the lock is still there. Fails in a task with C(run_once) under a strategy that
        has no meaning for that, such as C(free). Says in words where the Python of the host is too old for any module.
options:
  user:
    description:
      - The user that is to run the release. By default one of the name of the release in O(tarball), which must not be an account of the host's own then.
    type: str
  tarball:
    description:
      - The answer of M(beamops.elixir.elixir_release_tarball_info). Without it only the lock is taken, and RV(problems) is empty.
    type: dict
  ignore_libraries:
    description:
      - Shared libraries that O(tarball) may need although they are not found here, by the names that RV(problems) has for them.
    type: list
    elements: str
    default: []
  path:
    description:
      - The E(PATH) that the env file sets, if it does, as of M(beamops.elixir.elixir_release_info).
    type: str
  what:
    description:
      - What the lock is for, in words for who finds it.
    type: str
  expires:
    description:
      - How many seconds after it was last taken or refreshed another run may take it over.
    type: int
    default: 3600
  run:
    description:
      - Which run of Ansible this is. Set by the action plugin; what a task gives is ignored.
    type: dict
  takeover:
    description:
      - Which run the action plugin found to be no more. Set by the action plugin; what a task gives is ignored.
    type: dict
author:
  - The beamops.elixir authors (@beamops)
seealso:
  - module: beamops.elixir.elixir_release_stage
  - module: beamops.elixir.elixir_release_settle
"""

EXAMPLES = r"""
- name: Look at the host and lock it
  beamops.elixir.elixir_release_prepare:
    root: /opt/guestbook
    tarball: "{{ tarball }}"
    what: deploy of {{ tarball.release_id }}
  become: true
  register: before
  until: before.held | default(true) or before.problems | length > 0
  failed_when: before is failed or not before.held
  retries: 60
  delay: 5
"""

RETURN = r"""
held:
  description: Whether this run holds the lock now.
  returned: success
  type: bool
  sample: true
owner:
  description: Who holds the lock now, and from which controller.
  returned: when nothing speaks against the release
  type: str
  sample: kai@laptop
since:
  description: Since when, in UTC.
  returned: when nothing speaks against the release
  type: str
  sample: '2026-11-23T01:02:03+00:00'
taken_over:
  description: Whose lock this run has taken over just now, V(null) where it has not.
  returned: when nothing speaks against the release
  type: str
  sample: ada@ci, process 4711, since 2026-11-23T01:02:03+00:00, for deploy of 0.1.0-1a2b3c4d
problems:
  description: What keeps this host from running the release, a sentence each.
  returned: success
  type: list
  elements: str
  sample: []
there:
  description: What M(beamops.elixir.elixir_release_stage) needs to know of what is on the host, for its O(beamops.elixir.elixir_release_stage#module:there).
  returned: with O(tarball), where nothing speaks against the release
  type: dict
cluster:
  description: With whom what runs is connected. V(null) where it was not to be told, or where another run holds the lock.
  returned: when nothing speaks against the release
  type: dict
  contains:
    wanted:
      description: What O(cluster) said.
      type: str
      sample: auto
    libraries:
      description: Which libraries are there that join nodes, of V(dns_cluster), V(horde), V(libcluster), V(mnesia), V(swarm) and V(syn).
      type: list
      elements: str
      sample: [libcluster]
    node:
      description: The name of the node that runs, with its host. V(null) where none does, or where it cannot be asked.
      type: str
      sample: guestbook@web1.example.com
    peers:
      description: The nodes of other hosts that it is connected with, seen from both sides.
      type: list
      elements: str
      sample: [guestbook@web2.example.com]
    whole:
      description: Whether these are all connected with each other.
      type: bool
      sample: true
    msg:
      description: Why it cannot be asked.
      returned: when it cannot
      type: str
      sample: it did not end within 5 s
msg:
  description: What was found and done. Where this host cannot run the release, or another run holds the lock, what to do.
  returned: always
  type: str
  sample: Took /opt/guestbook/deploy.lock.
current:
  description: The release that C(current) points to, as all else that M(beamops.elixir.elixir_release_info) answers.
  returned: success
  type: str
  sample: 0.1.0-1a2b3c4d
"""

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._modules import _prepare


def main():
    _module.main(_prepare)


if __name__ == "__main__":
    main()
