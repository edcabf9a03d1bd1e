defmodule Guestbook.Web.Frame do
  @moduledoc """
  The frames that a websocket is made of (RFC 6455, section 5): a client's are read, the server's are made.

  A client's frame that is not to be had is refused with the code to close with. It is refused by its first bytes, so
  that nobody has us keep more than `longest/0` bytes of it.
  """

  @longest 64 * 1024
  @text 1
  @close 8
  @pong 10

  @doc "How many bytes a message may have."
  def longest, do: @longest

  @doc """
  Reads the first frame: `{:ok, {kind, last?, payload}, what_follows}`, `{:refuse, code}`, or `:more` where it is not
  whole yet.
  """
  def read(<<last::1, reserved::3, opcode::4, masked::1, length::7, rest::binary>>) do
    kind = kind(opcode)

    cond do
      # Nobody has negotiated an extension, and every client masks.
      reserved != 0 or masked != 1 or kind == nil ->
        {:refuse, 1002}

      control?(kind) and (last != 1 or length > 125) ->
        {:refuse, 1002}

      true ->
        with {:ok, payload, rest} <- payload(length, rest),
             do: {:ok, {kind, last == 1, payload}, rest}
    end
  end

  def read(_), do: :more

  defp kind(0), do: :continuation
  defp kind(@text), do: :text
  defp kind(2), do: :binary
  defp kind(@close), do: :close
  defp kind(9), do: :ping
  defp kind(@pong), do: :pong
  defp kind(_), do: nil

  defp control?(kind), do: kind in [:close, :ping, :pong]

  defp payload(126, <<length::16, rest::binary>>), do: unmask(length, rest)
  defp payload(127, <<length::64, rest::binary>>), do: unmask(length, rest)
  defp payload(length, rest) when length < 126, do: unmask(length, rest)
  defp payload(_, _), do: :more

  defp unmask(length, _) when length > @longest, do: {:refuse, 1009}

  defp unmask(length, <<mask::binary-size(4), rest::binary>>) when byte_size(rest) >= length do
    <<masked::binary-size(length), rest::binary>> = rest
    mask = mask |> :binary.copy(div(length, 4) + 1) |> binary_part(0, length)
    {:ok, :crypto.exor(masked, mask), rest}
  end

  defp unmask(_, _), do: :more

  @doc "The code in a close frame's payload, nil where it has none: `{:ok, code}` or `{:refuse, code}`."
  def code(""), do: {:ok, nil}

  def code(<<code::16, reason::binary>>)
      when code in 1000..1003 or code in 1007..1014 or code in 3000..4999 do
    if String.valid?(reason), do: {:ok, code}, else: {:refuse, 1007}
  end

  def code(_), do: {:refuse, 1002}

  def text(text), do: make(@text, text)
  def pong(payload), do: make(@pong, payload)
  def close(nil), do: make(@close, "")
  def close(code), do: make(@close, <<code::16>>)

  defp make(opcode, payload), do: [<<1::1, opcode::7>>, size(byte_size(payload)), payload]

  # The bit before it says that nothing is masked.
  defp size(bytes) when bytes < 126, do: <<bytes>>
  defp size(bytes) when bytes < 0x10000, do: <<126, bytes::16>>
  defp size(bytes), do: <<127, bytes::64>>
end
