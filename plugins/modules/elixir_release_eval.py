#!/usr/bin/python
# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: elixir_release_eval
short_description: Evaluate an expression with a release, or run one of its scripts
description:
  - Runs C(bin/NAME eval) with the environment that the release was staged with, as the user that runs it, within a time limit.
  - With O(rpc=true) the expression is evaluated by the node that runs, of whatever version that is.
  - The secrets of the env file are masked in what it answers.
  - With O(rpc=true), where nothing runs that could answer, it fails at once.
  - What serves meanwhile comes first. Where memory is clearly too little for a second BEAM beside it, nothing is run; what is run is the first that the
    kernel kills for lack of memory; and if what served is gone afterwards, the task fails, whatever the expression said. None of this is looked at
    with O(rpc=true).
extends_documentation_fragment:
  - beamops.elixir._release
  - beamops.elixir._release.user
  - beamops.elixir._attributes
attributes:
  check_mode:
    support: partial
    details:
      - What an expression does cannot be foretold, so the task is skipped in check mode. It says with what it would be evaluated.
  diff_mode:
    support: none
  idempotent:
    support: N/A
    details:
      - That depends on the expression. Say so with C(changed_when).
options:
  release:
    description:
      - The id of the release. By default the current one.
    type: str
  expression:
    description:
      - An Elixir expression. It fails by raising, throwing or exiting; what it returns is ignored.
    type: str
  script:
    description:
      - The name of a script in the release's C(bin) directory, such as V(migrate).
    type: str
  rpc:
    description:
      - Evaluate the O(expression) on the running node.
    type: bool
    default: false
  timeout:
    description:
      - After how many seconds it is ended, with all processes that it started.
    type: float
    default: 300
  rehearsed_word:
    description:
      - What O(expression) prints as the last thing it does. Where that is missing, the task fails, whatever the exit code, since an expression that halts ends
        with 0 as well.
    type: str
  whole:
    description:
      - Whether to answer all of the output of a failure, too. By default that has only what its message quotes, since Ansible prints a failure twice.
    type: bool
    default: false
author:
  - The beamops.elixir authors (@beamops)
"""

EXAMPLES = r"""
- name: Migrate, from the release that is about to be started
  beamops.elixir.elixir_release_eval:
    root: /opt/guestbook
    user: guestbook
    release: 0.2.0-9f8e7d6c
    expression: Guestbook.Release.migrate()
    timeout: 600
  become: true
  run_once: true

- name: Ask the running node how many entries it serves
  beamops.elixir.elixir_release_eval:
    root: /opt/guestbook
    user: guestbook
    expression: IO.puts(Guestbook.count())
    rpc: true
  become: true
  changed_when: false
"""

RETURN = r"""
rc:
  description: The exit code.
  returned: always
  type: int
  sample: 0
stdout:
  description: What it printed.
  returned: success, or with O(whole=true) or C(-v)
  type: str
  sample: Migrations already up
stderr:
  description: What it printed as errors.
  returned: success, or with O(whole=true) or C(-v)
  type: str
  sample: ''
died:
  description: The process ids of what served before it was run and is gone afterwards. Where there is one, the task has failed.
  returned: when it was run
  type: list
  elements: int
  sample: []
"""

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._modules import _eval


def main():
    _module.main(_eval)


if __name__ == "__main__":
    main()
