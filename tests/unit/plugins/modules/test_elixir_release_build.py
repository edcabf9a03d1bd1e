# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import subprocess

import pytest

from ansible_collections.beamops.elixir.plugins.modules import elixir_release_build as module


@pytest.fixture
def docker(tmp_path, monkeypatch):
    """A command line of Docker that says what it is told to, and keeps what it was asked."""

    def write(script):
        (tmp_path / "docker").write_text(f"#!/bin/sh\necho \"$DOCKER_BUILDKIT $*\" >>{tmp_path}/asked\n{script}\n")
        (tmp_path / "docker").chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
        return tmp_path / "asked"

    return write


def engine(client, buildx=True):
    return f'case $1 in version) echo "{client} 27.0.1 arm64" ;; buildx) exit {0 if buildx else 1} ;; image) printf "a:1-2025\\na:1-2026\\n" ;; esac'


@pytest.mark.parametrize(
    "client, buildx, environment, buildkit",
    [("20.10.24", False, None, True), ("28.2.2", True, None, True), ("28.2.2", False, None, False), ("20.10.24", True, "0", False)],
)
def test_what_the_engine_is(run_module, docker, monkeypatch, client, buildx, environment, buildkit):
    docker(engine(client, buildx))
    monkeypatch.delenv("DOCKER_BUILDKIT", raising=False)
    if environment:
        monkeypatch.setenv("DOCKER_BUILDKIT", environment)
    answer = run_module(module, project="/x", name="shop", order={"images": "a:*"})
    assert answer["engine"] == {"version": "27.0.1", "machine": "aarch64", "buildkit": buildkit}
    assert answer["image"] == "a:1-2026" and not answer["changed"]


def test_no_engine(run_module, docker, monkeypatch, tmp_path):
    docker("echo 'Cannot connect to the Docker daemon' >&2; exit 1")
    answer = run_module(module, project="/x", name="shop", order={"images": None})
    assert answer["msg"].startswith("No Docker engine answers on the build host: Cannot connect to the Docker daemon")
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    assert "There is no `docker`" in run_module(module, project="/x", name="shop", order={"images": None})["msg"]


def test_without_its_action_plugin_it_says_so(run_module):
    assert "action plugin" in run_module(module, project="/x", name="shop")["msg"]


@pytest.fixture
def order(tmp_path):
    (tmp_path / "work").mkdir()
    (tmp_path / "mix.exs").write_text("")
    subprocess.run(["tar", "czf", "work/context.tar.gz", "mix.exs"], cwd=tmp_path, check=True)
    context = str(tmp_path / "work" / "context.tar.gz")
    return {"context": context, "name": "shop", "dockerfile": "FROM a", "target": "tarball", "buildkit": True, "args": {"A": "b c"}, "options": ["--pull"]}


def test_a_build(run_module, docker, order, tmp_path):
    asked = docker('for last; do :; done; test -e "$last/mix.exs"; mkdir -p work/out out; touch out/shop-0.1.0.tar.gz')
    answer = run_module(module, project="/x", name="shop", order=order)
    assert answer == {**answer, "changed": True, "path": str(tmp_path / "work" / "out" / "shop-0.1.0.tar.gz")}
    source = tmp_path / "work" / "source"
    assert f"1 build --file {source.parent}/Dockerfile --target tarball --build-arg A=b c --pull {source} --output type=local," in asked.read_text()
    assert not source.exists()


def test_a_secret_is_in_a_file_while_it_is_needed(run_module, docker, order, tmp_path):
    asked = docker("stat -c %a build_env; cat build_env >../seen; mkdir out; touch out/shop-0.1.0.tar.gz")
    answer = run_module(module, project="/x", name="shop", order=order, secrets={"KEY": "it's hunter22"})
    assert answer["changed"] and "hunter22" not in str(answer) and "hunter22" not in asked.read_text()
    assert (tmp_path / "seen").read_text() == "export KEY='it'\\''s hunter22'\n"
    assert not (tmp_path / "work" / "build_env").exists()


@pytest.mark.parametrize(
    "script, told",
    [
        ("echo '** (CompileError) lib/x.ex:1: no'; exit 1", "The build of shop failed:\n** (CompileError) lib/x.ex:1: no"),
        ("mkdir out; touch out/other-0.1.0.tar.gz", "stage tarball: other-0.1.0.tar.gz"),
        ("mkdir out", "stage tarball: none"),
        ("echo so far; sleep 5", "took longer than 1 s"),
    ],
)
def test_a_build_that_makes_nothing(run_module, docker, order, script, told):
    docker(script)
    assert told in run_module(module, project="/x", name="shop", order=order, timeout=1)["msg"]
