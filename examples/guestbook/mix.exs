defmodule Guestbook.MixProject do
  use Mix.Project

  def project do
    [
      app: :guestbook,
      version: "0.1.0",
      elixir: "~> 1.10",
      elixirc_paths: if(Mix.env() == :test, do: ["lib", "test/support"], else: ["lib"]),
      start_permanent: Mix.env() == :prod,
      aliases: [test: "test --no-start"],
      deps: [],
      releases: releases()
    ]
  end

  def application do
    [
      mod: {Guestbook.Application, []},
      extra_applications: [:logger, :runtime_tools, :crypto, :ssl, :p1_pgsql]
    ]
  end

  # No fixed cookie: every clean build has a random one of its own, as most projects' builds have.
  defp releases do
    [
      guestbook: [
        include_executables_for: [:unix],
        steps: [:assemble, :tar]
      ]
    ]
  end
end
