#!/usr/bin/python
# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: elixir_release_step
short_description: What the modules of this collection are sent to a host as
version_added: 0.2.0
description:
  - Not for tasks. The other modules of this collection reach a host as this one, which knows all of them.
  - Ansible packs each module that a run needs once, which takes a quarter of a second of the controller. Packed as one, they take that time once.
extends_documentation_fragment:
  - beamops.elixir._attributes
attributes:
  check_mode:
    support: N/A
    details:
      - As of the module whose work it does.
  diff_mode:
    support: N/A
    details:
      - As of the module whose work it does.
  idempotent:
    support: N/A
    details:
      - As of the module whose work it does.
options:
  step:
    description:
      - The module whose work this is, by its name without C(elixir_release_). That module says which other options there are.
    type: str
    required: true
author:
  - The beamops.elixir authors (@beamops)
"""

EXAMPLES = r"""
# This is how it is meant to be used: by the name of the module whose work it does
- name: See what runs
  beamops.elixir.elixir_release_info:
    root: /opt/guestbook
"""

RETURN = r"""
# As of the module whose work it does
"""

import importlib
import types

from ansible.module_utils import basic

from ansible_collections.beamops.elixir.plugins.module_utils import _module, _modules

STEP = {"step": {"type": "str", "required": True}}


def packed():
    """Never called: Ansible packs what it sees imported. What a step does not need is not loaded on the host."""
    from ansible_collections.beamops.elixir.plugins.module_utils._modules import (
        _build,
        _current,
        _deadman,
        _doctor_info,
        _eval,
        _failure_info,
        _history_info,
        _info,
        _lock,
        _logs_info,
        _prepare,
        _prune,
        _remote_info,
        _rollback_info,
        _settle,
        _stage,
        _start,
        _stop,
        _switch,
        _tarball_info,
        _wait,
    )

    return (
        _build,
        _current,
        _deadman,
        _doctor_info,
        _eval,
        _failure_info,
        _history_info,
        _info,
        _lock,
        _logs_info,
        _prepare,
        _prune,
        _remote_info,
        _rollback_info,
        _settle,
        _stage,
        _start,
        _stop,
        _switch,
        _tarball_info,
        _wait,
    )


def main():
    # Which other arguments there are depends on this one
    step = (basic._load_params() or {}).get("step")
    it = importlib.import_module(f"{_modules.__name__}._{step}") if step else types.SimpleNamespace(ARGUMENTS={}, work=lambda module: {})
    _module.main(it, **STEP)


if __name__ == "__main__":
    main()
