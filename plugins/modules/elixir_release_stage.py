#!/usr/bin/python
# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: elixir_release_stage
short_description: Unpack a release beside the others, with its env file
description:
  - Brings a tarball of C(mix release) to the host, verifies its checksum there and unpacks it into a directory of its own under C(ROOT/releases),
    together with its env file. Whatever fails, no half-made release is left, and nothing that is live is touched.
  - The env file is loaded the way C(sh) does, as the user that will run the release, before anything is uploaded. A syntax error, an assignment
    that a shell loses, such as a value with an unquoted C(&), and a value of which a shell makes another one without a word, such as C({"a":1}) or
    C(pa$$word) without single quotes, are errors. So is a value that differs each time the file is loaded.
  - A cookie that C(erl) cannot take is an error, wherever it comes from, and so is an empty E(RELEASE_COOKIE) in the env file.
  - Warns of variables that C(config/runtime.exs) asks for and the env file does not set, RV(env_missing).
  - The same tarball with the same env file, cookie and shared directories is staged once. With others it is another release, C(VERSION-SHA8.2), so that
    going back finds the environment that ran as well as the code.
  - It also says what has to stop before the release is started, RV(replaces). Somebody else's process that holds the node name is an error.
  - What would keep the release from starting is an error as well, as far as it can be known before, in check mode too. That is a port that is held by
    somebody else, a node name that erl does not accept or that C(bin/NAME) does not know of, a boot script that starts no application, and mnesia
    under another node name than the one that runs.
extends_documentation_fragment:
  - beamops.elixir._release
  - beamops.elixir._release.user
  - beamops.elixir._release.paired
  - beamops.elixir._release.slots
  - beamops.elixir._release.static
  - beamops.elixir._attributes
attributes:
  check_mode:
    support: full
    details:
      - In check mode nothing is uploaded, and the env file is checked all the same, as is whether the root can be written to.
  diff_mode:
    support: full
    details:
      - Shows the release, and the names of the variables that are added, removed or changed. Values are never shown. A variable whose value is not
        what the text says, but what a shell makes of it, such as C($OTHER) or C($(command\)), is shown as V(computed).
  idempotent:
    support: full
  action:
    support: full
    details:
      - The tarball is uploaded only if the host does not have that release yet.
options:
  tarball:
    description:
      - The answer of M(beamops.elixir.elixir_release_tarball_info).
    type: dict
    required: true
  remote_src:
    description:
      - Whether the tarball lies on the host already, at the C(path) that O(tarball) names.
    type: bool
    default: false
  force:
    description:
      - Stage a release although it is marked V(bad), although the port that it needs is held by somebody else, or although its mnesia would start
        under another node name than the one that runs, and so with an empty database.
    type: bool
    default: false
  port:
    description:
      - The TCP port that the release listens on. By default the E(PORT) of its environment; V(4000) for a Phoenix release that has none. V(0) if it opens none.
    type: int
  there:
    description:
      - What is known to be on this host, as M(beamops.elixir.elixir_release_prepare) answered. Then only the files that none of its releases has are sent,
        and the others are shared with these by hard links. What is put together has to be what the tarball holds, else the whole tarball is sent.
      - Without it, the module is asked first, and the whole tarball is sent where it is not staged yet.
    type: dict
  delta:
    description:
      - The files that the host lacks. Set by the action plugin; what a task gives is ignored.
    type: str
  rehearsal:
    description:
      - An expression in Elixir that is evaluated with the staged release and its own environment, unless it is what serves already. Where that fails, so
        does the task. In check mode it is evaluated where the release is staged already.
    type: str
  rehearsed_word:
    description:
      - What O(rehearsal) prints as the last thing it does. An exit code tells nothing, since an expression that halts ends with 0 as well.
    type: str
author:
  - The beamops.elixir authors (@beamops)
seealso:
  - module: beamops.elixir.elixir_release_tarball_info
  - module: beamops.elixir.elixir_release_current
"""

EXAMPLES = r"""
- name: Look at the tarball
  beamops.elixir.elixir_release_tarball_info:
    tarball: guestbook-0.2.0.tar.gz
  delegate_to: localhost
  run_once: true
  register: tarball

- name: Stage it
  beamops.elixir.elixir_release_stage:
    root: /opt/guestbook
    user: guestbook
    tarball: "{{ tarball }}"
    env: "{{ lookup('ansible.builtin.file', '.env.production') }}"
  become: true
"""

RETURN = r"""
release:
  description: The id of the release, which is the name of its directory.
  returned: success
  type: str
  sample: 0.2.0-9f8e7d6c
path:
  description: The directory of the release.
  returned: success
  type: str
  sample: /opt/guestbook/releases/0.2.0-9f8e7d6c
node:
  description: The node name that the release takes when it starts, V(null) where it is not distributed.
  returned: success
  type: str
  sample: guestbook
live:
  description: Whether this release is the current one, runs, and has proved good.
  returned: success
  type: bool
port:
  description: The E(PORT) of its environment, V(4000) where it has none and is RV(phoenix). V(null) where it is not RV(live).
  returned: success
  type: int
  sample: 4000
phoenix:
  description: Whether C(phoenix) is among its applications, or it has a C(bin/server) as C(mix phx.gen.release) makes it. V(false) where it is not RV(live).
  returned: success
  type: bool
  sample: false
sent_bytes:
  description: How many bytes of the release were sent to the host.
  returned: when there were any
  type: int
  sample: 38012
previous:
  description: The id of the release that a failed switch to this one goes back to, V(null) where there is none.
  returned: success
  type: str
  sample: 0.1.0-1a2b3c4d
env_missing:
  description:
    - The variables that the text of C(config/runtime.exs) asks for by C(System.fetch_env!) or raises without, and that the env file does not set.
      Its C(env.sh) may set them, or it may ask under a condition only.
  returned: success
  type: list
  elements: str
  sample: [DATABASE_URL]
replaces:
  description: The processes that have to stop before this release is started.
  returned: success
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
      sample: 0.1.0
    root:
      description: The root to stop it by. Another one than O(root) on the first deploy to a host where it was started from elsewhere.
      type: str
      sample: /opt/guestbook
serves:
  description:
    - The TCP ports that those processes listen on, but for the ones that other nodes reach them by. Empty where that cannot be told.
    - For O(beamops.elixir.elixir_release_wait#module:serves) - where this is not empty, the release that replaces them is to serve as well.
  returned: success
  type: list
  elements: int
  sample: [4000]
"""

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._modules import _stage


def main():
    _module.main(_stage)


if __name__ == "__main__":
    main()
