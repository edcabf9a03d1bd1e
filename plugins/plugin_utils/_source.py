# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of a mix project goes into a build, and what never does: the files that git knows or would take, or all where there is no git."""

from __future__ import annotations

import fnmatch
import hashlib
import os
import pathlib
import stat
import subprocess
import tarfile
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError

# A layer of an image keeps what it was given, so these go into none, whatever .dockerignore says
SECRET = (".env", ".env.*", ".erlang.cookie", ".git", ".netrc", ".ssh")
# What builds leave at the top of a project, where neither git nor anybody else says so
BUILT = ("_build", "*.tar.gz")
# Made by a build, for another machine, or large; where git ignores nothing
MADE = ("_build", "deps", "node_modules", "cover", "erl_crash.dump", ".elixir_ls", ".lexical", ".ansible", ".cache", "__pycache__")
SHOWN_FILES = 5


class Source(t.NamedTuple):
    project: str
    files: tuple[str, ...]  # relative to the project, sorted
    commit: str | None  # None where the project is not under git, or has no commit yet
    uncommitted: tuple[str, ...]

    @property
    def words(self) -> str:
        if self.commit is None:
            return "files that are not under git"
        changed = len(self.uncommitted)
        if not changed:
            return f"commit {self.commit[:7]}"
        names = ", ".join(self.uncommitted[:SHOWN_FILES]) + (", ..." if changed > SHOWN_FILES else "")
        return f"commit {self.commit[:7]} and {changed} uncommitted file{'s' if changed > 1 else ''} ({names})"


def look(project: str, keep_out: t.Iterable[str] = ()) -> Source:
    """Of the project as it lies there, committed or not. Paths that are to be kept out may be given, too."""
    out = {os.path.realpath(path) for path in keep_out}
    is_git = any(os.path.exists(os.path.join(parent, ".git")) for parent in [project, *map(str, pathlib.Path(project).parents)])
    # A copy that lies in a directory which a repository around it ignores
    is_git = is_git and not _git(project, "check-ignore", "--no-index", project, may_fail=True)
    found = _known_to_git(project) if is_git else _all(project)
    files = [path for path in found if not _is_secret(path) and not _is_built(path) and not {os.path.realpath(place) for place in _places(project, path)} & out]
    if "mix.exs" not in files:
        raise ReleaseError(f"{os.path.join(project, 'mix.exs')} is none of the files that a build would get: does git ignore it, or is it to be kept out?")
    commit = _git(project, "rev-parse", "--verify", "--quiet", "HEAD", may_fail=True).strip() if is_git else ""
    return Source(project, tuple(sorted(set(files))), commit or None, tuple(_uncommitted(project, set(files))) if commit else ())


def digest(source: Source, *further: t.Any) -> str:
    """The same for the same build: of paths, contents and what may be executed, and of whatever else counts."""
    total = hashlib.sha256(repr(further).encode())
    for path in source.files:
        full = os.path.join(source.project, path)
        status = os.lstat(full)
        content = os.fsencode(os.readlink(full)) if stat.S_ISLNK(status.st_mode) else pathlib.Path(full).read_bytes()
        total.update(f"{path}\0{stat.S_IFMT(status.st_mode) | status.st_mode & 0o100:o}\0{hashlib.sha256(content).hexdigest()}\n".encode())
    return total.hexdigest()


def pack(source: Source, target: str) -> None:
    """As a tarball in which nothing tells who made it."""
    with tarfile.open(target, "w:gz", compresslevel=1) as archive:
        for path in source.files:
            archive.add(os.path.join(source.project, path), path, recursive=False, filter=_anonymous)


def _anonymous(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    info.mode = 0o755 if info.mode & 0o100 else 0o644
    return info


def _is_secret(path: str) -> bool:
    return any(fnmatch.fnmatchcase(part, pattern) for part in path.split("/") for pattern in SECRET)


def _is_built(path: str) -> bool:
    return any(fnmatch.fnmatchcase(path.split("/")[0], pattern) for pattern in BUILT)


def _places(project: str, path: str) -> t.Iterator[str]:
    """The file, and each directory of the project above it."""
    while path:
        yield os.path.join(project, path)
        path = os.path.dirname(path)


def _all(project: str) -> t.Iterator[str]:
    for directory, directories, files in os.walk(project):
        inside = os.path.relpath(directory, project)
        # A link to a directory is taken as the link that it is
        links = [name for name in directories if os.path.islink(os.path.join(directory, name))]
        directories[:] = [name for name in directories if name not in MADE and name not in links]
        yield from (os.path.normpath(os.path.join(inside, name)) for name in files + links if name not in MADE)


def _known_to_git(project: str) -> t.Iterator[str]:
    for path in _git(project, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0"):
        full = os.path.join(project, path)
        if path and os.path.isdir(full) and not os.path.islink(full):  # another repository, such as a submodule
            yield from (os.path.join(path.rstrip("/"), inner) for inner in _known_to_git(full))
        elif path and os.path.lexists(full):  # else it is deleted, and that not committed
            yield path


def _uncommitted(project: str, files: set[str]) -> list[str]:
    """What differs from the commit, of what goes into the build or is missing there."""
    prefix = _git(project, "rev-parse", "--show-prefix").strip()
    told = iter(_git(project, "status", "--porcelain=v1", "-z", "--untracked-files=all", "--", ".").split("\0"))
    changed = []
    for entry in told:
        state, path = entry[:2], entry[3:].removeprefix(prefix)
        if "R" in state or "C" in state:
            next(told)  # by which name it was known before
        if path and (path in files or "D" in state):
            changed.append(path)
    return sorted(changed)


def _git(project: str, *arguments: str, may_fail: bool = False) -> str:
    try:
        done = subprocess.run(["git", "-C", project, *arguments], capture_output=True, text=True, errors="surrogateescape", check=False)
    except OSError as error:
        raise ReleaseError(f"{project} is under git, and git cannot be run on the controller ({error.strerror}): install it.") from error
    if done.returncode != 0 and not may_fail:
        raise ReleaseError(f"git cannot tell which files of {project} there are: {done.stderr.strip()}")
    return done.stdout
