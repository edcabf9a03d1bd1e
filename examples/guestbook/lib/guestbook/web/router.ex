defmodule Guestbook.Web.Router do
  @moduledoc """
  Answers a request: a function from a map to `{status, headers, body}`.

  What cannot be answered at once is a value too, and the connection does the waiting: `{:wait, ms, answer}` is answered
  with `answer.(:elapsed)` so long after, or at shutdown with `answer.(:early)`. `{:upgrade, headers, talk}` is answered
  with those headers, and `talk.(socket)` has the connection from then on.
  """

  alias Guestbook.{Database, Entries, Faults, JSON, Web}
  alias Guestbook.Web.{Assets, Page, Signed, WebSocket}

  @local_hosts ["localhost", "127.0.0.1"]
  @html {"content-type", "text/html; charset=utf-8"}
  @json {"content-type", "application/json"}
  @css {"content-type", "text/css"}
  @for_ever {"cache-control", "public, max-age=31536000, immutable"}
  @paths ["/", "/entries", "/echo", "/poll", "/socket", "/health", "/version", "/cluster"]
  @usual_poll_ms "10000"
  @longest_poll_ms 60_000

  def call(request) do
    if plain_http_from_afar?(request.headers),
      do: redirect_to_https(request),
      else: route(request.method, request.path, request)
  end

  @doc "The page for a status that is an error."
  def error(status), do: {status, [@html], Page.error(status)}

  # What Phoenix's force_ssl does: a proxy says that the client came by https, only the machine itself need not.
  defp plain_http_from_afar?(headers) do
    host = headers |> Map.get("host", "") |> String.replace(~r/:\d+$/, "")
    headers["x-forwarded-proto"] != "https" and host not in @local_hosts
  end

  defp redirect_to_https(%{method: method, path: path, query: query}) do
    # 307 where the method must stay.
    status = if method in ["GET", "HEAD"], do: 301, else: 307
    host = Application.get_env(:guestbook, :host, "example.com")
    {status, [{"location", "https://#{host}#{path}#{query}"}], ""}
  end

  defp route("HEAD", path, request) when path != "/socket", do: route("GET", path, request)
  defp route("GET", "/", request), do: index(request)
  defp route("POST", "/entries", request), do: create(request)
  defp route("POST", "/echo", request), do: echo(request.body)
  defp route("GET", "/poll", request), do: poll(request)
  defp route("GET", "/socket", request), do: socket(request)
  defp route("GET", "/assets/" <> _ = path, _request), do: asset(path)
  defp route("GET", "/health", _request), do: health()
  defp route("GET", "/version", _request), do: version()
  defp route("GET", "/cluster", _request), do: cluster()
  defp route(_, path, _) when path in @paths, do: error(405)
  defp route(_, _, _), do: error(404)

  defp index(request) do
    Faults.slow_request()
    visitor = Signed.verify(cookie(request.headers, "visitor"))
    page(200, visitor || "", nil)
  end

  defp create(request) do
    case Entries.create(params(request.body)) do
      {:ok, %{"name" => name}} ->
        cookie = "visitor=#{Signed.sign(name)}; path=/; max-age=31536000; httponly; samesite=lax"
        {303, [{"location", "/"}, {"set-cookie", cookie}], ""}

      {:invalid, why} ->
        page(422, "", why)

      {:error, reason} ->
        raise "cannot keep an entry: #{reason}"
    end
  end

  defp page(status, visitor, complaint) do
    case Entries.list() do
      {:ok, entries} -> {status, [@html], Page.index(entries, visitor, complaint)}
      {:error, reason} -> raise "cannot read the entries: #{reason}"
    end
  end

  defp echo(body), do: json(200, identity() ++ [bytes: to_string(byte_size(body))])

  defp poll(%{query: query}) do
    ms = query |> String.trim_leading("?") |> params() |> Map.get("ms", @usual_poll_ms)

    case Integer.parse(ms) do
      {ms, ""} when ms >= 0 -> {:wait, min(ms, @longest_poll_ms), &polled/1}
      _ -> error(400)
    end
  end

  defp polled(:elapsed), do: json(200, identity() ++ [node: to_string(node())])
  defp polled(:early), do: json(200, identity() ++ [node: to_string(node()), early: "true"])

  defp socket(request) do
    case WebSocket.handshake(request) do
      {:ok, headers} ->
        {:upgrade, headers, &WebSocket.talk(&1, greeting(), fn text -> echoed(text) end)}

      {:refuse, status, more} ->
        {status, headers, body} = error(status)
        {status, headers ++ more, body}
    end
  end

  defp greeting do
    JSON.object(identity() ++ [node: to_string(node()), host: Guestbook.hostname()])
  end

  defp echoed(text), do: JSON.object(version: shown_version(), echo: text)

  defp asset(path) do
    case Assets.read(path) do
      {:ok, css} -> {200, [@css, @for_ever], css}
      {:error, _} -> error(404)
    end
  end

  defp health do
    cond do
      Faults.unhealthy?() -> health(500, status: "error", reason: "fault injected")
      Web.out_of_service?() -> health(503, status: "error", reason: "out of service")
      true -> health(Database.query("SELECT 'alive'::text"))
    end
  end

  defp health({:ok, _}), do: health(200, status: "ok")
  defp health({:error, reason}), do: health(503, status: "error", reason: reason)

  defp health(status, fields), do: json(status, fields ++ [version: shown_version()])

  defp version do
    fields = [host: Guestbook.hostname(), node: to_string(node()), salt: Guestbook.salt()]
    json(200, identity() ++ fields)
  end

  defp cluster do
    nodes = Node.list() |> Enum.sort() |> Enum.map_join(" ", &to_string/1)
    json(200, identity() ++ [node: to_string(node()), nodes: nodes])
  end

  # Which release answered, and which run of it.
  defp identity, do: [version: shown_version(), pid: System.pid()]

  defp json(status, fields), do: {status, [@json], JSON.object(fields)}

  defp shown_version, do: Faults.claimed_version() || Guestbook.version()

  defp params(text) do
    URI.decode_query(text)
  rescue
    # Neither a form nor a query.
    ArgumentError -> %{}
  end

  defp cookie(headers, name) do
    headers
    |> Map.get("cookie", "")
    |> String.split("; ")
    |> Enum.find_value(fn pair ->
      if String.starts_with?(pair, name <> "="), do: String.replace_prefix(pair, name <> "=", "")
    end)
  end
end
