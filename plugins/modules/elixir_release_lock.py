#!/usr/bin/python
# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: elixir_release_lock
short_description: Take, keep or give back the deploy lock of a host
description:
  - Holds C(ROOT/deploy.lock) for this run of Ansible, so that no other run deploys to the same O(root) meanwhile. The file says who holds it, from which
    controller, since when and what for.
  - Takes B(one) look. Where another run holds the lock it succeeds all the same, and RV(held) is false. Put RV(held) into C(until) and C(failed_when), as in
    the examples; RV(msg) then says who holds it and what to do. An error has no RV(held), and is not tried again.
  - The lock belongs to the process of C(ansible-playbook), so every task of a run finds its own lock, and refreshes it.
  - Another run's lock is taken over where it was not heard of for the seconds that it gave as its O(expires), or where it ran on this same controller and its
    process is gone, such as after a C(kill -9). After a reboot of the controller it is known no more, so it expires. A lock that was kept is never taken
    over but with O(force).
extends_documentation_fragment:
  - beamops.elixir._release
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
        has no meaning for that, such as C(free).
options:
  state:
    description:
      - V(present) - this run takes the lock, or refreshes its own. O(root) is made where it is missing.
      - V(absent) - removes this run's lock. With O(force), whosever it is.
      - V(kept) - as V(present), and marks the lock with the O(reason) why nobody is to deploy before a person has looked at the host. It never expires, and
        V(absent) leaves it where it is, unless O(force) is set.
    type: str
    choices: [present, absent, kept]
    default: present
  what:
    description:
      - What the lock is for, in words for who finds it.
    type: str
  expires:
    description:
      - How many seconds after it was last taken or refreshed another run may take it over.
      - Give more than the longest time between two tasks that take or refresh it.
    type: int
    default: 3600
  reason:
    description:
      - With O(state=kept), what a person has to look at.
    type: str
  force:
    description:
      - Take over, or remove, any lock, also one that was kept or cannot be read.
    type: bool
    default: false
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
"""

EXAMPLES = r"""
- name: Take the lock, and wait up to five minutes for it
  beamops.elixir.elixir_release_lock:
    root: /opt/guestbook
    what: deploy of 0.2.0-9f8e7d6c
  become: true
  register: lock
  until: lock.held | default(true)
  failed_when: lock is failed or not lock.held
  retries: 60
  delay: 5

- name: Give it back
  beamops.elixir.elixir_release_lock:
    root: /opt/guestbook
    state: absent
  become: true

- name: Let nobody deploy before somebody has looked
  beamops.elixir.elixir_release_lock:
    root: /opt/guestbook
    state: kept
    reason: 0.2.0-9f8e7d6c failed, and 0.1.0-1a2b3c4d does not start again either
  become: true
"""

RETURN = r"""
held:
  description: Whether this run holds the lock now.
  returned: success
  type: bool
owner:
  description: Who holds the lock now, and from which controller. V(null) where it is free, or cannot be read.
  returned: success
  type: str
  sample: kai@laptop
since:
  description: Since when, in UTC.
  returned: success
  type: str
  sample: '2026-11-23T01:02:03+00:00'
what:
  description: What for.
  returned: success
  type: str
  sample: deploy of 0.2.0-9f8e7d6c
kept:
  description: Why it is kept until a person has looked at the host, V(null) where it is not.
  returned: success
  type: str
  sample: null
taken_over:
  description: Whose lock this run has taken over just now, V(null) where it has not.
  returned: success
  type: str
  sample: ada@ci, process 4711, since 2026-11-23T01:02:03+00:00, for deploy of 0.1.0-1a2b3c4d
msg:
  description: What was found and done. Where another run holds the lock, who that is and what to do.
  returned: always
  type: str
  sample: Took /opt/guestbook/deploy.lock.
"""

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._modules import _lock


def main():
    _module.main(_lock)


if __name__ == "__main__":
    main()
