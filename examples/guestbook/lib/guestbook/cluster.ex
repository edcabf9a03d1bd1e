defmodule Guestbook.Cluster do
  @moduledoc """
  Connects to the nodes that `GUESTBOOK_PEERS` names, and again to each that was lost: what libcluster
  does by its strategy Epmd.
  """

  use GenServer

  @every 1_000

  def start_link(peers), do: GenServer.start_link(__MODULE__, peers, name: __MODULE__)

  @doc "The nodes that this one is to be connected with, itself among them if it is named."
  def peers do
    for name <- String.split(Application.get_env(:guestbook, :peers, "")),
        do: String.to_atom(name)
  end

  @impl true
  def init(peers) do
    send(self(), :connect)
    {:ok, peers}
  end

  @impl true
  def handle_info(:connect, peers) do
    Enum.each(peers -- [node() | Node.list()], &Node.connect/1)
    Process.send_after(self(), :connect, @every)
    {:noreply, peers}
  end
end
