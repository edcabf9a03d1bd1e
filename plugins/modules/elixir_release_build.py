#!/usr/bin/python
# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: elixir_release_build
short_description: Build the release of a mix project in Docker, for the hosts that are to run it
version_added: 0.2.0
description:
  - Builds a release on the host that the task is for, which needs a Docker engine and its command line, from a mix project on the controller. The tarball is
    put into C(_build/prod) of that project, where M(beamops.elixir.elixir_release_tarball_info) and a deploy look for it.
  - Builds nothing where nothing has changed since a tarball was built that still lies there. For that the files, the Dockerfile and the options below are
    compared, but for the values of O(secrets).
  - What is built is what lies in the project, committed or not, but what git ignores. RV(source) says which commit that is, and which files differ from it.
  - Whatever C(.dockerignore) says, no file goes into the build that is called C(.env) or C(.env.*), C(.erlang.cookie), C(.netrc), or that lies in C(.git) or
    C(.ssh).
  - The project's own Dockerfile is used where it has a stage that C(RUN)s C(mix release), as the one of C(mix phx.gen.release --docker) has, or a stage
    C(FROM scratch) to which a C(.tar.gz) is copied. Else one is used that is shown in RV(dockerfile) and in the diff, and not written into the project.
  - With BuildKit, dependencies and compiled code are kept on the build host between builds. Without it, dependencies are, until C(mix.exs), C(mix.lock) or
    C(config) change.
extends_documentation_fragment:
  - beamops.elixir._attributes
attributes:
  action:
    support: full
    details:
      - Packs the source on the controller, and fetches the tarball.
  check_mode:
    support: full
    details:
      - Says what would be built, in which image. The Docker engine is asked whether it is there.
  diff_mode:
    support: full
    details:
      - Shows the Dockerfile.
  idempotent:
    support: full
    details:
      - Two builds of the same source make two different releases, as each has a cookie of its own and other times in it. So the second one is not made.
options:
  project:
    description: The directory of the mix project on the controller.
    type: path
    required: true
  name:
    description: The name of the release in C(mix.exs).
    type: str
    required: true
  hosts:
    description:
      - What the hosts are that are to run it, as RV(beamops.elixir.elixir_release_info#module:platform) says it, by the name of the host.
      - The task fails where they need more than one tarball, as two kinds of processors do, or OpenSSL 1.1 and 3.
    type: dict
    default: {}
  image:
    description:
      - The image to build in, such as C(hexpm/elixir:1.18.3-erlang-27.3.3-debian-bookworm-20250428-slim).
      - By default, where O(elixir) or C(.tool-versions) tells the version, it is an image of C(hexpm/elixir) of that version and for the release of Debian
        that fits the O(hosts), if the engine has one. Else it is the official C(elixir) image of that version, whose Debian may be newer than the hosts.
      - Where no version is told, it is C(debian) of that release, with Debian's own Elixir.
      - The release of Debian is the newest whose glibc is not newer than that of the oldest of O(hosts).
      - Of no meaning where the project's own Dockerfile is used.
    type: str
  elixir:
    description: The version of Elixir. By default the one in C(.tool-versions) of the project.
    type: str
  otp:
    description: The version of Erlang/OTP. By default the one in C(.tool-versions) of the project.
    type: str
  dockerfile:
    description: The path of the Dockerfile in the project. An empty string leaves it aside.
    type: str
    default: Dockerfile
  template:
    description: The template of the Dockerfile that is used where the project has none, searched for as that of M(ansible.builtin.template).
    type: str
    default: Dockerfile.j2
  packages:
    description: Packages of Debian that the build needs in addition, such as C(libvips-dev). Of no meaning where the project's own Dockerfile is used.
    type: list
    elements: str
    default: []
  args:
    description: Build arguments (C(ARG)) for the project's own Dockerfile. They are kept in the image, so they are no place for secrets.
    type: dict
    default: {}
  secrets:
    description:
      - Environment variables that the build needs and nobody may see, such as E(HEX_REPOS_KEY). They are in no layer of the image, and on no command line.
      - A Dockerfile of your own gets them with C(RUN --mount=type=secret,id=build_env . /run/secrets/build_env && mix deps.get).
      - They need BuildKit.
    type: dict
    default: {}
  keep_out:
    description: Paths on the controller that are kept out of the build as well, such as an env file of another name.
    type: list
    elements: path
    default: []
  options:
    description: Further options of C(docker build), such as C(--ssh=default), C(--network=host), C(--pull) or C(--no-cache).
    type: list
    elements: str
    default: []
  timeout:
    description: For how many seconds the build may take.
    type: int
    default: 1800
  order:
    description: What is asked of the build host. Set by the action plugin; what a task gives is ignored.
    type: dict
author:
  - The beamops.elixir authors (@beamops)
seealso:
  - module: beamops.elixir.elixir_release_tarball_info
  - module: beamops.elixir.elixir_release_info
"""

EXAMPLES = r"""
- name: See what the hosts are
  beamops.elixir.elixir_release_info:
    root: /opt/guestbook
  register: look

- name: Build for all of them, with the Docker of the controller
  beamops.elixir.elixir_release_build:
    project: "{{ playbook_dir }}"
    name: guestbook
    hosts: "{{ dict(ansible_play_hosts | zip(ansible_play_hosts | map('extract', hostvars, ['look', 'platform']))) }}"
    template: "{{ playbook_dir }}/Dockerfile.j2"
  delegate_to: localhost
  become: false
  run_once: true
  register: built

- name: Build with a private package, in an image of our own
  beamops.elixir.elixir_release_build:
    project: /home/kai/shop
    name: shop
    image: registry.example.com/elixir-builder:1.18
    secrets:
      HEX_REPOS_KEY: "{{ hex_key_from_the_vault }}"
  delegate_to: builder.example.com
  become: false
  run_once: true
"""

RETURN = r"""
path:
  description: The path of the tarball on the controller. All that M(beamops.elixir.elixir_release_tarball_info) tells of it is there, too.
  returned: success, but in check mode only where nothing has changed
  type: str
  sample: /home/kai/guestbook/_build/prod/guestbook-0.2.0.tar.gz
release_id:
  description: The version, and the first 8 digits of the tarball's SHA-256.
  returned: as RV(path)
  type: str
  sample: 0.2.0-9f8e7d6c
source:
  description: What it is built of, in words.
  returned: success
  type: str
  sample: commit 1bc91a3 and 1 uncommitted file (lib/guestbook.ex)
commit:
  description: The commit that the project was at, V(null) where it is not under git.
  returned: success
  type: str
  sample: 1bc91a3e0f5d4c2b8a7f6e5d4c3b2a1908f7e6d5
uncommitted:
  description: The files that differ from RV(commit), sorted.
  returned: success
  type: list
  elements: str
  sample:
    - lib/guestbook.ex
image:
  description: The image that it is built in. Empty where the project's own Dockerfile says that.
  returned: success
  type: str
  sample: debian:bookworm-slim
dockerfile:
  description: The Dockerfile that is used.
  returned: where something is built, or would be
  type: str
  sample: |
    FROM debian:bookworm-slim AS build
msg:
  description: What was done, in one line.
  returned: success
  type: str
  sample: >-
    Built guestbook 0.2.0 (0.2.0-9f8e7d6c), 6.1 MiB, for x86_64 with glibc 2.34 or newer, from commit 1bc91a3:
    /home/kai/guestbook/_build/prod/guestbook-0.2.0.tar.gz
"""

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._modules import _build


def main():
    _module.main(_build)


if __name__ == "__main__":
    main()
