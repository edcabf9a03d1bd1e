defmodule Guestbook.Web.HeadersTest do
  use ExUnit.Case, async: true
  alias Guestbook.Web.Headers

  test "finds a token in a list" do
    headers = %{"connection" => "keep-alive, Upgrade"}
    assert Headers.token?(headers, "connection", "upgrade")
    assert Headers.token?(headers, "connection", "keep-alive")
    refute Headers.token?(headers, "connection", "keep")
    refute Headers.token?(headers, "upgrade", "websocket")
  end
end
