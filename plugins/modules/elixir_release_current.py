#!/usr/bin/python
# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: elixir_release_current
short_description: Point current at a release, or record how it turned out
description:
  - With O(state=current), points C(ROOT/current) at a staged release, atomically. Nothing is stopped or started.
  - With O(state=good) or O(state=bad), records that in the release's directory, and writes a line into C(ROOT/ledger.jsonl).
  - Nothing is recorded twice. A release that is good already, and that the host has switched to again since another one, gets a new line.
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
  release:
    description:
      - The id of the release. Required unless O(state=absent).
    type: str
  state:
    description:
      - V(current) - C(current) points to it.
      - V(absent) - there is no C(current), and nothing of it starts with the host. That is how a first deploy that failed leaves a host.
      - V(good) - it went through a deploy or a rollback. A release that was V(bad) is good again.
      - V(bad) - it failed, and is not deployed again unless forced.
    type: str
    choices: [current, good, bad, absent]
    default: current
  event:
    description:
      - What happened, for the ledger. By default V(failure) with O(state=bad), and V(deploy) with O(state=good).
      - V(deploy) - the release was deployed. With O(state=good) it is the newest good release from now on.
      - V(rollback) - the host went back to the release, which keeps its place among the good ones. Going back once more leads further back. What came
        after it counts as left, and is not led to again unless it is named.
      - V(failure) - the release failed.
    type: str
    choices: [deploy, failure, rollback]
  reason:
    description:
      - Why it is V(bad). With O(state=good) it is for the ledger only, such as why the host went back.
    type: str
  previous:
    description:
      - What ran before it, for the ledger.
    type: str
  by:
    description:
      - Who did it, and from which controller, for the ledger.
    type: str
  proof:
    description:
      - With O(state=good), what M(beamops.elixir.elixir_release_wait) was asked to see of it, by the names of its options. It is kept with the release, and
        is what a way back to it is judged by.
    type: dict
author:
  - The beamops.elixir authors (@beamops)
"""

EXAMPLES = r"""
- name: Point current at the new release
  beamops.elixir.elixir_release_current:
    root: /opt/guestbook
    release: 0.2.0-9f8e7d6c
  become: true
  register: switch

- name: Record that it is good
  beamops.elixir.elixir_release_current:
    root: /opt/guestbook
    release: 0.2.0-9f8e7d6c
    state: good
    previous: "{{ switch.previous }}"
  become: true

- name: Record that the host went back to the release before
  beamops.elixir.elixir_release_current:
    root: /opt/guestbook
    release: 0.1.0-1a2b3c4d
    state: good
    event: rollback
    previous: 0.2.0-9f8e7d6c
    reason: customers could not log in
  become: true
"""

RETURN = r"""
previous:
  description: The id of the release that C(current) pointed to before.
  returned: success
  type: str
  sample: 0.1.0-1a2b3c4d
current:
  description: The id of the release that C(current) points to now.
  returned: success
  type: str
  sample: 0.2.0-9f8e7d6c
"""

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._modules import _current


def main():
    _module.main(_current)


if __name__ == "__main__":
    main()
