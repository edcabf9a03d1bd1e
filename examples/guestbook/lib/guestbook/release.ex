defmodule Guestbook.Release do
  @moduledoc """
  What an operator runs in a release where Mix is not: `bin/guestbook eval Guestbook.Release.migrate`.

  Acts and speaks as Ecto's migrator does: one run at a time in the whole cluster, the others wait; a migration that this
  release does not know is left alone; an error raises, so that the exit code is 1. Beyond Ecto, every run of a migration
  leaves a row in `migration_runs`.
  """

  alias Guestbook.{Faults, Migrations, Postgres}

  # Any number will do that nothing else in this database uses.
  @lock 4_711

  @tables """
  CREATE TABLE IF NOT EXISTS schema_migrations (
    version bigint PRIMARY KEY,
    inserted_at timestamptz NOT NULL DEFAULT now()
  );
  CREATE TABLE IF NOT EXISTS migration_runs (
    id bigserial PRIMARY KEY,
    version bigint NOT NULL,
    direction text NOT NULL,
    host text NOT NULL,
    ran_at timestamptz NOT NULL DEFAULT now()
  )
  """

  @doc "Runs the migrations that the database lacks."
  def migrate do
    with_lock(fn connection ->
      applied = applied(connection)

      case Enum.reject(Migrations.known(), &(&1.version in applied)) do
        [] -> info("Migrations already up")
        pending -> Enum.each(pending, &run(connection, &1, :up))
      end
    end)
  end

  @doc "Takes back the migrations down to and including `version`, newest first."
  def rollback(version) do
    with_lock(fn connection ->
      applied = applied(connection)

      case Enum.filter(Migrations.known(), &(&1.version >= version and &1.version in applied)) do
        [] -> info("Migrations already down")
        done -> done |> Enum.reverse() |> Enum.each(&run(connection, &1, :down))
      end
    end)
  end

  @doc "Lists all migrations that this release or the database knows, as `{:up | :down, version, name}`."
  def migrations do
    applied = with_lock(&applied/1)
    names = Map.new(Migrations.known(), &{&1.version, &1.name})

    for version <- Enum.sort(Enum.uniq(applied ++ Map.keys(names))) do
      direction = if version in applied, do: :up, else: :down
      {direction, version, Map.get(names, version, "** FILE NOT FOUND **")}
    end
  end

  # The lock is the session's: the server gives it back when the connection ends, however it ends.
  defp with_lock(work) do
    connection = connect!()
    watch = fail_at_shutdown()
    execute!(connection, "SET client_min_messages TO warning")
    execute!(connection, "SELECT pg_advisory_lock(#{@lock})")
    execute!(connection, @tables)
    result = work.(connection)
    Postgres.close(connection)
    Process.unlink(watch)
    Process.exit(watch, :kill)
    result
  end

  defp connect! do
    Application.load(:guestbook)
    for app <- [:ssl, :p1_pgsql], do: {:ok, _} = Application.ensure_all_started(app)
    Postgres.setup()

    case Postgres.connect(Application.fetch_env!(:guestbook, :database_url)) do
      {:ok, connection} -> connection
      {:lost, reason} -> raise Postgres.Error, reason
    end
  end

  # SIGTERM stops the applications one by one, and then the node ends with exit code 0, as if all had been done.
  defp fail_at_shutdown do
    spawn_link(fn ->
      monitor = Process.monitor(:pgsql_sup)

      receive do
        {:DOWN, ^monitor, :process, _, _} -> System.halt(1)
      end
    end)
  end

  defp applied(connection) do
    for [version] <- query!(connection, "SELECT version::text FROM schema_migrations"),
        do: String.to_integer(version)
  end

  defp run(connection, migration, direction) do
    info("== Running #{migration.version} #{function(migration, direction)}")
    started = System.monotonic_time(:millisecond)

    execute!(connection, "BEGIN")
    execute!(connection, Map.fetch!(migration, direction))
    Enum.each(Faults.migration(), &execute!(connection, &1))
    query!(connection, record(direction), [to_string(migration.version)])

    query!(
      connection,
      "INSERT INTO migration_runs (version, direction, host) VALUES ($1::text::bigint, $2, $3)",
      [to_string(migration.version), to_string(direction), Guestbook.hostname()]
    )

    execute!(connection, "COMMIT")

    seconds = (System.monotonic_time(:millisecond) - started) / 1000
    info("== Migrated #{migration.version} in #{Float.round(seconds, 1)}s")
  end

  defp function(migration, :up), do: "#{module(migration)}.up/0 forward"
  defp function(migration, :down), do: "#{module(migration)}.down/0 backward"

  defp module(migration), do: "Guestbook.Migrations.#{Macro.camelize(migration.name)}"

  # A migration that is recorded already is an error, not a conflict to pass over.
  defp record(:up), do: "INSERT INTO schema_migrations (version) VALUES ($1::text::bigint)"
  defp record(:down), do: "DELETE FROM schema_migrations WHERE version = $1::text::bigint"

  defp execute!(connection, sql) do
    case Postgres.execute(connection, sql) do
      :ok -> :ok
      {_, reason} -> raise Postgres.Error, reason
    end
  end

  defp query!(connection, sql, parameters \\ []) do
    case Postgres.query(connection, sql, parameters) do
      {:ok, rows} -> rows
      {_, reason} -> raise Postgres.Error, reason
    end
  end

  # Not the Logger: `eval` ends without waiting for it.
  defp info(line), do: IO.puts("[info] " <> line)
end
