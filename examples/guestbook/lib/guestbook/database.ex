defmodule Guestbook.Database do
  @moduledoc """
  The application's one connection to its database, made when it is needed and made again after a loss.

  The application boots, and goes on, without a database.
  """

  use GenServer
  require Logger
  alias Guestbook.Postgres

  # After a failed try: those who queued up meanwhile get the same answer, without a try of their own.
  @pause_ms 1_000

  def start_link(_), do: GenServer.start_link(__MODULE__, nil, name: __MODULE__)

  @doc "Runs a statement: `{:ok, rows}` or `{:error, why}`."
  def query(sql, parameters \\ []) do
    case GenServer.call(__MODULE__, {:query, sql, parameters}, :infinity) do
      {:ok, rows} -> {:ok, rows}
      {_, reason} -> {:error, reason}
    end
  end

  @impl true
  def init(nil) do
    Process.flag(:trap_exit, true)
    Postgres.setup()
    # A malformed URL ends the boot; a database that is down does not.
    _ = Postgres.parse_url!(url())
    {:ok, :disconnected}
  end

  @impl true
  def handle_call({:query, sql, parameters}, _from, state) do
    case connected(state) do
      {:connected, connection} -> answer(connection, sql, parameters)
      {:down, reason, _} = down -> {:reply, {:error, reason}, down}
    end
  end

  @impl true
  def handle_info({:EXIT, connection, _}, {:connected, connection}), do: {:noreply, :disconnected}
  def handle_info(_notice_or_late_answer, state), do: {:noreply, state}

  defp answer(connection, sql, parameters) do
    case Postgres.query(connection, sql, parameters) do
      {:lost, _} = lost -> {:reply, lost, :disconnected}
      answer -> {:reply, answer, {:connected, connection}}
    end
  end

  defp connected({:connected, _} = state), do: state
  defp connected(:disconnected), do: connect()

  defp connected({:down, _, since} = state) do
    if now() - since < @pause_ms, do: state, else: connect()
  end

  defp connect do
    case Postgres.connect(url()) do
      {:ok, connection} ->
        {:connected, connection}

      {:lost, reason} ->
        Logger.error("Guestbook.Database: #{reason}")
        {:down, reason, now()}
    end
  end

  # Not kept in the state, which is logged where this process crashes.
  defp url, do: Application.fetch_env!(:guestbook, :database_url)

  defp now, do: System.monotonic_time(:millisecond)
end
