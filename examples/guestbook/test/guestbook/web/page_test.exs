defmodule Guestbook.Web.PageTest do
  use ExUnit.Case, async: true
  alias Guestbook.Web.Page

  test "escapes what visitors wrote" do
    entry = %{name: "<b>", message: "<script>\"ü\" & 'x'", mood: "", at: "2026-01-01 00:00"}
    page = IO.iodata_to_binary(Page.index([entry], "\"><i>", nil))

    assert page =~ "&lt;script&gt;&quot;ü&quot; &amp; &#39;x&#39;"
    assert page =~ "&lt;b&gt;"
    assert page =~ "value=\"&quot;&gt;&lt;i&gt;\""
    refute page =~ "<script>"
  end
end
