# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Puts a release and its env file under the root, whole or not at all, and touches nothing that is live."""

from __future__ import annotations

import contextlib
import datetime
import os
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.module_utils._host import _command, _node, _processes, _tree
from ansible_collections.beamops.elixir.plugins.module_utils._root import _cookie, _layout, _releases, _shared
from ansible_collections.beamops.elixir.plugins.module_utils._steps import _bin_app, _plan
from ansible_collections.beamops.elixir.plugins.module_utils._steps._plan import Plan
from ansible_collections.beamops.elixir.plugins.module_utils._tarball import _archive, _contents, _delta, _mix_release

# Makes a directory of the release, and says what it is made of
Build = t.Callable[[str], _contents.Contents]


def stage(wanted: Plan, source: str) -> _releases.Release:
    """From a tarball that lies on this host."""
    return _alone(wanted, lambda unfinished: _unpack(wanted, source, unfinished))


def stage_delta(wanted: Plan, delta: bytes) -> _releases.Release:
    """From what the host lacks of the tarball. Raises _delta.Unusable where that does not do."""
    return _alone(wanted, lambda unfinished: _delta.assemble(delta, _plan.contents(wanted.layout), unfinished))


def _alone(wanted: Plan, build: Build) -> _releases.Release:
    _directories(wanted.layout, wanted.account)
    with _releases.alone(wanted.layout):
        return _plan.existing(wanted) or _stage(wanted, build)


def _unpack(wanted: Plan, source: str, unfinished: str) -> _contents.Contents:
    sha256 = _archive.unpack(source, unfinished)
    if sha256 != wanted.tarball["sha256"]:
        raise ReleaseError(
            f"{source} has the sha256 {sha256} on this host, and {wanted.tarball['sha256']} on the controller: it was damaged on the way. "
            "Run the deploy again."
        )
    return _contents.of_directory(unfinished)


def _stage(wanted: Plan, build: Build) -> _releases.Release:
    layout, release_id = wanted.layout, _plan.free_id(wanted)
    wanted = wanted.of(release_id)
    controller = wanted.tarball.get("controller") or {}
    unfinished = layout.unfinished(wanted.release_id)
    _discard(unfinished)  # of a run that was broken off
    try:
        made_of = build(unfinished)
        # The dry run below is the first that is run of it
        _mix_release.refuse_others(f"The tarball {wanted.tarball['path']}", wanted.tarball["name"], _mix_release.in_directory(unfinished))
        release = _releases.Release(
            id=release_id,
            path=unfinished,
            name=wanted.tarball["name"],
            version=wanted.tarball["version"],
            sha256=wanted.tarball["sha256"],
            state="staged",
            reason=None,
            staged_at=datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            staged_by="{user}@{host}".format(**controller) if controller else "",
            user=wanted.account.name,
        )
        _equip(release, wanted)
        _share(release, wanted)
        _note_contents(release, made_of)
        release = release._replace(node=_plan.checked_node(wanted, unfinished, _processes.scan()))
        release = release._replace(service=_service_of(release, wanted))
        _releases.write(release)
        final = layout.release(release.id)
        if os.geteuid() == wanted.account.uid != 0:  # who owns the code is who runs it
            _tree.close(unfinished)
        os.rename(unfinished, final)
    except BaseException:
        _discard(unfinished)
        raise
    return release._replace(path=final)


def _service_of(release: _releases.Release, wanted: Plan) -> dict[str, t.Any] | None:
    """What its unit will have to say, once it is seen that systemd gives it its environment."""
    if wanted.service is None:
        return None
    from ansible_collections.beamops.elixir.plugins.module_utils._steps import _service

    application = _bin_app.staged(release.path, release.name, wanted.layout, wanted.account)
    _service.refuse_uncarried(application.environ)
    _service.prove(application.environ)
    epmd_port = _node.epmd_port(application.environ) if release.node and _node.starts_epmd(_bin_app.dry_run(application), application.environ) else None
    return {**wanted.service, "port": wanted.port or application.port, "epmd_port": epmd_port}


def _discard(unfinished: str) -> None:
    with contextlib.suppress(OSError):
        _tree.remove(unfinished)


def _equip(release: _releases.Release, wanted: Plan) -> None:
    """What a release needs beside the tarball's content, readable by its user and nobody else."""
    group = wanted.account.gid
    os.chown(release.path, -1, group)
    os.chmod(release.path, 0o750)
    _releases.replace(_layout.env_file(release.path), wanted.env, 0o640, group)
    of_build = (_plan.content(_layout.cookie_file(release.path)) or "").rstrip("\n")  # as bin/NAME reads it
    problem = _cookie.cookie_problem(of_build) if of_build and not wanted.cookie else None
    if problem:
        raise ReleaseError(f"The cookie that came with the tarball, in releases/COOKIE, {problem}: {_plan.OTHER_COOKIE}")
    cookie = wanted.cookie or of_build
    if cookie:
        _releases.replace(_layout.cookie_file(release.path), cookie, 0o640, group)


def _note_contents(release: _releases.Release, made_of: _contents.Contents) -> None:
    """Without what is not as it was built: the cookie, and what lies in a directory that is shared now."""
    root, cookie = os.path.realpath(release.path), os.path.relpath(_layout.cookie_file(release.path), release.path)
    directories = {os.path.dirname(path) for path in made_of}
    own = {directory for directory in directories if f"{os.path.realpath(os.path.join(root, directory))}/".startswith(f"{root}/")}
    kept = {path: entry for path, entry in made_of.items() if path != cookie and os.path.dirname(path) in own}
    _releases.replace(_layout.contents_file(release.path), _contents.text(kept), 0o644)


def _share(release: _releases.Release, wanted: Plan) -> None:
    if wanted.shared_dirs:
        _shared.link(wanted.layout, release.path, wanted.shared_dirs, wanted.account)
        _releases.replace(_layout.shared_file(release.path), _shared.text(wanted.shared_dirs), 0o644)


def _directories(layout: _layout.Layout, account: _command.Account) -> None:
    umask = os.umask(0o022)  # the release's user must get in, whatever the umask of who logged in
    try:
        os.makedirs(layout.root, exist_ok=True)
    finally:
        os.umask(umask)
    for path, mode, uid in ((layout.releases, 0o750, -1), (layout.tmp, 0o750, account.uid)):
        os.makedirs(path, exist_ok=True)
        os.chown(path, uid, account.gid)
        os.chmod(path, mode)
