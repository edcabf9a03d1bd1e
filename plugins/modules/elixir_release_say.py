#!/usr/bin/python
# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: elixir_release_say
short_description: Print lines as they are
version_added: 0.2.0
description:
  - Prints lines on the controller, without the quotes and escapes that M(ansible.builtin.debug) puts around them, so that a table is one, and a command can
    be copied.
  - Characters that a terminal would obey are escaped.
  - With the callback P(beamops.elixir.quiet#callback) standard output has nothing else.
extends_documentation_fragment:
  - beamops.elixir._attributes
attributes:
  action:
    details:
      - All of it is done on the controller.
  check_mode:
    support: full
  diff_mode:
    support: N/A
    details:
      - It changes nothing.
  idempotent:
    support: full
options:
  lines:
    description:
      - What to print.
    type: list
    elements: str
    required: true
author:
  - The beamops.elixir authors (@beamops)
seealso:
  - plugin: beamops.elixir.quiet
    plugin_type: callback
"""

EXAMPLES = r"""
- name: Say what runs
  beamops.elixir.elixir_release_say:
    lines: "{{ (answers | beamops.elixir.fleet_answer('status')).lines }}"
  run_once: true
"""

RETURN = r"""
lines:
  description: What was printed.
  returned: always
  type: list
  elements: str
  sample:
    - 'HOST                 RUNNING'
"""
