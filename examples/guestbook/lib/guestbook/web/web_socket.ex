defmodule Guestbook.Web.WebSocket do
  @moduledoc """
  The server's side of a websocket (RFC 6455): the handshake, and what is said afterwards.

  A websocket has no end of its own and would hold every shutdown for the whole drain. So it is told that the
  service restarts, and ends at once, as Phoenix has its channels drained: the client knows that it may come back.

  Who says nothing for 60 s is left, as by Bandit: a client has to ping now and then.
  """

  alias Guestbook.Web.{Frame, Headers}

  @guid "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
  @timeout 60_000

  # A client that does not take what we send holds us for so long, and with us a shutdown.
  @send_timeout 2_000
  @linger_ms 500

  @doc "The headers to agree to a request with, or `{:refuse, status, headers}`."
  def handshake(%{headers: headers}) do
    cond do
      not Headers.token?(headers, "upgrade", "websocket") -> offer()
      headers["sec-websocket-version"] != "13" -> offer()
      not Headers.token?(headers, "connection", "upgrade") -> {:refuse, 400, []}
      true -> agree(headers["sec-websocket-key"])
    end
  end

  defp offer do
    {:refuse, 426,
     [{"upgrade", "websocket"}, {"connection", "upgrade"}, {"sec-websocket-version", "13"}]}
  end

  defp agree(key) do
    case Base.decode64(key || "") do
      {:ok, <<_::binary-size(16)>>} ->
        accept = Base.encode64(:crypto.hash(:sha, key <> @guid))

        {:ok,
         [{"upgrade", "websocket"}, {"connection", "upgrade"}, {"sec-websocket-accept", accept}]}

      _ ->
        {:refuse, 400, []}
    end
  end

  @doc """
  Talks until one of both ends it: greets, and says to every text what `reply` makes of it.

  To be called by the process that owns the socket, and that traps the exit signal which comes at shutdown.
  """
  def talk(socket, greeting, reply) do
    with :ok <- :inet.setopts(socket, packet: :raw, send_timeout: @send_timeout) do
      # message: the pieces of one that is not whole yet, nil where there is none.
      say(Frame.text(greeting), %{socket: socket, reply: reply, unread: "", message: nil})
    end
  end

  defp say(frame, state) do
    with :ok <- :gen_tcp.send(state.socket, frame), do: read(state)
  end

  defp read(state) do
    case Frame.read(state.unread) do
      {:ok, frame, rest} -> hear(frame, %{state | unread: rest})
      {:refuse, code} -> leave(state.socket, code)
      :more -> wait(state)
    end
  end

  defp wait(%{socket: socket} = state) do
    with :ok <- :inet.setopts(socket, active: :once) do
      receive do
        {:tcp, ^socket, bytes} -> read(%{state | unread: state.unread <> bytes})
        {:tcp_closed, ^socket} -> :closed
        {:tcp_error, ^socket, _} -> :closed
        {:EXIT, supervisor, _} when is_pid(supervisor) -> leave(socket, 1012)
      after
        @timeout -> leave(socket, 1002)
      end
    end
  end

  defp hear({:ping, _, payload}, state), do: say(Frame.pong(payload), state)
  defp hear({:pong, _, _}, state), do: read(state)

  defp hear({:close, _, payload}, state) do
    {_, code} = Frame.code(payload)
    leave(state.socket, code)
  end

  defp hear({:text, last?, text}, %{message: nil} = state), do: hear_more(last?, text, state)
  defp hear({:binary, _, _}, %{message: nil} = state), do: leave(state.socket, 1003)

  defp hear({:continuation, last?, text}, %{message: message} = state) when message != nil,
    do: hear_more(last?, message <> text, state)

  defp hear(_, state), do: leave(state.socket, 1002)

  defp hear_more(last?, message, state) do
    cond do
      byte_size(message) > Frame.longest() -> leave(state.socket, 1009)
      not last? -> read(%{state | message: message})
      not String.valid?(message) -> leave(state.socket, 1007)
      true -> say(Frame.text(state.reply.(message)), %{state | message: nil})
    end
  end

  # Closed over bytes that nobody has read, TCP resets the connection, and the client may never read why: what it still
  # sends is thrown away, until it closes too. Not for long, where it does not.
  defp leave(socket, code) do
    _ = :gen_tcp.send(socket, Frame.close(code))
    _ = :gen_tcp.shutdown(socket, :write)
    _ = :inet.setopts(socket, active: false)
    throw_away(socket, System.monotonic_time(:millisecond) + @linger_ms)
  end

  defp throw_away(socket, until) do
    left = max(until - System.monotonic_time(:millisecond), 0)

    case :gen_tcp.recv(socket, 0, left) do
      {:ok, _} when left > 0 -> throw_away(socket, until)
      _ -> :closed
    end
  end
end
