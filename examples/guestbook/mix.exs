defmodule Mix.Tasks.Compile.Digest do
  @moduledoc "What `mix phx.digest` does for others, as the last step of every compilation."

  use Mix.Task.Compiler

  # It has just been compiled.
  @compile {:no_warn_undefined, Guestbook.Web.Assets}

  @impl true
  def run(_args) do
    # Where the release takes it from, and where nobody checks it in.
    Guestbook.Web.Assets.write!(Path.join(Mix.Project.app_path(), "priv/static"))
    {:ok, []}
  end
end

defmodule Guestbook.MixProject do
  use Mix.Project

  def project do
    [
      app: :guestbook,
      version: "0.1.0",
      elixir: "~> 1.10",
      elixirc_paths: if(Mix.env() == :test, do: ["lib", "test/support"], else: ["lib"]),
      compilers: Mix.compilers() ++ [:digest],
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
