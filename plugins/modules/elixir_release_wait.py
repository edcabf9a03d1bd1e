#!/usr/bin/python
# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: elixir_release_wait
short_description: Look whether a release is stopped or ready
description:
  - Takes B(one) look and says what it saw or, with O(watch), looks again for that many seconds. It is no wait for ever, so that C(until), C(retries) and
    C(delay) of the task decide for how long a host is waited for, and several hosts are waited for side by side.
  - It succeeds whatever it sees. Put RV(ready) and RV(fatal) into C(until), and RV(ready) into C(failed_when), as in the examples; RV(msg) then says
    why the task failed.
  - With O(state=ready) it looks, cheapest first, at the process, the O(port), the O(url), the boot status by O(rpc), the O(peers) and the O(expression), and
    stops at the first that is not content. The node is asked as another node would ask it; a BEAM is started for that only where it cannot be.
  - Where the sockets of the process cannot be read, say by the root of a container that lacks C(CAP_SYS_PTRACE), somebody has to listen on the O(port), the
    other looks decide, and RV(msg) says which right is missing.
extends_documentation_fragment:
  - beamops.elixir._release
  - beamops.elixir._release.slots
  - beamops.elixir._release.slot
  - beamops.elixir._release.look
  - beamops.elixir._release.peers
  - beamops.elixir._attributes
attributes:
  check_mode:
    support: full
    details:
      - The task is skipped, since what it would wait for does not happen in check mode.
  diff_mode:
    support: N/A
    details:
      - It changes nothing but what O(kill) and O(disarm) ask for.
  idempotent:
    support: full
    details:
      - It changes nothing but what O(kill) and O(disarm) ask for.
options:
  state:
    description:
      - V(stopped) - no process of O(root) is left, and the O(node) name is free.
      - V(ready) - the O(release) runs and answers, as told by the other options.
    type: str
    choices: [stopped, ready]
    required: true
  node:
    description:
      - With O(state=stopped), the node name that is to be free.
    type: str
  release:
    description:
      - With O(state=ready), the id of the release that is to be ready. By default the current one.
    type: str
  pid:
    description:
      - With O(state=ready), the process that M(beamops.elixir.elixir_release_start) started. When it is gone, no further look helps, and RV(fatal) says so.
    type: int
  stable_for:
    description:
      - With O(state=ready), for how many seconds the process has to be up.
    type: float
    default: 0
  port:
    description:
      - With O(state=ready), the TCP port that the process itself has to listen on. V(0) if it is to open none, whatever O(serves) says.
    type: int
  serves:
    description:
      - With O(state=ready), and without a O(port), whether the process has to listen on any port but the one that other nodes reach it by, as
        what it replaces did.
    type: bool
    default: false
  url:
    description:
      - With O(state=ready), where to send a GET request. Redirects are not followed.
    type: str
  validate_certs:
    description:
      - Whether the certificate of an C(https) O(url) has to be valid for its host.
      - By default V(false) where that host is on loopback (V(localhost), V(127.0.0.0/8), V(::1\)), which no public certificate names, and V(true) for
        any other.
    type: bool
  rpc:
    description:
      - With O(state=ready), ask the node itself, by C(bin/NAME rpc), whether it is started, and which version it is. Left out where the node is not
        distributed.
    type: bool
    default: true
  expression:
    description:
      - With O(state=ready), an expression of Elixir that the node evaluates after all other looks, such as V(MyApp.Release.ready?(\)). It has to be C(true);
        nothing else will do, and neither does an exception.
    type: str
  as_proven:
    description:
      - With O(state=ready), look for what was seen when M(beamops.elixir.elixir_release_current) recorded that the release is good (its O(port), O(url),
        O(headers), O(status_code) and so on) instead of what these options say, which then count for a release that has no such record.
    type: bool
    default: false
  timeout:
    description:
      - How many seconds the HTTP request, the rpc and the O(expression) may take each.
    type: float
    default: 10
  watch:
    description:
      - For how many seconds to look again, several times a second, and once a second where the node is asked by O(rpc). It ends at once when the answer is
        RV(ready) or RV(fatal). A look that has begun is finished.
      - Keep it short, and let the task retry. It is there so that a change is seen at once, without a connection for each look.
    type: float
    default: 0
  within:
    description:
      - How many seconds it may take. What is not RV(ready) after that is RV(fatal).
      - With O(state=ready) they count from the start of the process, or are O(stable_for) where that is more. With O(state=stopped) they count
        from O(asked_at).
      - What was over the time before the first look is looked at for all of O(watch), for a release that has been up for days may be slow to answer once.
    type: float
  asked_at:
    description:
      - With O(state=stopped) and O(within), when it was asked to stop, in seconds of the host's uptime, as M(beamops.elixir.elixir_release_stop) returns it.
    type: float
  disarm:
    description:
      - When it is ready, call off the timer that would take the host back, as M(beamops.elixir.elixir_release_deadman) does. Fails where that was quicker.
    type: bool
    default: false
  overlap:
    description:
      - With O(state=ready), what it replaces may be there still. With O(state=stopped), what runs of O(release) does not count.
    type: bool
    default: false
  kill:
    description:
      - With O(state=stopped), kill what is not gone in O(within) seconds after it was asked. It stopped serving when it was asked, so there is nothing to
        spare any more. What it was doing is lost, which stands in C(ROOT/ledger.jsonl) then.
    type: bool
    default: false
  by:
    description:
      - Who has it stopped, and from which controller, for the ledger.
    type: str
author:
  - The beamops.elixir authors (@beamops)
seealso:
  - module: beamops.elixir.elixir_release_stop
  - module: beamops.elixir.elixir_release_start
"""

EXAMPLES = r"""
- name: Wait until the old release is gone
  beamops.elixir.elixir_release_wait:
    root: /opt/guestbook
    state: stopped
  become: true
  register: down
  until: down.ready | default(true) or down.fatal
  failed_when: down is failed or not down.ready | default(true)
  retries: 120
  delay: 1

- name: Wait until the new release serves
  beamops.elixir.elixir_release_wait:
    root: /opt/guestbook
    state: ready
    port: 4000
    url: http://127.0.0.1:4000/health
    search_regex: '"version": *"0\.2\.0"'
    stable_for: 5
    watch: 10
    within: 60
  become: true
  register: up
  until: up.ready | default(true) or up.fatal
  failed_when: up is failed or not up.ready | default(true)
  retries: 7
  delay: 0
"""

RETURN = r"""
ready:
  description: Whether all is as it should be.
  returned: except in check mode
  type: bool
  sample: false
fatal:
  description: Whether no further look can change the answer, such as when the process died or another version answers.
  returned: except in check mode
  type: bool
  sample: false
msg:
  description: What was seen and, where it is not ready, why not.
  returned: always
  type: str
  sample: the release does not listen on port 4000 yet; its ports - none.
look:
  description:
    - Which look was not content, or was the last one where all were. V(process), V(port), V(http), V(rpc), V(cluster) or V(expression) with
      O(state=ready), and V(stopped) with O(state=stopped).
  returned: except in check mode
  type: str
  sample: http
seen:
  description:
    - What that look saw, so short that it can be compared with what the same look sees of another release - the status of an HTTP answer, V(no answer),
      the ports that it serves on, the boot status, the hosts that are missing, or the value. Empty where O(search_regex) does not match, for that may
      name the version.
  returned: except in check mode
  type: str
  sample: '404'
listened_at:
  description:
    - When the release was first seen to serve on a port, in seconds since the host was booted. V(null) where it was not.
    - Minus RV(beamops.elixir.elixir_release_start#module:asked_at) it is for how long at most nobody was served.
  returned: with O(state=ready), except in check mode
  type: float
  sample: 86402.9
  version_added: 0.2.0
node:
  description: The name of the node with its host, by which others know it. V(null) where it is not ready, and without O(peers).
  returned: with O(state=ready), except in check mode
  type: str
  sample: guestbook@web1.example.com
killed:
  description: What was lost by a kill. V(null) where nothing was killed.
  returned: with O(state=stopped), except in check mode
  type: str
  sample: 0.1.0 (pid 4711) was killed. What it was doing is lost, as in a crash.
"""

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._modules import _wait


def main():
    _module.main(_wait)


if __name__ == "__main__":
    main()
