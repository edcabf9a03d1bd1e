#!/usr/bin/python
# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: elixir_release_failure_info
short_description: Tell what a host shows of a release that failed
description:
  - Collects what may tell the reason - the end of the log, the slogan of a crash dump, who holds the port, what epmd lists, what runs, the disk, the memory,
    and the journal where there is one.
  - It does not fail because one of these is missing. What it cannot look at, it says.
  - The secrets of the environments of the releases under O(root), and of the processes that run from there, are masked in all that it tells.
extends_documentation_fragment:
  - beamops.elixir._release
  - beamops.elixir._release.user
  - beamops.elixir._release.slots
  - beamops.elixir._release.slot
  - beamops.elixir._attributes
  - beamops.elixir._attributes.info_module
options:
  user:
    description:
      - The user that runs the release. By default the owner of C(ROOT/tmp).
  release:
    description:
      - The id of the release. By default the current one.
    type: str
  port:
    description:
      - The TCP port that it should listen on. By default the E(PORT) of its environment or, for a Phoenix release, V(4000).
    type: int
author:
  - The beamops.elixir authors (@beamops)
seealso:
  - module: beamops.elixir.elixir_release_info
  - module: beamops.elixir.elixir_release_wait
"""

EXAMPLES = r"""
- name: Look for the reason
  beamops.elixir.elixir_release_failure_info:
    root: /opt/guestbook
    release: 0.2.0-9f8e7d6c
  become: true
  register: evidence

- name: Say it
  ansible.builtin.debug:
    msg: "{{ evidence.summary }}"
"""

RETURN = r"""
summary:
  description: The lines that matter, each with what it is from.
  returned: success
  type: list
  elements: str
  sample:
    - 'log: ** (System.EnvError) could not fetch environment variable "SECRET_KEY_BASE" because it is not set'
    - 'crash dump: init terminating in do_boot (/opt/guestbook/tmp/erl_crash.dump, 2026-11-23T01:02:05+00:00)'
    - 'port: 4000 is held by nginx (pid 812)'
    - 'epmd: lists no name, or does not run'
    - 'process: nothing of /opt/guestbook runs'
    - 'disk: 10240 MiB (51 %) free of 20000 MiB at /opt/guestbook'
    - 'memory: 812 MiB available'
report:
  description: All of it, with more of the log and of the crash dump, as one text for a file.
  returned: success
  type: str
  sample: '== The newest log in /opt/guestbook/tmp/log ...'
"""

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._modules import _failure_info


def main():
    _module.main(_failure_info)


if __name__ == "__main__":
    main()
