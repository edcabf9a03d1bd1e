defmodule Guestbook do
  @moduledoc """
  A guestbook on the web: entries in PostgreSQL, a page that shows them and takes new ones.
  """

  @version Mix.Project.config()[:version]
  @salt System.get_env("GUESTBOOK_BUILD_SALT", "")

  @doc "The version that this code was built as."
  def version, do: @version

  @doc "What the builder added to make this build differ from another one of the same version."
  def salt, do: @salt

  @doc "The name of the machine."
  def hostname do
    {:ok, name} = :inet.gethostname()
    List.to_string(name)
  end
end
