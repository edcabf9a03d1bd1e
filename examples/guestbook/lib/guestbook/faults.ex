defmodule Guestbook.Faults do
  @moduledoc """
  Makes the application misbehave on demand, so that whatever deploys it can be tested against it.

  Every fault is an environment variable that begins with `GUESTBOOK_FAULT_`; README.md lists them.
  Without them this is a process that does nothing. It starts before the web server, so that a
  slow boot has a node that answers `rpc` and a port that refuses, and it ends after the web server,
  so that a slow stop has a port that refuses and a process that is still there.
  """

  use GenServer, shutdown: :infinity
  require Logger

  @megabytes_at_once 16

  def start_link(_), do: GenServer.start_link(__MODULE__, nil, name: __MODULE__)

  def no_listener?, do: flag?("NO_LISTENER")
  def unhealthy?, do: flag?("UNHEALTHY")

  @doc "The version to pretend to be, or nil."
  def claimed_version, do: get("CLAIM_VERSION")

  @doc "Called before the page is made."
  def slow_request, do: sleep("SLOW_REQUEST_MS")

  @doc "Called in the transaction of every migration; gives the SQL to run there too."
  def migration do
    sleep("MIGRATION_WAIT_MS")

    if flag?("MIGRATION_FAILS"),
      do: ["ALTER TABLE fault_injected ADD COLUMN never integer"],
      else: []
  end

  @impl true
  def init(nil) do
    # For terminate/2 to be called.
    Process.flag(:trap_exit, true)
    if megabytes = number("EAT_MEMORY_MB"), do: eat_memory(megabytes)
    sleep("SLOW_BOOT_MS")
    if milliseconds = number("DIE_AFTER_MS"), do: Process.send_after(self(), :die, milliseconds)
    if flag?("CRASH_AT_BOOT"), do: {:stop, :fault_injected}, else: {:ok, nil}
  end

  @impl true
  def handle_info(:die, _) do
    :erlang.halt(~c"fault injected: GUESTBOOK_FAULT_DIE_AFTER_MS")
  end

  @impl true
  def terminate(_reason, _), do: sleep("SLOW_STOP_MS")

  # A bound, so that where nothing kills us we do not take the machine down.
  defp eat_memory(megabytes) do
    eaten =
      for _ <- 1..div(megabytes, @megabytes_at_once) do
        :binary.copy("x", @megabytes_at_once * 1024 * 1024)
      end

    size = length(eaten) * @megabytes_at_once
    raise "fault injected: GUESTBOOK_FAULT_EAT_MEMORY_MB: nothing stopped me at #{size} MB"
  end

  defp sleep(name) do
    if milliseconds = number(name) do
      Logger.info("fault injected: GUESTBOOK_FAULT_#{name}=#{milliseconds}")
      Process.sleep(milliseconds)
    end
  end

  defp flag?(name), do: get(name) in ["1", "true"]

  defp number(name) do
    if text = get(name), do: String.to_integer(text)
  end

  defp get(name), do: System.get_env("GUESTBOOK_FAULT_" <> name)
end
