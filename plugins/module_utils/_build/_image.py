# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Builds a release in an image, and takes the tarball out of it."""

from __future__ import annotations

import glob
import os
import shutil
import tarfile
import typing as t

from ansible_collections.beamops.elixir.plugins.module_utils._build import _engine, _said
from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError

# Where a Dockerfile finds the secrets, as a file for sh: RUN --mount=type=secret,id=build_env
SECRETS_ID = "build_env"
ENDING_SECONDS = 60


class Order(t.NamedTuple):
    name: str  # of the release
    context: str  # the source, packed
    dockerfile: str
    target: str  # a stage of it that has the tarball and no more
    buildkit: bool
    args: dict[str, str]
    secrets: dict[str, str]
    options: list[str]
    timeout: float


def make(order: Order) -> str:
    """Build it in the directory of the packed source; the path of the tarball there."""
    directory = os.path.dirname(order.context)
    out = os.path.join(directory, "out")
    argv = _arguments(order, directory)
    if order.buildkit:
        _build(order, [*argv, "--output", f"type=local,dest={out}"], directory)
    else:
        _build(order, [*argv, "--tag", _tag(order.name)], directory)
        _take_out(_tag(order.name), out)
    return _the_one(order, out)


def _arguments(order: Order, directory: str) -> list[str]:
    source = os.path.join(directory, "source")
    os.mkdir(source, mode=0o700)
    with tarfile.open(order.context) as archive:
        _extract(archive, source)
    dockerfile = os.path.join(directory, "Dockerfile")
    with open(dockerfile, "w", encoding="utf-8") as file:
        file.write(order.dockerfile)
    args = [word for key, value in sorted(order.args.items()) for word in ("--build-arg", f"{key}={value}")]
    return ["--file", dockerfile, "--target", order.target, *args, *order.options, source]


def _extract(archive: tarfile.TarFile, directory: str) -> None:
    """All of it: it was packed by this collection, and a project may link to where its image has something."""
    if hasattr(tarfile, "fully_trusted_filter"):
        archive.extractall(directory, filter="fully_trusted")
    else:
        archive.extractall(directory)


def _build(order: Order, argv: list[str], directory: str) -> None:
    with_secrets = [*argv, *_secrets(order, directory)]
    answer = _engine.run("build", *with_secrets, timeout=order.timeout, cwd=directory, buildkit=order.buildkit)
    if answer.timed_out:
        raise ReleaseError(
            f"The build of {order.name} took longer than {order.timeout:g} s: give it more with elixir_release_build_timeout. It had come so far:\n"
            + "\n".join((answer.stdout + answer.stderr).splitlines()[-5:])
        )
    if answer.rc != 0:
        raise ReleaseError(f"The build of {order.name} failed:\n{_said.reason(answer.stdout + answer.stderr)}")


def _secrets(order: Order, directory: str) -> list[str]:
    """In a file that no layer and no command line has, and that goes with the directory."""
    if not order.secrets:
        return []
    if not order.buildkit:
        raise ReleaseError(
            "Secrets (elixir_release_build_secrets) can be kept out of the image by BuildKit only, which the Docker of the build host lacks: install its "
            "buildx component."
        )
    path = os.path.join(directory, SECRETS_ID)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        for key, value in sorted(order.secrets.items()):
            quoted = str(value).replace("'", "'\\''")
            file.write(f"export {key}='{quoted}'\n")
    return ["--secret", f"id={SECRETS_ID},src={path}"]


def _tag(name: str) -> str:
    return f"elixir-release-build/{name.lower()}"


def _take_out(tag: str, out: str) -> None:
    """Of an image that is never run: it has no program."""
    made = _engine.run("create", tag, "none", timeout=ENDING_SECONDS)
    if made.rc != 0:
        raise ReleaseError(f"Cannot make a container of the image {tag}, which was just built: {made.stderr.strip()}")
    container = made.stdout.strip()
    try:
        copied = _engine.run("cp", f"{container}:/", out, timeout=ENDING_SECONDS)
    finally:
        _engine.run("rm", container, timeout=ENDING_SECONDS)
    if copied.rc != 0:
        raise ReleaseError(f"Cannot copy the tarball out of the image {tag}: {copied.stderr.strip()}")


def _the_one(order: Order, out: str) -> str:
    found = glob.glob(os.path.join(glob.escape(out), "**", "*.tar.gz"), recursive=True)
    fitting = [path for path in found if os.path.basename(path).startswith(f"{order.name}-")]
    if len(fitting) == 1:
        return fitting[0]
    names = ", ".join(sorted(map(os.path.basename, found))) or "none"
    raise ReleaseError(
        f"The build ended well, and of the tarballs that it made (elixir_release_build_dockerfile, stage {order.target}: {names}) not one is that of "
        f"{order.name}: it makes {order.name}-VERSION.tar.gz where the release has `steps: [:assemble, :tar]` in mix.exs."
    )


def clean_up(order: Order) -> None:
    """What holds a secret or is large; the tarball stays until it was fetched."""
    directory = os.path.dirname(order.context)
    shutil.rmtree(os.path.join(directory, "source"), ignore_errors=True)
    if order.secrets and os.path.exists(os.path.join(directory, SECRETS_ID)):
        os.remove(os.path.join(directory, SECRETS_ID))
