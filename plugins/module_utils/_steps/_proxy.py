# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""nginx in front of two slots: which one it serves, and how that is changed. The role elixir_release_proxy has set it up.

What it serves is a question of one file's name, which it looks for with every request: so there is nothing to reload.
"""

from __future__ import annotations

import os
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _command, _text
from ansible_collections.beamops.elixir.plugins.module_utils._root import _slots
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _readiness

HOME = "/etc/nginx/elixir-release"
ASKED = "/.elixir-release/slot"
SECONDS = 5.0
PATH = "/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
SET_UP = "set nginx up with the playbook beamops.elixir.proxy"


class Proxy(t.NamedTuple):
    name: str  # of the release
    port: int  # on loopback, for who deploys

    @property
    def directory(self) -> str:
        return os.path.join(HOME, self.name)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def flag(self, slot: str) -> str:
        return os.path.join(self.directory, slot)


def serves(proxy: Proxy) -> str:
    """The slot that it serves, as it says itself, which has to be what its file says: else somebody has changed one of the two."""
    from ansible_collections.beamops.elixir.plugins.module_utils._steps import _http

    flagged = _flagged(proxy)
    answer = _http.get(proxy.url + ASKED, {}, SECONDS, False)
    slot = answer.body.strip()
    if answer.error is not None:
        raise ReleaseError(
            f"nginx does not answer at {proxy.url}{ASKED} ({_text.shown(answer.error).rstrip('. ')}), so nobody knows which slot it serves: see "
            f"'systemctl status nginx' and 'nginx -t', that its site includes {HOME}/{proxy.name}.conf, or {SET_UP}."
        )
    if answer.status != 200 or slot not in _slots.NAMES:
        raise ReleaseError(
            f"{proxy.url}{ASKED} answers {answer.status} and names no slot: something else listens there, or nginx' site does not include "
            f"{HOME}/{proxy.name}.conf any more. See 'nginx -T', or {SET_UP}."
        )
    if slot != flagged:
        raise ReleaseError(
            f"nginx says that it serves {slot}, and the file in {proxy.directory} says {flagged}: nginx cannot read that directory, or its site asks for "
            f"another file. See 'nginx -T', or {SET_UP}."
        )
    return slot


def complaint() -> str | None:
    """What keeps nginx from taking its files as they are; None where it would."""
    try:
        result = _command.run(["nginx", "-q", "-t"], env={"PATH": PATH}, cwd="/", account=_command.account(None), timeout=SECONDS)
    except ReleaseError as error:  # it is not there
        return str(error)
    return None if result.rc == 0 else " ".join(_text.shown(result.stderr).split())


def move(proxy: Proxy, slot: str) -> bool:
    """Whether it had to. Nobody is sent elsewhere in between, and nobody is cut off."""
    if _flagged(proxy) == slot:
        return False
    try:
        os.rename(proxy.flag(_slots.other(slot)), proxy.flag(slot))
    except OSError as error:
        raise ReleaseError(
            f"{proxy.flag(_slots.other(slot))} cannot be renamed to {slot} ({error.strerror}), so the traffic stays where it is: look at its directory, "
            "and at the disk ('df'), on this host."
        ) from error
    return True


def look_through(proxy: Proxy, path: str, headers: dict[str, str], status_code: t.Collection[int], search_regex: str | None) -> _readiness.Verdict:
    """At what it serves, as its users get it."""
    from ansible_collections.beamops.elixir.plugins.module_utils._steps import _http

    url = proxy.url + path
    return _readiness.http(url, _http.get(url, headers, SECONDS, False), status_code, search_regex)


def _flagged(proxy: Proxy) -> str:
    """nginx looks for green only."""
    if not os.path.isdir(proxy.directory):
        raise ReleaseError(f"There is no {proxy.directory}, so there is nothing to switch between two slots: {SET_UP}.")
    return "green" if os.path.isfile(proxy.flag("green")) else "blue"
