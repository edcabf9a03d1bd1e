defmodule Guestbook.WebCase do
  @moduledoc """
  Tests that speak to the web server on a port, and can shut it down.

  Not to be run beside each other: the server's processes have names.
  """

  use ExUnit.CaseTemplate
  alias Guestbook.Web.{Connections, Listener}

  using do
    quote do
      import Guestbook.WebCase
      @moduletag :capture_log
    end
  end

  setup do
    # As in the application, so that they end in the same order.
    children = [{Task.Supervisor, name: Connections}, {Listener, 0}]
    start = {Supervisor, :start_link, [children, [strategy: :one_for_one]]}
    start_supervised!(%{id: :web, start: start, type: :supervisor})
    {:ok, port} = :inet.port(:sys.get_state(Listener))
    {:ok, port: port}
  end

  def open(port) do
    {:ok, socket} = :gen_tcp.connect({127, 0, 0, 1}, port, [:binary, active: false])
    socket
  end

  def say(socket, bytes), do: :ok = :gen_tcp.send(socket, bytes)

  @doc "All that comes until the server closes."
  def rest(socket, sofar \\ "") do
    case :gen_tcp.recv(socket, 0, 5_000) do
      {:ok, bytes} -> rest(socket, sofar <> bytes)
      {:error, :closed} -> sofar
    end
  end

  @doc "Shuts the server down; gives the milliseconds that it took."
  def shut_down, do: milliseconds(fn -> :ok = stop_supervised(:web) end)

  def milliseconds(of) do
    {microseconds, _} = :timer.tc(of)
    div(microseconds, 1000)
  end
end
