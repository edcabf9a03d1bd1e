# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.beamops.elixir.plugins.plugin_utils import _dockerfile

# What `mix phx.gen.release --docker` of Phoenix 1.8 writes, without its comments
PHOENIX = """\
ARG ELIXIR_VERSION=1.18.3
ARG DEBIAN_VERSION=bookworm-20250428-slim
ARG BUILDER_IMAGE="docker.io/hexpm/elixir:${ELIXIR_VERSION}-erlang-27.3.3-debian-${DEBIAN_VERSION}"
ARG RUNNER_IMAGE="docker.io/debian:${DEBIAN_VERSION}"

FROM ${BUILDER_IMAGE} AS builder
RUN apt-get update \\
  && apt-get install -y --no-install-recommends build-essential git \\
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
RUN mix local.hex --force \\
  && mix local.rebar --force
ENV MIX_ENV="prod"
COPY mix.exs mix.lock ./
RUN mix deps.get --only $MIX_ENV
COPY lib lib
RUN mix compile
COPY rel rel
RUN mix release

# start a new build stage so that the final image will only contain
FROM ${RUNNER_IMAGE} AS final
WORKDIR "/app"
COPY --from=builder --chown=nobody:root /app/_build/${MIX_ENV}/rel/shop ./
CMD ["/app/bin/server"]
"""


def test_behind_the_stage_that_makes_the_release_comes_one_with_its_tarball():
    used = _dockerfile.use(PHOENIX)
    assert used.target == "elixir_release_tarball"
    assert used.text.startswith(PHOENIX[: PHOENIX.index("RUN mix release")])
    assert used.text.endswith("\n\nFROM scratch AS elixir_release_tarball\nCOPY --from=builder /app/_build/*/*.tar.gz /\n")
    assert "FROM ${RUNNER_IMAGE}" not in used.text


@pytest.mark.parametrize(
    "text, target",
    [
        ("FROM a AS b\nRUN mix release\nFROM scratch\nCOPY --from=b /x.tar.gz /\n", "1"),
        ("from a as b\nrun mix release\nfrom scratch as out\ncopy --from=b \\\n  /x/*.tar.gz /\n", "out"),
    ],
)
def test_a_stage_that_has_the_tarball_is_used_as_it_is(text, target):
    assert _dockerfile.use(text) == (text, target)


@pytest.mark.parametrize(
    "text, copied",
    [
        ("FROM a\nRUN mix release\n", "--from=0 /_build/*/*.tar.gz"),
        ("FROM a\nWORKDIR /x/\nWORKDIR y\nRUN mix do compile, release shop\n", "--from=0 /x/y/_build/*/*.tar.gz"),
        ("FROM --platform=$BUILDPLATFORM a AS b\nARG HOME_OF=/opt/app\nWORKDIR $HOME_OF\nRUN MIX_ENV=prod mix release\n", "--from=b /opt/app/_build/"),
        ("FROM a AS base\nWORKDIR /src\nFROM base AS b\nRUN mix deps.get\nRUN mix release\nFROM c\nRUN x\n", "--from=b /src/_build/"),
    ],
)
def test_where_the_release_lies(text, copied):
    assert copied in _dockerfile.use(text).text.splitlines()[-1]


@pytest.mark.parametrize(
    "text",
    ["", "FROM a\nRUN mix test\n", "FROM a\n# RUN mix release\nCOPY x.tar.gz /\n", "FROM a\nRUN mix phx.gen.release\n", "FROM a\nRUN mix x && ./release\n"],
)
def test_a_dockerfile_that_makes_none(text):
    assert _dockerfile.use(text) is None
