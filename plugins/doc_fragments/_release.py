# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:

    # Where the application lies
    DOCUMENTATION = r"""
options:
  root:
    description:
      - The directory on the host that holds everything of one application. An absolute path.
    type: path
    required: true
"""

    # As whom the release runs
    USER = r"""
options:
  user:
    description:
      - The user that runs the release.
      - By default the user that the release was staged for and, where that is not known, the one that it runs as, or else the owner of C(ROOT/tmp).
        For M(beamops.elixir.elixir_release_stage) it is the user that the module runs as.
      - To name another user than that of the module, the module has to run as root, so use C(become).
    type: str
"""

    # What makes another release of the same build
    PAIRED = r"""
options:
  env:
    description:
      - The content of the env file. It is kept as C(.env) beside the release, readable by its user and nobody else.
    type: str
    default: ''
  cookie:
    description:
      - The cookie of the node, if the env file sets no E(RELEASE_COOKIE). Without either the cookie that came with the tarball stays, and every build
        has another one.
    type: str
  shared_dirs:
    description:
      - Directories inside the release that outlive it, such as V(lib/shop/priv/static/uploads). C(lib/shop) stands for C(lib/shop-VERSION).
      - The release gets a link to C(ROOT/shared/PATH) there, which belongs to the user that runs the release, and which nothing here ever removes. What
        the release brings at that place is copied there the first time, and never again.
      - Another list is another release, C(VERSION-SHA8.2), as another env file is.
    type: list
    elements: str
    default: []
  overlap:
    description:
      - Give it a node name and a E(RELEASE_TMP) of its own, at the end of the env file that it is staged with, so that it can start while the release that
        it replaces still finishes its requests. Refused where C(mnesia) is among its applications.
    type: bool
    default: false
  service_manager:
    description:
      - What starts it. V(systemd) - a service of its own, which systemd starts again after a crash, and with the host. V(daemon) - the C(daemon) of
        C(bin/NAME). V(auto) - V(systemd) where that is PID 1 and the module runs as root, else V(daemon).
      - With V(systemd), a value of O(env) that systemd cannot give to it as a shell does is refused.
    type: str
    choices: [auto, systemd, daemon]
    default: auto
  stop_timeout:
    description:
      - How many seconds systemd gives it to stop, where somebody else than a deploy stops it.
    type: float
    default: 90
  writable_paths:
    description:
      - Absolute paths that it may write to as a service, beside C(ROOT/tmp) and C(ROOT/shared).
    type: list
    elements: str
    default: []
"""

    SLOTS = r"""
options:
  slots:
    description:
      - The two places where a release may run beside another one, and the proxy in front of them, as the role P(beamops.elixir.elixir_release_proxy#role)
        has set it up. Without it there is one place, and what is there is stopped before another release starts.
      - Which slot is live is asked of the proxy, and has to be what runs. Where these two do not agree, nothing is stopped, and the module fails.
    type: dict
    suboptions:
      ports:
        description:
          - The ports of the slots blue and green, in that order.
        type: list
        elements: int
        required: true
      proxy_port:
        description:
          - The port on loopback by which nginx tells which slot it serves.
        type: int
        required: true
"""

    SLOT = r"""
options:
  slot:
    description:
      - Which of O(slots) it is about.
    type: str
    choices: [blue, green]
"""

    STATIC = r"""
options:
  static:
    description:
      - Keep the digested assets of all releases that are here in C(ROOT/static), for a web server, as the role P(beamops.elixir.elixir_release_proxy#role)
        serves them. A page of one release may ask for them when another one is live.
    type: bool
    default: false
"""

    LOOK = r"""
options:
  headers:
    description:
      - Headers of the request to O(url).
    type: dict
    default: {}
  status_code:
    description:
      - The status codes that are good.
    type: list
    elements: int
    default: [200]
  search_regex:
    description:
      - A Python regular expression that has to match somewhere in the body.
    type: str
"""

    CLUSTER = r"""
options:
  cluster:
    description:
      - Tell with which nodes what runs is connected, seen from both sides. V(auto) says so, as does a number of hosts that have to be connected; V(off) does
        not. What is to be connected is decided from the answers of all hosts.
    type: str
    default: 'off'
"""

    DRAIN = r"""
options:
  drain_expression:
    description:
      - An expression of Elixir that each process evaluates right before it is asked to stop, such as V(MyApp.Release.drain(\)). Its value does not matter. It
        has O(drain) seconds.
      - Where it raises, does not end in time, or cannot be evaluated at all, RV(undrained) says so, and the process is asked to stop all the same, for what has
        begun to let go of its work is of little use to anybody.
    type: str
"""

    PEERS = r"""
options:
  peers:
    description:
      - With which nodes this one has to be connected, seen from both sides - it is asked for its nodes, and has each of them asked for theirs, over the
        connections that it has. A node that does not answer within 2 s or still boots is not there. Hidden nodes, as a remote console is one, do not count.
      - The filter P(beamops.elixir.fleet_peers#filter) makes it from what M(beamops.elixir.elixir_release_prepare) answered on all hosts.
    type: dict
    suboptions:
      node:
        description:
          - The node that was connected with them, by its name.
        type: str
        required: true
      names:
        description:
          - Nodes, by their full names.
        type: list
        elements: str
        default: []
      hosts:
        description:
          - What stands behind the @ of other nodes, where any node of that host will do.
        type: list
        elements: str
        default: []
      whole:
        description:
          - Whether all of these have to be connected with each other as well.
        type: bool
        default: false
      one_name:
        description:
          - Whether only nodes whose names are the same before the @ find each other, as with C(dns_cluster). Of others nothing is expected then.
        type: bool
        default: false
      least:
        description:
          - Of how many hosts, its own among them, nodes have to be connected, whichever these are. V(0) - O(peers.names) and O(peers.hosts) have to be.
        type: int
        default: 0
"""
