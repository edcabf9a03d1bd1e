#!/usr/bin/python
# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: elixir_release_remote_info
short_description: Tell how a remote console is opened on what runs
version_added: 0.2.0
description:
  - Answers the command that opens a remote console, to be run on the controller in a terminal, with C(ssh) as the inventory has it.
  - Before that it is tried whether it would open. C(bin/NAME rpc) is called in the same way, as the same user and with the same env file, and the very process
    has to answer. Also whether the login may become that user. No console is opened.
extends_documentation_fragment:
  - beamops.elixir._release
  - beamops.elixir._attributes
  - beamops.elixir._attributes.info_module
author:
  - The beamops.elixir authors (@beamops)
seealso:
  - module: beamops.elixir.elixir_release_eval
"""

EXAMPLES = r"""
- name: See how a console is opened
  beamops.elixir.elixir_release_remote_info:
    root: /opt/guestbook
  become: true
  register: remote
"""

RETURN = r"""
consoles:
  description: One for each process that runs, that of the current release first.
  returned: success
  type: list
  elements: dict
  contains:
    version:
      description: Of what runs.
      type: str
      sample: 0.2.0
    pid:
      description: Its process id.
      type: int
      sample: 4711
    node:
      description: The name of its node, without a host where it is a short one.
      type: str
      sample: guestbook
    user:
      description: The user that runs it. V(null) where that is the user of the module.
      type: str
      sample: guestbook
    command:
      description: The command.
      type: str
      sample: >-
        ssh -t deploy@web1.example.com 'sudo -u guestbook sh -c '"'"'cd / && set -a && . /opt/guestbook/.env && exec /opt/guestbook/current/bin/guestbook
        remote'"'"''
    refused:
      description: Why it would not open a console there. V(null) where it would.
      type: str
      sample: null
"""

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._modules import _remote_info


def main():
    _module.main(_remote_info)


if __name__ == "__main__":
    main()
