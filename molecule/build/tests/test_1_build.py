# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the source to a tarball for the hosts, by `beamops.elixir.build`."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from ansible_collections.beamops.elixir.molecule.build.conftest import SUITE

BUILDER = f"beamops/builder:{SUITE}"
# As that of `mix phx.gen.release --docker`: the release is made in a stage, and another runs it
THEIRS = """
ARG BUILDER_IMAGE=nobody/has:this
FROM ${BUILDER_IMAGE} AS builder
WORKDIR /srv/app
ENV MIX_ENV="prod"
COPY . .
# What came along is told by the release itself
RUN mkdir -p rel/overlays && find . -type f >rel/overlays/context.txt
RUN mix compile && \\
    mix release

FROM debian:none AS final
COPY --from=builder /srv/app/_build/prod/rel/guestbook ./
"""


def test_what_would_be_built_is_said_and_nothing_is_built(play, project):
    commit = project.git("rev-parse", "--short=7", "HEAD").strip()
    project.replace("lib/guestbook.ex", "defmodule Guestbook do", "defmodule Guestbook do\n  # changed")
    run = play("build", "--check", "--diff")
    assert run.rc == 0, run.output
    assert f"Would build guestbook from commit {commit} and 1 uncommitted file (lib/guestbook.ex), for " in run.plain()
    assert f"+FROM {BUILDER} AS build" in run.output
    assert not (project.path / "_build").exists() and not (project.path / "Dockerfile").exists()


def test_it_lies_where_a_deploy_looks_and_is_not_built_again(play, project, either_way, monkeypatch):
    project.write(".env.production", "export SECRET=hunter22\n")
    run = play("build")
    assert run.rc == 0, run.output
    (tarball,) = project.tarballs()
    assert tarball.name == "guestbook-0.1.0.tar.gz"
    assert "See whether this host can run it" in run.output and run.output.count("failed=0") == 3

    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")  # so nobody can have asked the engine
    stamp = tarball.stat()
    for options in ([], ["--check"]):
        run = play("build", *options)
        assert run.rc == 0 and f"Nothing has changed since {tarball} was built" in run.plain(), run.output
        assert "changed=1" not in run.output and tarball.stat() == stamp
    # A tarball that is another one than was built is none that stays
    tarball.write_bytes(tarball.read_bytes()[:-100])
    assert "No Docker engine answers on the build host" in play("build").plain()


def test_a_change_is_built_and_only_that(play, project, with_buildkit):
    assert play("build").rc == 0
    project.replace("mix.exs", 'version: "0.1.0"', 'version: "0.2.0"')
    project.replace("lib/guestbook.ex", "defmodule Guestbook do", 'defmodule Guestbook do\n  def marked, do: "marked"')
    run = play("build")
    assert run.rc == 0, run.output
    assert "Built guestbook 0.2.0" in run.plain() and "2 uncommitted files (lib/guestbook.ex, mix.exs)" in run.plain()
    project.tarballs()[0].unlink()
    assert b'{vsn,"0.2.0"}' in project.built("ebin/guestbook.app")
    assert project.built("start_erl.data").endswith(b" 0.2.0")
    assert b"marked" in project.built("Elixir.Guestbook.beam")

    # A file that is older than what was compiled of it
    project.git("checkout", "--quiet", "lib/guestbook.ex")
    os.utime(project.path / "lib" / "guestbook.ex", (1_500_000_000, 1_500_000_000))
    assert play("build").rc == 0
    assert b"marked" not in project.built("Elixir.Guestbook.beam")


def test_a_dockerfile_of_ones_own_gets_no_secret(play, project, either_way):
    project.write("Dockerfile", THEIRS)
    project.write(".dockerignore", "!.env*\n!.git\n")
    for name in (".env", ".env.production", "config/.env.local", ".erlang.cookie", "of-ours.env", "kept.cookie", "lib/ignored.ex"):
        project.write(name, "export SECRET=hunter22\n")
    project.write("lib/untracked.ex", "defmodule Untracked do\nend\n")
    project.git("add", "--force", ".env", ".env.production")  # what nobody should do
    project.write(".gitignore", "/_build/\n/lib/ignored.ex\n")
    run = play(
        "build",
        elixir_release_build_image="",
        elixir_release_build_args={"BUILDER_IMAGE": BUILDER},
        elixir_release_env_file=str(project.path / "of-ours.env"),
        elixir_release_cookie_file=str(project.path / "kept.cookie"),
    )
    assert run.rc == 0, run.output
    files = project.built("context.txt").decode().split()
    assert {"./mix.exs", "./lib/untracked.ex", "./config/runtime.exs", "./Dockerfile"} <= set(files)
    assert not [name for name in files if "env" in name.rpartition("/")[2] or "cookie" in name or ".git/" in name or "ignored.ex" in name]


def test_a_secret_of_the_build_is_used_and_in_nothing(play, project, with_buildkit):
    project.write(
        "Dockerfile",
        f"FROM {BUILDER} AS build\nWORKDIR /app\nCOPY . .\n"
        "RUN --mount=type=secret,id=build_env . /run/secrets/build_env && test \"$TOKEN\" = \"$(echo it\\'s hunter)22\" && MIX_ENV=prod mix release\n"
        "FROM scratch AS out\nCOPY --from=build /app/_build/prod/*.tar.gz /\n",
    )
    run = play("build", "-vvv", elixir_release_build_secrets={"TOKEN": "it's hunter22"})
    assert run.rc == 0, run.output
    assert "hunter22" not in run.output
    assert subprocess.run(["grep", "-rl", "hunter22", project.path / "_build"], stdout=subprocess.PIPE, check=False).stdout == b""


def test_without_buildkit_no_secret_is_taken(play, project, without_buildkit):
    run = play("build", elixir_release_build_secrets={"TOKEN": "hunter22"})
    assert run.rc != 0 and "can be kept out of the image by BuildKit only" in run.plain()
    assert "hunter22" not in run.output and not project.tarballs()


def test_what_does_not_compile_is_told_by_its_lines(play, project, either_way):
    assert play("build").rc == 0
    (tarball,) = project.tarballs()
    before = tarball.read_bytes()
    project.replace("lib/guestbook.ex", "defmodule Guestbook do", "defmodule Guestbook do\n  def broken, do: nowhere()")
    run = play("build")
    assert run.rc != 0
    said = run.plain()
    assert "The build of guestbook failed: " in said and "undefined function nowhere/0" in said and "lib/guestbook.ex:" in said
    assert tarball.read_bytes() == before


def test_without_an_engine_that_is_said(play, no_engine):
    for options in ([], ["--check"]):
        run = play("build", *options)
        assert run.rc != 0
        assert "No Docker engine answers on the build host: " in run.plain() and "Is the docker daemon running?" in run.plain()


def test_a_release_without_a_tarball_is_told_before(play, project, no_engine):
    project.replace("mix.exs", "steps: [:assemble, :tar]", "steps: [:assemble]")
    run = play("build")
    assert run.rc != 0 and "makes a tarball: add `steps: [:assemble, :tar]` to it" in run.plain()


def test_another_tarball_that_a_deploy_would_take_is_told(play, project):
    assert play("build").rc == 0
    project.write("guestbook-0.1.0.tar.gz", "of somebody else")
    run = play("build")
    assert run.rc != 0 and f"and a deploy would take {project.path}/guestbook-0.1.0.tar.gz" in run.plain(), run.output


@pytest.mark.parametrize(
    "tools, image",
    [
        ("", "debian:bookworm-slim"),
        ("elixir 1.14.0-otp-25\nerlang 25.2.3\n", "hexpm/elixir:1.14.0-erlang-25.2.3-debian-bookworm-20260713-slim"),
        ("erlang 27.3.3\nelixir 1.18.3-otp-27\n", "elixir:1.18.3-otp-27-slim"),
    ],
)
def test_the_image_is_chosen_by_hosts_and_versions(play, project, tools, image):
    if SUITE != "bookworm":
        pytest.skip("these are the images for bookworm")
    tag = "hexpm/elixir:1.14.0-erlang-25.2.3-debian-bookworm-20260713-slim"
    others = [tag.replace("20260713", "20260101"), tag.replace("bookworm", "trixie"), tag.replace("25.2.3", "26.0")]
    project.write(".tool-versions", tools)
    for name in [tag, *others]:
        subprocess.run(["docker", "tag", BUILDER, name], check=True)
    try:
        run = play("build", "--check", elixir_release_build_image="")
    finally:
        subprocess.run(["docker", "rmi", tag, *others], check=True, stdout=subprocess.DEVNULL)
    assert run.rc == 0 and f", in {image}." in run.plain(), run.output


def test_a_fleet_that_needs_two_tarballs_is_told(play, older_host):
    run = play("build", "-i", older_host)
    assert run.rc != 0
    assert "for their OpenSSL is not the same (1.1 on old1, 3 on web1, web2, web3)" in run.plain(), run.output
    assert "with --limit old1 and --limit web1,web2,web3" in run.plain()


def test_a_host_that_cannot_run_it_is_told_though_it_was_built(play, project):
    """As where an image was chosen that is newer than the hosts."""
    if SUITE != "bookworm":
        pytest.skip("trixie's Erlang is too new for bookworm")
    run = play("build", elixir_release_build_image="beamops/builder:trixie")
    assert run.rc != 0 and project.tarballs()
    assert run.plain().count("The release was built for glibc 2.38, this host has 2.36") >= 3, run.output


def test_on_a_build_host(play, project, builder):
    run = play("build", elixir_release_build_host="builder1")
    assert run.rc != 0 and "No Docker engine answers on the build host: " in run.plain() and "permission denied" in run.plain()
    builder("usermod --append --groups engine deploy")
    builder("pkill -u deploy sshd || true")  # a login knows its groups from its beginning
    run = play("build", elixir_release_build_host="builder1")
    assert run.rc == 0, run.output
    assert project.built("start_erl.data").endswith(b" 0.1.0")
    left = builder("find / -xdev ( -name context.tar.gz -o -name 'guestbook-*.tar.gz' ) -newer /run/sshd.pid".replace("(", "\\(").replace(")", "\\)"))
    assert left == "", "all that the build host was given is gone"


def test_the_record_is_of_this_very_build(play, project):
    assert play("build").rc == 0
    record = json.loads((project.path / "_build" / "prod" / "guestbook-0.1.0.build.json").read_text())
    assert record["commit"] == project.git("rev-parse", "HEAD").strip() and record["uncommitted"] == []
    assert record["image"] == BUILDER
