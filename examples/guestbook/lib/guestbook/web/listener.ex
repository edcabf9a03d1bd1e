defmodule Guestbook.Web.Listener do
  @moduledoc """
  Owns the port and hands every connection to a process of its own.

  Its end closes the port at once; what is open then has `@drain_ms` to finish.
  """

  use GenServer
  require Logger
  alias Guestbook.Web.{Connection, Connections}

  # What Bandit gives to connections at shutdown.
  @drain_ms 15_000

  # All addresses, IPv6 and IPv4, as Phoenix listens in production.
  @options [
    :binary,
    :inet6,
    ip: {0, 0, 0, 0, 0, 0, 0, 0},
    packet: :http_bin,
    active: false,
    reuseaddr: true,
    nodelay: true,
    backlog: 1024,
    send_timeout: 15_000,
    send_timeout_close: true
  ]

  def start_link(port), do: GenServer.start_link(__MODULE__, port, name: __MODULE__)

  @impl true
  def init(port) do
    case :gen_tcp.listen(port, @options) do
      {:ok, listener} ->
        {:ok, _} = Task.start_link(fn -> accept(listener) end)
        Logger.info("Running Guestbook.Web at :::#{port} (http)")
        {:ok, listener}

      {:error, reason} ->
        {:stop, {:listen, port, reason}}
    end
  end

  defp accept(listener) do
    {:ok, socket} = :gen_tcp.accept(listener)

    {:ok, pid} =
      Task.Supervisor.start_child(Connections, Connection, :serve, [socket], shutdown: @drain_ms)

    # An error here says that the client has gone already: the connection finds that out by itself.
    _ = :gen_tcp.controlling_process(socket, pid)
    send(pid, :socket_is_yours)
    accept(listener)
  end
end
