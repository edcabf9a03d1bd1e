defmodule Guestbook.Application do
  @moduledoc false

  use Application
  require Logger

  @impl true
  def start(_type, _args) do
    # Stopped in reverse: first the listener, then the open connections, the database last.
    children = [Guestbook.Database, Guestbook.Faults] ++ cluster() ++ web()
    Supervisor.start_link(children, strategy: :one_for_one, name: Guestbook.Supervisor)
  end

  defp cluster do
    case Guestbook.Cluster.peers() do
      [] -> []
      peers -> [{Guestbook.Cluster, peers}]
    end
  end

  defp web do
    cond do
      Guestbook.Faults.no_listener?() ->
        []

      Application.get_env(:guestbook, :server, false) ->
        [
          {Task.Supervisor, name: Guestbook.Web.Connections},
          {Guestbook.Web.Listener, Application.fetch_env!(:guestbook, :port)}
        ]

      true ->
        Logger.info(
          "Configuration :server was not enabled for Guestbook.Web, http service won't start"
        )

        []
    end
  end
end
