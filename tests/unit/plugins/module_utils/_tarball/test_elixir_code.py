# Copyright (c) 2026, the beamops.elixir authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.beamops.elixir.plugins.module_utils._tarball import _elixir_code

# As `phx.new` 1.8 writes config/runtime.exs, shortened
PHOENIX_RUNTIME = '''
import Config

# config/runtime.exs is executed for all environments
if System.get_env("PHX_SERVER") do
  config :shop, ShopWeb.Endpoint, server: true
end

if config_env() == :prod do
  database_url =
    System.get_env("DATABASE_URL") ||
      raise """
      environment variable DATABASE_URL is missing.
      For example: ecto://USER:PASS@HOST/DATABASE
      """

  maybe_ipv6 = if System.get_env("ECTO_IPV6") in ~w(true 1), do: [:inet6], else: []

  secret_key_base =
    System.get_env("SECRET_KEY_BASE") ||
      raise """
      environment variable SECRET_KEY_BASE is missing.
      You can generate one by calling: mix phx.gen.secret
      """

  host = System.get_env("PHX_HOST") || "example.com"
  port = String.to_integer(System.get_env("PORT") || "4000")
  #     cookie: System.fetch_env!("COMMENTED")
end
'''

# As `mix new` writes mix.exs, and what people make of it
PLAIN = """
defmodule Guestbook.MixProject do
  use Mix.Project

  def project do
    [
      app: :guestbook,
      version: "0.2.0",
      elixir: "~> 1.14",
      start_permanent: Mix.env() == :prod,
      deps: deps(),
      releases: [
        guestbook: [
          cookie: "#no# comment",
          steps: [:assemble, :tar],
          include_executables_for: [:unix]
        ]
      ]
    ]
  end

  defp deps do
    [{:phoenix, "~> 1.7", override: true}]
  end
end
"""
ATTRIBUTE = """
  # @version "0.1.0"
  @version "0.2.0-rc.1+build.5"
  def project do
    [app: :guestbook, version: @version, docs: [source_ref: "v#{@version}"], deps: deps()]
  end
"""
UMBRELLA = """
  def project do
    [
      apps_path: "apps",
      version: "1.0.0",
      releases: releases()
    ]
  end

  defp releases do
    [
      shop: [applications: [shop: :permanent, shop_web: :permanent], steps: [:assemble, :tar]],
      shop_admin: [version: "2.0.0", applications: [admin: :permanent]]
    ]
  end
"""

# What comes before the project, and what stands after `version:`
NOT_LITERAL = [
    ("", '"0.2.0" <> suffix()'),
    ("", '"0.2.0"\n      <> suffix()'),
    ("", '"0.2.0" |> tagged()'),
    ("", 'System.get_env("VERSION") || "0.2.0"'),
    ("", 'String.trim(File.read!("VERSION"))'),
    ("", '"#{major()}.2.0"'),
    ("", '"0.2.0-#{sha()}"'),
    ("", "version()"),
    ("", "version"),
    ("", "~s(0.2.0)"),
    ("", 'if(ci?(), do: "0.2.0", else: "0.2.0-dev")'),
    ("", "@version"),
    ('@version "0.2.0"\n', '@version <> "-dev"'),
    ('@version "0.2.0"\n', "@version |> tagged()"),
    ('@version "0.2.0" <> "-dev"\n', "@version"),
    ('@version "0.2.0"\n         <> "-dev"\n', "@version"),
    ('@version File.read!("VERSION")\n', "@version"),
    ('@version "0.2.0"\n@version @version <> "-dev"\n', "@version"),
    ('@version "0.2.0"\n@version "0.3.0"\n', "@version"),
]


@pytest.mark.parametrize(
    "code, keys",
    [
        ('config :app, a: System.fetch_env!("B"), b: System.fetch_env!("A"), c: System.fetch_env!("A")', ["A", "B"]),
        ('"PORT" |> System.fetch_env!() |> String.to_integer()', ["PORT"]),
        ('a = System.fetch_env!(\n  "A"\n)\nb = System.fetch_env! "B"', ["A", "B"]),
        ('# System.fetch_env!("A")\nb = 1 # System.fetch_env!("B")', []),
        ('a = "# " <> System.fetch_env!("A")', ["A"]),
        ("a = 'a # b' ++ System.fetch_env!(\"A\")", ["A"]),
        ('a = "\\"# " <> System.fetch_env!("A")', ["A"]),
        ('a = [?#, System.fetch_env!("A")]', ["A"]),
        ('a = [?", ?#, ?\\", System.fetch_env!("A")]', ["A"]),
        ('url = System.get_env("URL") || raise("no URL")', ["URL"]),
        ('System.get_env("A") || "a"; System.get_env("B"); System.fetch_env("C")', []),
        ("for key <- keys, do: System.fetch_env!(key)", []),
        (PHOENIX_RUNTIME, ["DATABASE_URL", "SECRET_KEY_BASE"]),
        ("", []),
    ],
)
def test_environment_variables_that_must_be_there(code, keys):
    assert _elixir_code.env_keys(code) == keys


@pytest.mark.parametrize(
    "code, names, versions",
    [
        (PLAIN, ("guestbook",), ("0.2.0",)),
        (ATTRIBUTE, ("guestbook",), ("0.2.0-rc.1+build.5",)),
        (UMBRELLA, ("shop", "shop_admin"), ("1.0.0", "2.0.0")),
        ('[app: :guestbook, version: File.read!("VERSION")]', ("guestbook",), ()),
        ('[app: :guestbook, version: "0.2.#{patch()}"]', ("guestbook",), ()),
        *((f"{before}[app: :guestbook, version: {version}, deps: []]", ("guestbook",), ()) for before, version in NOT_LITERAL),
        *((f"{before}[app: :guestbook, version: {version}]", ("guestbook",), ()) for before, version in NOT_LITERAL),
        ('@version "0.2.0" # "0.1.0"\n[app: :guestbook, version: @version]', ("guestbook",), ("0.2.0",)),
        ('[app: :guestbook,\n version: "0.2.0"\n]', ("guestbook",), ("0.2.0",)),
        ('[app: :guestbook, version: "0.2.0", releases: [web: [version: {:from_app, :web}]]]', ("web",), ()),
        ('[app: :guestbook, version: "0.2.0", releases: [a: [], b: [] # c: []\n]]', ("a", "b"), ("0.2.0",)),
        ("", (), ()),
    ],
)
def test_what_mix_exs_tells(code, names, versions):
    assert _elixir_code.mix_project(code) == _elixir_code.MixProject(names, versions)
