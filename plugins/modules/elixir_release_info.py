#!/usr/bin/python
# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: elixir_release_info
short_description: Tell which releases of an application are on a host, and what runs
description:
  - Lists the releases under O(root), says which one RV(current) points to, and what really runs, as read from the processes themselves.
  - Given the answer of M(beamops.elixir.elixir_release_tarball_info), it also says why this host could not run that release.
extends_documentation_fragment:
  - beamops.elixir._release
  - beamops.elixir._attributes
  - beamops.elixir._attributes.info_module
attributes:
  action:
    support: full
    details:
      - Says in words where the Python of the host is too old for any module.
options:
  user:
    description:
      - The user that is to run the release; RV(user_exists) says whether this host has it.
    type: str
  tarball:
    description:
      - The answer of M(beamops.elixir.elixir_release_tarball_info).
      - With it RV(problems) says what keeps this host from running that release.
    type: dict
author:
  - The beamops.elixir authors (@beamops)
seealso:
  - module: beamops.elixir.elixir_release_tarball_info
"""

EXAMPLES = r"""
- name: See what runs
  beamops.elixir.elixir_release_info:
    root: /opt/guestbook
  register: guestbook
  become: true

- name: Say it
  ansible.builtin.debug:
    msg: "{{ guestbook.running | map(attribute='version') | join(', ') }}"
"""

RETURN = r"""
current:
  description: The id of the release that C(current) points to.
  returned: always
  type: str
  sample: 0.2.0-9f8e7d6c
releases:
  description: The releases that are staged under O(root), oldest first.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: The name of its directory.
      type: str
      sample: 0.2.0-9f8e7d6c
    path:
      description: Its directory.
      type: str
      sample: /opt/guestbook/releases/0.2.0-9f8e7d6c
    name:
      description: Its E(RELEASE_NAME).
      type: str
      sample: guestbook
    version:
      description: Its E(RELEASE_VSN).
      type: str
      sample: 0.2.0
    sha256:
      description: The SHA-256 of the tarball that it was unpacked from.
      type: str
      sample: 9f8e7d6c0b1a29384756f0e1d2c3b4a5968778695a4b3c2d1e0f9e8d7c6b5a49
    state:
      description: V(staged) until a deploy went through with it, then V(good). V(bad) where it failed.
      type: str
      sample: good
    reason:
      description: Why it is V(bad).
      type: str
      sample: null
    node:
      description: The node name that it takes when it starts, V(null) where it is not distributed.
      type: str
      sample: guestbook
    staged_at:
      description: When it was staged, in UTC.
      type: str
      sample: '2026-11-23T01:02:03+00:00'
    staged_by:
      description: Who staged it, and from which controller.
      type: str
      sample: kai@laptop
running:
  description: The processes that run from O(root), as they say of themselves.
  returned: always
  type: list
  elements: dict
  contains:
    pid:
      description: The process id of the BEAM.
      type: int
      sample: 4711
    version:
      description: The version that runs.
      type: str
      sample: 0.2.0
    release:
      description: The id of the release that it runs from.
      type: str
      sample: 0.2.0-9f8e7d6c
    root:
      description: The directory that it runs from.
      type: str
      sample: /opt/guestbook/releases/0.2.0-9f8e7d6c
    node:
      description: Its node name, V(null) where it is not distributed.
      type: str
      sample: guestbook
    since:
      description: When it was started, in UTC.
      type: str
      sample: '2026-11-23T01:02:05+00:00'
user_exists:
  description: Whether the host has the O(user).
  returned: when O(user) is given
  type: bool
problems:
  description: What keeps this host from running the release of O(tarball). Empty where nothing does.
  returned: when O(tarball) is given
  type: list
  elements: str
  sample:
    - built for glibc 2.41, this host has 2.36
"""

import os
import pwd

from ansible_collections.beamops.elixir.plugins.module_utils import _host, _module, _preflight, _processes, _releases


def user_exists(name):
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def work(module):
    layout = _module.layout(module)
    current = _releases.current(layout)
    answer = {
        "changed": False,
        "current": current.id if current else None,
        "releases": [release._asdict() for release in _releases.staged(layout)],
        "running": [
            {
                "pid": process.pid,
                "version": process.version,
                "release": os.path.basename(process.root),
                "root": process.root,
                "node": process.node,
                "since": process.since,
            }
            for process in _processes.scan().of_root(layout.root)
        ],
    }
    tarball = module.params["tarball"]
    if module.params["user"]:
        answer["user_exists"] = user_exists(module.params["user"])
    if tarball:
        answer["problems"] = _preflight.problems(tarball, _host.facts(layout.root, tarball))
        answer["msg"] = " ".join(answer["problems"]) or "This host can run the release."
    return answer


def main():
    _module.main({**_module.ROOT, **_module.USER, "tarball": {"type": "dict"}}, work)


if __name__ == "__main__":
    main()
