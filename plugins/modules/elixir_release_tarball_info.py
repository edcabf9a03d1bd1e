#!/usr/bin/python
# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: elixir_release_tarball_info
short_description: Tell what a tarball of mix release holds, and what it needs of a host
description:
  - "Reads the tarball that C(mix release) makes with C(steps: [:assemble, :tar]), without unpacking it to disk."
  - Finds it in the directory of a mix project, too.
  - Fails if the tarball is damaged, is not a release, or holds something that is not safe to unpack, such as a name that leaves its directory.
  - Fails, too, if something else than C(mix release) made the release, such as relx (rebar3) or Distillery. Of Mix's alone is known what running it does.
  - The tarball is read where the module runs. Usually that is the controller, once for all hosts, with C(delegate_to) and C(run_once).
extends_documentation_fragment:
  - beamops.elixir._attributes
  - beamops.elixir._attributes.info_module
options:
  tarball:
    description:
      - The path of the tarball.
      - Exactly one of O(tarball) and O(project) is required.
    type: path
  project:
    description:
      - The directory of a mix project, with C(mix.exs) in it.
      - The tarball is looked for in C(_build/prod) and in the directory itself, then in the C(_build) of other environments.
        Its file name must be C(NAME-VERSION.tar.gz), of a release and of the version that C(mix.exs) tells, where it tells them literally.
      - Of several that fit the one that was built last is taken, by the time of the file, and a warning names the others.
      - Fails if nothing fits, or if tarballs of several releases do.
    type: path
  name:
    description:
      - The name of the release, for a O(project) that has several.
      - If given, the tarball must be that of this release.
    type: str
author:
  - The beamops.elixir authors (@beamops)
seealso:
  - module: beamops.elixir.elixir_release_info
  - module: beamops.elixir.elixir_release_stage
"""

EXAMPLES = r"""
- name: Read the tarball of the project, on the controller
  beamops.elixir.elixir_release_tarball_info:
    project: "{{ playbook_dir }}/.."
  delegate_to: localhost
  run_once: true
  become: false
  register: tarball

- name: Read one of several releases of an umbrella project
  beamops.elixir.elixir_release_tarball_info:
    project: /home/kai/shop
    name: shop_admin
  delegate_to: localhost
  run_once: true
  become: false
  register: tarball

- name: Read a tarball that CI has downloaded
  beamops.elixir.elixir_release_tarball_info:
    tarball: "{{ playbook_dir }}/guestbook-0.2.0.tar.gz"
  delegate_to: localhost
  run_once: true
  become: false
  register: tarball

- name: Find out whether each host can run it
  beamops.elixir.elixir_release_info:
    root: /opt/guestbook
    tarball: "{{ tarball }}"
  register: host
  failed_when: host.problems | length > 0
"""

RETURN = r"""
path:
  description: The absolute path of the tarball.
  returned: success
  type: str
  sample: /home/kai/guestbook/_build/prod/guestbook-0.2.0.tar.gz
name:
  description: The name of the release, which is E(RELEASE_NAME), and that of its program in C(bin/).
  returned: success
  type: str
  sample: guestbook
version:
  description: The version of the release, which is E(RELEASE_VSN).
  returned: success
  type: str
  sample: 0.2.0
release_id:
  description:
    - The version, and the first 8 digits of RV(sha256). The name of its directory on the hosts.
    - The same version built twice has two of them.
  returned: success
  type: str
  sample: 0.2.0-9f8e7d6c
sha256:
  description: The SHA-256 of the tarball, in hexadecimal.
  returned: success
  type: str
  sample: 9f8e7d6c0b1a29384756f0e1d2c3b4a5968778695a4b3c2d1e0f9e8d7c6b5a49
size:
  description: The size of the tarball, in bytes.
  returned: success
  type: int
  sample: 6368948
unpacked_size:
  description: The size of all files in it, in bytes.
  returned: success
  type: int
  sample: 12910187
files:
  description: The number of files in it.
  returned: success
  type: int
  sample: 736
include_erts:
  description: Whether the release brings its own Erlang along, as it does unless C(include_erts) is C(false) in C(mix.exs).
  returned: success
  type: bool
  sample: true
erts_version:
  description: The version of the Erlang runtime system that the release was built with, and needs if it does not bring it along.
  returned: success
  type: str
  sample: 13.1.5
elixir_version:
  description: The version of Elixir in it, V(null) for a release without Elixir.
  returned: success
  type: str
  sample: 1.14.0
applications:
  description: The applications in it, with their versions.
  returned: success
  type: dict
  sample:
    elixir: 1.14.0
    guestbook: 0.2.0
system:
  description:
    - The operating system that its Erlang was built for, V(linux), V(macos), V(windows) or V(freebsd).
    - This and the following are V(null) or empty where RV(include_erts) is V(false).
  returned: success
  type: str
  sample: linux
machine:
  description: The processor architecture that its Erlang was built for.
  returned: success
  type: str
  sample: x86_64
libc:
  description: The C library that its Erlang was built for, V(glibc) or V(musl). V(null) if it is linked statically.
  returned: success
  type: str
  sample: glibc
interpreter:
  description: The path of the dynamic loader that its Erlang asks for.
  returned: success
  type: str
  sample: /lib64/ld-linux-x86-64.so.2
run_erl:
  description: Whether C(run_erl) is among the programs of its Erlang. C(bin/NAME daemon) does nothing without.
  returned: success
  type: bool
  sample: true
glibc:
  description:
    - The oldest glibc that has all symbols that the programs of its Erlang and the native library (NIF) of C(crypto) use. Nothing runs without.
    - For these and no other files are the following, too.
  returned: success
  type: str
  sample: '2.34'
glibcxx:
  description: The highest version of the symbols of C(libstdc++) that they use (C(GLIBCXX_...)).
  returned: success
  type: str
  sample: 3.4.29
openssl:
  description: The highest version of the symbols of OpenSSL that they use (C(OPENSSL_...)).
  returned: success
  type: str
  sample: 3.0.0
needed_libraries:
  description: The shared libraries that they need and that are not in the tarball, sorted.
  returned: success
  type: list
  elements: str
  sample:
    - libc.so.6
    - libcrypto.so.3
    - libtinfo.so.6
library_paths:
  description: The directories, besides the usual ones, in which all native code in the tarball looks for libraries (C(RUNPATH)).
  returned: success
  type: list
  elements: str
  sample: []
required_by:
  description: For each of RV(needed_libraries) and each of the versions RV(glibc), RV(glibcxx) and RV(openssl), a file in the tarball that asks for it.
  returned: success
  type: dict
  sample:
    GLIBC_2.34: erts-13.1.5/bin/beam.smp
    libcrypto.so.3: lib/crypto-5.1.2/priv/lib/crypto.so
nifs:
  description:
    - What all other native libraries in the tarball need of a host in addition. Whether it is ever missed only the application knows.
    - RV(glibc), RV(glibcxx) and RV(openssl) of it are V(null) where they ask for nothing newer.
  returned: success
  type: dict
  contains:
    glibc:
      description: As RV(glibc).
      type: str
      sample: null
    glibcxx:
      description: As RV(glibcxx).
      type: str
      sample: null
    openssl:
      description: As RV(openssl).
      type: str
      sample: null
    needed_libraries:
      description: As RV(needed_libraries).
      type: list
      elements: str
      sample:
        - libvips.so.42
    required_by:
      description: As RV(required_by).
      type: dict
      sample:
        libvips.so.42: lib/vix-0.31.1/priv/vix.so
env_keys:
  description:
    - The environment variables that C(config/runtime.exs) (C(config/releases.exs) before Elixir 1.11) asks for with C(System.fetch_env!),
      or with C(System.get_env) C(||) C(raise), by their literal names. Sorted.
    - The release may not need one of them, if it asks for it under a condition only.
  returned: success
  type: list
  elements: str
  sample:
    - DATABASE_URL
    - SECRET_KEY_BASE
scripts:
  description: The other programs in C(bin/), sorted. Those of Phoenix applications have V(migrate) and V(server).
  returned: success
  type: list
  elements: str
  sample:
    - migrate
    - server
controller:
  description: Who ran the module, and where, for the log of deploys on the hosts.
  returned: success
  type: dict
  contains:
    user:
      description: The name of the user, before C(sudo).
      type: str
      sample: kai
    host:
      description: The name of the machine.
      type: str
      sample: laptop
msg:
  description: The most important of it in one line.
  returned: success
  type: str
  sample: guestbook 0.2.0 (0.2.0-9f8e7d6c), 6.1 MiB, for x86_64 with glibc 2.34 or newer
"""

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._modules import _tarball_info


def main():
    _module.main(_tarball_info)


if __name__ == "__main__":
    main()
