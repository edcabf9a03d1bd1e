defmodule Guestbook.Web.RouterTest do
  use ExUnit.Case, async: true
  alias Guestbook.Web.{Assets, Router}

  defp call(method, path, headers, query \\ "", body \\ "") do
    Router.call(%{method: method, path: path, query: query, headers: headers, body: body})
  end

  test "plain http from another host is sent to https" do
    assert {301, [{"location", "https://example.com/version?a=1"}], ""} =
             call("GET", "/version", %{"host" => "10.0.0.1:4000"}, "?a=1")

    assert {307, _, _} = call("POST", "/entries", %{"host" => "web1"})
    assert {301, _, _} = call("GET", "/", %{})
  end

  test "http from this machine, or through a proxy that speaks https, is answered" do
    assert {200, _, body} = call("GET", "/version", %{"host" => "localhost:4000"})
    assert body =~ ~s("version":"0.1.0")
    assert {200, _, _} = call("GET", "/version", %{"host" => "127.0.0.1"})

    assert {200, _, _} =
             call("GET", "/version", %{"host" => "web1", "x-forwarded-proto" => "https"})
  end

  test "knows what it has" do
    local = %{"host" => "localhost"}
    assert {404, _, _} = call("GET", "/nothing", local)
    assert {405, _, _} = call("DELETE", "/entries", local)
    assert {405, _, _} = call("GET", "/echo", local)
  end

  test "an asset may be kept for ever, and only its own is there" do
    local = %{"host" => "localhost"}
    assert {200, headers, css} = call("GET", Assets.path(), local)
    assert {"content-type", "text/css"} in headers
    assert {"cache-control", "public, max-age=31536000, immutable"} in headers
    assert css =~ "body {"

    for other <- [
          "/assets/",
          "/assets/app.css",
          "/assets/app-00000000000000000000000000000000.css",
          "/assets/../cache_manifest.json",
          "/assets/../../../ebin/guestbook.app",
          "/assets/%2e%2e/cache_manifest.json"
        ] do
      assert {404, _, _} = call("GET", other, local), other
    end
  end

  test "a poll is to be answered later, but not at any time" do
    poll = fn query -> call("GET", "/poll", %{"host" => "localhost"}, query) end
    assert {:wait, 10_000, answer} = poll.("")
    assert {:wait, 250, _} = poll.("?ms=250")
    assert {:wait, 60_000, _} = poll.("?ms=60001")
    for bad <- ["?ms=soon", "?ms=", "?ms=-1", "?ms=1s"], do: assert({400, _, _} = poll.(bad))

    {200, _, body} = answer.(:elapsed)
    assert body == ~s({"version":"0.1.0","pid":"#{System.pid()}","node":"nonode@nohost"})
    assert {200, _, body} = answer.(:early)
    assert String.ends_with?(body, ~s(,"early":"true"}))
  end

  test "a host that is out of service says so, and answers all the same" do
    Guestbook.Web.out_of_service()
    local = %{"host" => "localhost"}
    assert {503, _, body} = call("GET", "/health", local)
    assert body == ~s({"status":"error","reason":"out of service","version":"0.1.0"})
    assert {200, _, _} = call("GET", "/version", local)
    Guestbook.Web.in_service()
    refute Guestbook.Web.out_of_service?()
  end

  test "a node says with whom it is connected" do
    assert {200, _, body} = call("GET", "/cluster", %{"host" => "localhost"})
    assert String.ends_with?(body, ~s("node":"nonode@nohost","nodes":""}))
  end

  test "an echo says how much came, and who took it" do
    assert {200, [{"content-type", "application/json"}], body} =
             call("POST", "/echo", %{"host" => "localhost"}, "", "zwölf")

    assert body == ~s({"version":"0.1.0","pid":"#{System.pid()}","bytes":"6"})
  end
end
