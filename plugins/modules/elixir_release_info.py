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
  - Says in RV(drift) where the host is not as the last deploy left it.
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
      - The user that is to run the release; RV(user_exists) says whether this host has it, and RV(user_is_foreign) whether it is one of the host's own.
    type: str
  tarball:
    description:
      - The answer of M(beamops.elixir.elixir_release_tarball_info).
      - With it RV(problems) says what keeps this host from running that release.
    type: dict
  ignore_libraries:
    description:
      - Shared libraries that O(tarball) may need although they are not found here, by the names that RV(problems) has for them.
      - For what the release finds by other ways than those of the system, such as E(LD_LIBRARY_PATH).
    type: list
    elements: str
    default: []
  path:
    description:
      - The E(PATH) that the env file sets, if it does; C($PATH) in it stands for the one that a release gets otherwise.
      - There the Erlang of a release that brings none along is looked for.
    type: str
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

- name: Fail where the host is not as the last deploy left it
  ansible.builtin.assert:
    that: guestbook.drift | length == 0
    fail_msg: "{{ guestbook.drift | join(' ') }}"
"""

RETURN = r"""
current:
  description: The id of the release that C(current) points to.
  returned: always
  type: str
  sample: 0.2.0-9f8e7d6c
last_good:
  description: The id of the release that a rollback goes back to, V(null) where there is none.
  returned: always
  type: str
  sample: 0.1.0-1a2b3c4d
lock:
  description: Who holds the lock of O(root), V(null) where nobody does.
  returned: always
  type: dict
  contains:
    owner:
      description: Who, and from which controller. V(null) where the lock cannot be read.
      type: str
      sample: kai@laptop
    what:
      description: What for.
      type: str
      sample: deploy of 0.2.0-9f8e7d6c
    since:
      description: When it was taken, in UTC.
      type: str
      sample: '2026-11-23T01:02:03+00:00'
    refreshed:
      description: When its run was last heard of, in UTC.
      type: str
      sample: '2026-11-23T01:03:04+00:00'
    expires:
      description: How many seconds after RV(lock.refreshed) another run may take it over.
      type: int
      sample: 3600
    expired:
      description: Whether another run may take it over.
      type: bool
      sample: false
    kept:
      description: Why it was kept, so that a person looks at the host first. Else V(null).
      type: str
      sample: null
drift:
  description:
    - Where the host is not as the last deploy left it, a sentence each. Empty where it is.
    - Also what a running release could not write under C(ROOT/releases) since it was started, as its log says (V(:eacces), V(:erofs)).
  returned: always
  type: list
  elements: str
  sample:
    - 0.1.0-1a2b3c4d (pid 4711) runs, and current is 0.2.0-9f8e7d6c.
platform:
  description: What a release has to be built for to run here. M(beamops.elixir.elixir_release_build) chooses by it.
  returned: when O(tarball) is not given
  type: dict
  version_added: 0.2.0
  contains:
    machine:
      description: The processor architecture of the programs on this host.
      type: str
      sample: x86_64
    libc:
      description: Their C library, V(glibc) or V(musl). V(null) where it is neither.
      type: str
      sample: glibc
    glibc:
      description: The version of glibc. V(null) where there is none.
      type: str
      sample: '2.36'
    openssl:
      description: Which releases of OpenSSL there are libraries of, V(1.1) and V(3).
      type: list
      elements: str
      sample: ['3']
remarks:
  description: What is as it should be and worth a word, a sentence each, such as what is kept warm.
  returned: always
  type: list
  elements: str
  sample:
    - 0.1.0-1a2b3c4d (pid 4711) is kept warm in the slot blue, for a rollback by one rename.
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
    good_at:
      description: When a deploy last marked it V(good), in UTC. V(null) where none did.
      type: str
      sample: '2026-11-23T01:02:34.567+00:00'
    turn:
      description: Its place among the releases that a deploy has proven good or bad; the highest is the last. V(null) where none has.
      type: int
      sample: 7
    left:
      description: Whether a rollback left it, so that none leads to it again unless it is named.
      type: bool
      sample: null
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
    seconds:
      description: How many seconds it has been up.
      type: float
      sample: 86400.12
    env_changed:
      description:
        - The names of the variables in its env file of which it has another value, because the file was changed after it was started. Values are
          never shown.
        - Empty where nobody can tell, such as without the right to see another user's process.
      type: list
      elements: str
      sample: []
user_exists:
  description: Whether the host has the O(user).
  returned: when O(user) is given
  type: bool
user_is_foreign:
  description:
    - Why the O(user) should not run the release unless somebody chose it, V(null) where nothing speaks against it.
    - An account with a uid below 1000 is the system's own, unless its home is O(root), C(ROOT/tmp) belongs to it, or the module runs as that user.
  returned: when O(user) is given
  type: str
  sample: null
problems:
  description: What keeps this host from running the release of O(tarball). Empty where nothing does.
  returned: when O(tarball) is given
  type: list
  elements: str
  sample:
    - built for glibc 2.41, this host has 2.36
notes:
  description:
    - What keeps native code in O(tarball) other than that of Erlang from loading, such as a library of which only one application has a use.
    - They are warned of. The rehearsal of a deploy loads all modules, and decides.
  returned: when O(tarball) is given
  type: list
  elements: str
  sample:
    - This host has no libvips.so.42 (wanted by lib/vix-0.31.1/priv/vix.so)
"""

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._modules import _info


def main():
    _module.main(_info)


if __name__ == "__main__":
    main()
