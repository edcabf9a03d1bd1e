defmodule Guestbook.Migrations do
  @moduledoc """
  The steps that the database's schema was made in, each with the version of the application that brought it.

  Only the steps of this version and older ones are compiled in, as a checkout of an older version would not have
  the newer migrations' files. So one source tree builds releases that really differ in their schema.
  """

  @all [
    %{
      version: 1,
      name: "create_entries",
      since: "0.1.0",
      up: """
      CREATE TABLE entries (
        id bigserial PRIMARY KEY,
        name text NOT NULL,
        message text NOT NULL,
        inserted_at timestamptz NOT NULL DEFAULT now()
      )
      """,
      down: "DROP TABLE entries"
    },
    %{
      version: 2,
      name: "add_mood_to_entries",
      since: "0.2.0",
      up: "ALTER TABLE entries ADD COLUMN mood text NOT NULL DEFAULT 'cheerful'",
      down: "ALTER TABLE entries DROP COLUMN mood"
    }
  ]

  @known Enum.filter(@all, &(Version.compare(Mix.Project.config()[:version], &1.since) != :lt))

  @doc "The migrations of this version of the application, oldest first."
  def known, do: @known

  @doc "Whether this version has the migration."
  def known?(version), do: Enum.any?(@known, &(&1.version == version))
end
