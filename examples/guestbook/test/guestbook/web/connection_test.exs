defmodule Guestbook.Web.ConnectionTest do
  use Guestbook.WebCase

  @local "host: localhost\r\n"
  @poll "GET /poll?ms=60000 HTTP/1.1\r\n#{@local}\r\n"

  test "answers one request after the other", %{port: port} do
    socket = open(port)
    say(socket, "POST /echo HTTP/1.1\r\n#{@local}content-length: 3\r\n\r\nabc")
    say(socket, "GET /poll?ms=1 HTTP/1.1\r\n#{@local}\r\n")
    say(socket, "HEAD /version HTTP/1.1\r\n#{@local}connection: close\r\n\r\n")
    assert [_, echo, poll, head] = String.split(rest(socket), "HTTP/1.1 200 OK\r\n")
    assert echo =~ "connection: keep-alive\r\n"
    assert echo =~ ~s("bytes":"3")
    assert poll =~ "connection: keep-alive\r\n"
    refute poll =~ "early"
    assert String.ends_with?(head, "\r\n\r\n")
  end

  test "a poll takes its time", %{port: port} do
    socket = open(port)
    say(socket, "GET /poll?ms=300 HTTP/1.1\r\n#{@local}connection: close\r\n\r\n")
    assert milliseconds(fn -> assert rest(socket) =~ "200 OK" end) in 250..4_000
  end

  test "at shutdown a poll is answered early, and holds nobody", %{port: port} do
    socket = open(port)
    say(socket, @poll)
    assert {:error, :timeout} = :gen_tcp.recv(socket, 0, 100)
    assert shut_down() < 2_000
    answered_early(socket)
  end

  test "a poll that comes while the drain waits for it is answered early too", %{port: port} do
    socket = open(port)
    # For the connection to be taken in, and to be silent.
    Process.sleep(100)

    spawn_link(fn ->
      Process.sleep(200)
      say(socket, @poll)
    end)

    assert shut_down() in 200..2_000
    answered_early(socket)
  end

  defp answered_early(socket) do
    answer = rest(socket)
    assert answer =~ "HTTP/1.1 200 OK\r\n"
    assert answer =~ "connection: close\r\n"
    assert answer =~ ~s("early":"true")
  end
end
