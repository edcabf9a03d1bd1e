defmodule Guestbook.Web.WebSocketTest do
  use Guestbook.WebCase

  # From RFC 6455, section 1.3.
  @key "dGhlIHNhbXBsZSBub25jZQ=="
  @accept "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

  @headers [
    {"host", "localhost"},
    {"upgrade", "websocket"},
    {"connection", "keep-alive, Upgrade"},
    {"sec-websocket-version", "13"},
    {"sec-websocket-key", @key}
  ]

  @greeting ~s({"version":"0.1.0","pid":"#{System.pid()}","node":"nonode@nohost","host":")
  @text 1
  @binary 2
  @close 8
  @ping 9

  defp request(headers, method \\ "GET") do
    [method, " /socket HTTP/1.1\r\n", for({k, v} <- headers, do: [k, ": ", v, "\r\n"]), "\r\n"]
  end

  defp head(socket, sofar \\ "") do
    if String.ends_with?(sofar, "\r\n\r\n") do
      sofar
    else
      {:ok, byte} = :gen_tcp.recv(socket, 1, 5_000)
      head(socket, sofar <> byte)
    end
  end

  # A connection that has been greeted.
  defp opened(port) do
    socket = open(port)
    say(socket, request(@headers))
    head(socket)
    assert {@text, @greeting <> _} = heard(socket)
    socket
  end

  defp frame(opcode, payload, last \\ 1) do
    length =
      cond do
        byte_size(payload) < 126 -> <<byte_size(payload)::7>>
        byte_size(payload) < 0x10000 -> <<126::7, byte_size(payload)::16>>
        true -> <<127::7, byte_size(payload)::64>>
      end

    # A mask that changes nothing: FrameTest has others.
    <<last::1, opcode::7, 1::1, length::bitstring, 0::32, payload::binary>>
  end

  defp heard(socket) do
    {:ok, <<1::1, opcode::7, length>>} = :gen_tcp.recv(socket, 2, 5_000)

    length =
      case length do
        126 -> number(socket, 2)
        127 -> number(socket, 8)
        _ -> length
      end

    {opcode, exactly(socket, length)}
  end

  defp number(socket, bytes), do: :binary.decode_unsigned(exactly(socket, bytes))

  defp exactly(_socket, 0), do: ""

  defp exactly(socket, bytes) do
    {:ok, read} = :gen_tcp.recv(socket, bytes, 5_000)
    read
  end

  defp closed_with(socket, code) do
    assert heard(socket) == {@close, <<code::16>>}
    assert rest(socket) == ""
  end

  test "agrees to a proper upgrade", %{port: port} do
    socket = open(port)
    # The first frame may follow at once.
    say(socket, [request(@headers), frame(@ping, "at once")])
    head = head(socket)
    assert head =~ "HTTP/1.1 101 Switching Protocols\r\n"
    assert head =~ "upgrade: websocket\r\n"
    assert head =~ "connection: upgrade\r\n"
    assert head =~ "sec-websocket-accept: #{@accept}\r\n"
    refute head =~ "content-length"
    assert {@text, @greeting <> _} = heard(socket)
    assert heard(socket) == {10, "at once"}
  end

  test "refuses what is none, and goes on", %{port: port} do
    for {change, status} <- [
          {%{"upgrade" => "h2c"}, 426},
          {%{"sec-websocket-version" => "8"}, 426},
          {%{"connection" => "keep-alive"}, 400},
          {%{"sec-websocket-key" => ""}, 400},
          {%{"sec-websocket-key" => "dG9vIHNob3J0"}, 400},
          {%{"sec-websocket-key" => "not base64, is it?"}, 400}
        ] do
      socket = open(port)
      say(socket, request(Map.merge(Map.new(@headers), change)))
      head = head(socket)
      assert head =~ "HTTP/1.1 #{status} "
      assert head =~ "connection: keep-alive\r\n"
      assert head =~ "sec-websocket-version: 13" == (status == 426)
      assert head =~ "upgrade: websocket" == (status == 426)
    end

    for method <- ["HEAD", "POST"] do
      socket = open(port)
      say(socket, request(@headers, method))
      assert head(socket) =~ "HTTP/1.1 405 "
    end
  end

  test "plain http from another host is sent to https here too", %{port: port} do
    socket = open(port)
    say(socket, request([{"host", "web1"} | tl(@headers)]))
    assert head(socket) =~ "location: https://example.com/socket\r\n"
  end

  test "echoes text, whole and in pieces", %{port: port} do
    socket = opened(port)
    say(socket, frame(@text, ~s(zwölf "x")))
    assert heard(socket) == {@text, ~S({"version":"0.1.0","echo":"zwölf \"x\""})}

    # A character and a control frame between the pieces.
    <<first::binary-size(3), second::binary>> = "zwölf"
    say(socket, frame(@text, first, 0))
    say(socket, frame(0, "", 0))
    say(socket, frame(@ping, "still there?"))
    assert heard(socket) == {10, "still there?"}
    say(socket, frame(10, "an answer to nothing"))
    say(socket, frame(0, second, 1))
    assert heard(socket) == {@text, ~s({"version":"0.1.0","echo":"zwölf"})}

    longest = String.duplicate("x", 64 * 1024)
    for text <- ["", longest], do: say(socket, frame(@text, text))
    assert heard(socket) == {@text, ~s({"version":"0.1.0","echo":""})}
    assert heard(socket) == {@text, ~s({"version":"0.1.0","echo":"#{longest}"})}
  end

  test "closes as the client does", %{port: port} do
    for code <- [1000, 1001, 4321] do
      socket = opened(port)
      say(socket, frame(@close, <<code::16, "bye">>))
      closed_with(socket, code)
    end

    socket = opened(port)
    say(socket, frame(@close, ""))
    assert heard(socket) == {@close, ""}
    assert rest(socket) == ""
  end

  test "says why it closes", %{port: port} do
    too_much = String.duplicate("x", 40_000)

    for {frames, code} <- [
          {<<0x81, 5, "Hello">>, 1002},
          {frame(0, "of nothing"), 1002},
          {[frame(@text, "a", 0), frame(@text, "b")], 1002},
          {frame(@close, <<1005::16>>), 1002},
          {frame(@binary, "b"), 1003},
          {frame(@text, <<0xFF>>), 1007},
          {frame(@text, too_much <> too_much), 1009},
          {[frame(@text, too_much, 0), frame(0, too_much)], 1009}
        ] do
      socket = opened(port)
      say(socket, frames)
      closed_with(socket, code)
    end
  end

  test "at shutdown says that the service restarts, and holds nobody", %{port: port} do
    quiet = opened(port)
    in_a_message = opened(port)
    say(in_a_message, frame(@text, "not all", 0))
    assert shut_down() < 2_000
    closed_with(quiet, 1012)
    closed_with(in_a_message, 1012)
  end

  test "a client that goes away is no error", %{port: port} do
    socket = opened(port)
    :ok = :gen_tcp.close(socket)
    assert shut_down() < 2_000
  end
end
