defmodule Guestbook.Web.Connection do
  @moduledoc """
  One client: requests one after another on one TCP connection.

  At shutdown the supervisor sends every connection an exit signal and kills what is still there 15 s later. A connection
  traps the signal while it has a request in hand, and finishes it. Between two requests it does not, and ends
  at once. One that has not said anything yet may be about to: it traps the signal too, so that a silent client holds the
  shutdown for the whole 15 s. That is what Bandit does.

  A request that only waits is answered when the signal comes, and the connection closed: nobody waits for it to have had
  its time. A websocket ends itself.
  """

  require Logger
  alias Guestbook.Web.{Headers, Router}

  @timeout 60_000
  @max_headers 100
  @max_body 64 * 1024

  @reasons %{
    101 => "Switching Protocols",
    200 => "OK",
    301 => "Moved Permanently",
    303 => "See Other",
    307 => "Temporary Redirect",
    400 => "Bad Request",
    404 => "Not Found",
    405 => "Method Not Allowed",
    413 => "Content Too Large",
    422 => "Unprocessable Content",
    426 => "Upgrade Required",
    500 => "Internal Server Error",
    501 => "Not Implemented",
    503 => "Service Unavailable"
  }

  def serve(socket) do
    receive do
      :socket_is_yours -> :ok
    end

    Process.flag(:trap_exit, true)
    next(socket)
  end

  defp next(socket) do
    case :gen_tcp.recv(socket, 0, @timeout) do
      {:ok, {:http_request, method, target, version}} ->
        Process.flag(:trap_exit, true)
        exchange(socket, method, target, version)

      {:ok, {:http_error, _}} ->
        refuse(socket, 400)

      {:error, _} ->
        :gen_tcp.close(socket)
    end
  end

  defp exchange(socket, method, target, version) do
    with {:ok, path, query} <- path(target),
         {:ok, headers} <- headers(socket, %{}),
         {:ok, body} <- body(socket, headers) do
      method = to_string(method)
      request = %{method: method, path: path, query: query, headers: headers, body: body}
      answer = answer(fn -> Router.call(request) end)
      finish(socket, answer, method, keep_alive?(version, headers))
    else
      {:refuse, status} -> refuse(socket, status)
      {:error, _} -> :gen_tcp.close(socket)
    end
  end

  defp finish(socket, {:wait, ms, answer}, method, keep?) do
    receive do
      {:EXIT, supervisor, _} when is_pid(supervisor) ->
        finish(socket, answer(fn -> answer.(:early) end), method, false)
    after
      ms -> finish(socket, answer(fn -> answer.(:elapsed) end), method, keep?)
    end
  end

  defp finish(socket, {:upgrade, headers, talk}, _method, _keep?) do
    :gen_tcp.send(socket, head(101, headers))
    talk.(socket)
    :gen_tcp.close(socket)
  end

  defp finish(socket, response, method, keep?) do
    respond(socket, response, method, keep?)
    if keep?, do: rest(socket), else: :gen_tcp.close(socket)
  end

  # The order matters: a signal from before the flag is in the mailbox, one from after it ends us.
  defp rest(socket) do
    Process.flag(:trap_exit, false)

    receive do
      {:EXIT, supervisor, reason} when is_pid(supervisor) -> exit(reason)
    after
      0 -> next(socket)
    end
  end

  defp path({:abs_path, target}) do
    case String.split(target, "?", parts: 2) do
      [path, query] -> {:ok, path, "?" <> query}
      [path] -> {:ok, path, ""}
    end
  end

  defp path(_), do: {:refuse, 400}

  defp headers(_socket, headers) when map_size(headers) > @max_headers, do: {:refuse, 400}

  defp headers(socket, headers) do
    case :gen_tcp.recv(socket, 0, @timeout) do
      {:ok, {:http_header, _, name, _, value}} ->
        headers(socket, Map.put(headers, String.downcase(to_string(name)), value))

      {:ok, :http_eoh} ->
        {:ok, headers}

      {:ok, {:http_error, _}} ->
        {:refuse, 400}

      {:error, reason} ->
        {:error, reason}
    end
  end

  defp body(_socket, %{"transfer-encoding" => _}), do: {:refuse, 501}

  defp body(socket, %{"content-length" => length}) do
    case Integer.parse(length) do
      {0, ""} -> {:ok, ""}
      {n, ""} when n in 1..@max_body -> read(socket, n)
      {n, ""} when n > @max_body -> {:refuse, 413}
      _ -> {:refuse, 400}
    end
  end

  defp body(_socket, _headers), do: {:ok, ""}

  defp read(socket, length) do
    :ok = :inet.setopts(socket, packet: :raw)

    with {:ok, body} <- :gen_tcp.recv(socket, length, @timeout),
         :ok <- :inet.setopts(socket, packet: :http_bin) do
      {:ok, body}
    end
  end

  defp keep_alive?(version, headers) do
    if version >= {1, 1},
      do: not Headers.token?(headers, "connection", "close"),
      else: Headers.token?(headers, "connection", "keep-alive")
  end

  defp answer(by) do
    by.()
  catch
    kind, reason ->
      Logger.error(Exception.format(kind, reason, __STACKTRACE__))
      Router.error(500)
  end

  defp refuse(socket, status) do
    respond(socket, Router.error(status), "GET", false)
    :gen_tcp.close(socket)
  end

  defp respond(socket, {status, headers, body}, method, keep?) do
    headers = [
      {"content-length", Integer.to_string(byte_size(body))},
      {"connection", if(keep?, do: "keep-alive", else: "close")}
      | headers
    ]

    :gen_tcp.send(socket, [head(status, headers), if(method == "HEAD", do: "", else: body)])
  end

  defp head(status, headers) do
    [
      "HTTP/1.1 #{status} #{@reasons[status]}\r\n",
      for({name, value} <- headers, do: [name, ": ", value, "\r\n"]),
      "\r\n"
    ]
  end
end
