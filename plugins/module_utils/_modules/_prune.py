# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Remove the releases that nobody will miss."""

from __future__ import annotations

import os
import shutil

from ansible_collections.beamops.elixir.plugins.module_utils import _module
from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _processes, _tree
from ansible_collections.beamops.elixir.plugins.module_utils._root import _current, _history, _releases
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _overlap

ARGUMENTS = {**_module.ROOT, "keep": {"type": "int", "default": 5}}


def work(module):
    return prune(module, _module.layout(module), module.params["keep"])


def prune(module, layout, keep):
    if keep < 1:
        raise ReleaseError(f"keep is {keep}: give the number of good releases that are to stay, at least 1.")
    releases, scan = _releases.staged(layout), _processes.scan()
    running = {release.id for release in releases if scan.of_release(release.path)}
    left = []
    removed = _history.prunable(releases, _current.pointed(layout), running, keep)
    unfinished = _releases.unfinished(layout)
    if (removed or unfinished) and not module.check_mode:
        with _releases.alone(layout):
            unfinished = _releases.unfinished(layout)  # what was waited for may be whole now
            unfinished = [name for name in unfinished if succeeds(left, layout.release(name), lambda path: clear(path, path))]
            removed = [release for release in removed if succeeds(left, release.path, lambda path, release=release: remove(layout, release))]
    left += [f"{path} was left alone: {why}" for path, why in _releases.damaged(layout)]
    for sentence in left:
        module.warn(sentence)
    gone = [release.id for release in removed]
    kept = [release.id for release in releases if release.id not in gone and os.path.isdir(release.path)]
    return {
        "changed": bool(gone or unfinished),
        "removed": gone,
        "kept": kept,
        "unfinished": unfinished,
        "left": left,
        "diff": {"before": lines([*(release.id for release in releases), *unfinished]), "after": lines(kept)},
    }


def remove(layout, release):
    """Remove it, unless it has come into use meanwhile: an operator may have started it by hand."""
    if release.id == _current.pointed(layout) or _processes.scan().of_release(release.path):
        return False
    clear(release.path, layout.unfinished(release.id))
    shutil.rmtree(_overlap.own_tmp(layout, release.id), ignore_errors=True)
    return True


def clear(path, unfinished):
    _tree.refuse_mounts(path)
    os.rename(path, unfinished)  # a removal that is broken off then leaves no release that is not whole
    _tree.remove(unfinished)


def succeeds(left, path, removal):
    """One that cannot be removed keeps nobody from removing the others. What is left of it is told."""
    try:
        return removal(path) is not False
    except ReleaseError as error:
        why = str(error)
    except OSError as error:
        why = f"{error.filename or path}: {error.strerror}; look at its owner and at 'lsattr -d', and remove it by hand"
    left.append(f"{path} could not be removed, and is not needed any more: {why}.")
    return False


def lines(names):
    return "".join(f"{name}\n" for name in names)
