# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.beamops.elixir.plugins.action import elixir_release_build as action
from ansible_collections.beamops.elixir.plugins.module_utils._errors import ReleaseError
from ansible_collections.beamops.elixir.plugins.plugin_utils import _builder

ENGINE = {"version": "28.2.2", "machine": "x86_64", "buildkit": True}


def fleet(machine):
    return _builder.Fleet(machine, "glibc", "2.36", "3")


@pytest.mark.parametrize("machine, options", [("x86_64", []), (None, []), ("aarch64", ["--platform=linux/arm64"])])
def test_an_engine_of_the_kind_of_the_hosts(machine, options):
    action.check_machine(ENGINE, fleet(machine), options)


def test_an_engine_of_another_kind():
    with pytest.raises(ReleaseError, match="The hosts are aarch64, and the Docker engine of the build host is x86_64.*elixir_release_build_host"):
        action.check_machine(ENGINE, fleet("aarch64"), ["--pull"])


def test_a_release_that_mix_exs_does_not_know():
    mix_exs = "def project, do: [app: :shop, version: \"0.1.0\", releases: [shop: [steps: [:assemble, :tar]]]]"
    action.check_mix_exs("/shop", mix_exs, "shop")
    with pytest.raises(ReleaseError, match="Unknown release name guestbook: .* tells of shop"):
        action.check_mix_exs("/shop", mix_exs, "guestbook")
