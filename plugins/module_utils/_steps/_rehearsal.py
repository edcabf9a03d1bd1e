# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rehearses a release that was staged: runtime.exs and the loading of its modules, while the old one still serves.

To load a module takes a millisecond of CPU time, which a host that serves may not have to spare for the thousand that every release has in common with
the one before.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._root import _layout, _releases
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _bin_app, _evaluation, _plan
from ansible_collections.beamops.elixir.plugins.module_utils._tarball import _contents

SECONDS = 300
# Names the file with the modules that the expression need not load
PROVEN = "ELIXIR_RELEASE_PROVEN"
MODULE = re.compile(r"lib/(?P<application>[^/]+)/ebin/(?P<module>[^/]+)\.beam")
NATIVE = re.compile(r"lib/(?P<application>[^/]+)/.+\.so")


def rehearse(
    layout: _layout.Layout, release: _releases.Release, application: _bin_app.Application, expression: str, word: str, known: t.Iterable[str] = ()
) -> _evaluation.Outcome:
    with _told(application, known) as told:
        outcome = _evaluation.evaluate(layout, release, told, expression, SECONDS)
    return _evaluation.to_its_end(outcome, release, word)


def proven(layout: _layout.Layout, release: _releases.Release) -> list[str]:
    """The modules of a release, put here this moment, whose very bytes a good release here has loaded, under the same emulator.

    Those of an application with native code are loaded once more: the libraries that this needs are the host's, and may be others by now.
    """
    known = _plan.contents(layout)
    own = known.get(release.path, {})
    good = [known[other.path] for other in _releases.staged(layout) if other.state == "good" and other.path in known and other.path != release.path]
    return common(own, good)


def common(own: _contents.Contents, good: t.Iterable[_contents.Contents]) -> list[str]:
    emulator = _emulator(own)
    loaded = {entry.content for contents in good if emulator and _emulator(contents) == emulator for entry in contents.values()}
    native = {match["application"] for match in map(NATIVE.fullmatch, own) if match}
    found = ((MODULE.fullmatch(path), entry) for path, entry in own.items())
    return sorted(match["module"] for match, entry in found if match and entry.content in loaded and match["application"] not in native)


def _emulator(contents: _contents.Contents) -> dict[str, str]:
    return {path: entry.content for path, entry in contents.items() if path.startswith("erts-") and entry.kind == _contents.FILE}


@contextlib.contextmanager
def _told(application: _bin_app.Application, known: t.Iterable[str]) -> t.Iterator[_bin_app.Application]:
    """In a file: all of them may be more than an environment can hold."""
    lines = "".join(f"{module}\n" for module in known)
    if not lines:
        yield application
        return
    # Not in TMPDIR, where the release's user may not get in
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", errors="surrogateescape", prefix="elixir_release-proven-", dir="/tmp") as file:
        file.write(lines)
        file.flush()
        os.fchown(file.fileno(), application.account.uid, -1)
        yield application._replace(environ={**application.environ, PROVEN: file.name})
