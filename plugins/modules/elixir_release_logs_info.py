#!/usr/bin/python
# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: elixir_release_logs_info
short_description: Tell the last lines of what an application says
version_added: 0.2.0
description:
  - Reads the journal where systemd runs the release, else the files of run_erl, C(ROOT/tmp/log/erlang.log.1) and so on.
  - Where nothing runs, it is what ran last.
  - The secrets of the environments of the releases under O(root), and of the processes that run from there, are masked.
extends_documentation_fragment:
  - beamops.elixir._release
  - beamops.elixir._attributes
  - beamops.elixir._attributes.info_module
options:
  lines:
    description:
      - How many lines, the newest ones. Empty ones are left out.
    type: int
    default: 50
  since:
    description:
      - Only what was said since then, such as V(10 min ago), V(2h ago), V(2026-11-28T14:30) in UTC, or V(2026-11-28T14:30+01:00).
      - In the files of run_erl it is found by the times at the beginning of lines, as Logger of Elixir writes them, or in lines that are JSON. Where there are
        none, it is the time of the file.
    type: str
author:
  - The beamops.elixir authors (@beamops)
seealso:
  - module: beamops.elixir.elixir_release_failure_info
"""

EXAMPLES = r"""
- name: See what it has said
  beamops.elixir.elixir_release_logs_info:
    root: /opt/guestbook
    since: 10 min ago
  become: true
  register: seen
"""

RETURN = r"""
logs:
  description: One for each process that runs, or one of what ran last.
  returned: success
  type: list
  elements: dict
  contains:
    version:
      description: Of what runs. V(null) where nothing does.
      type: str
      sample: 0.2.0
    pid:
      description: Its process id. V(null) where nothing runs.
      type: int
      sample: 4711
    where:
      description: Where its log is.
      type: str
      sample: journalctl --unit=guestbook.service
    lines:
      description: The lines, oldest first. Those of the journal have their time in UTC before them.
      type: list
      elements: str
      sample:
        - '2026-11-23T01:02:05+0000 guestbook[4711]: 01:02:05.123 [info] GET /'
    more:
      description: Whether there are more than O(lines).
      type: bool
    follow:
      description: The command that shows, on the controller, what is said from now on. It masks nothing.
      type: str
      sample: ssh -p 22 deploy@web1.example.com 'sudo journalctl --follow --lines=0 --unit=guestbook.service'
"""

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._modules import _logs_info


def main():
    _module.main(_logs_info)


if __name__ == "__main__":
    main()
