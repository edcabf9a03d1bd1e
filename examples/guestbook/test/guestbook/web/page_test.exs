defmodule Guestbook.Web.PageTest do
  use ExUnit.Case, async: true
  alias Guestbook.Web.{Assets, Page}

  test "escapes what visitors wrote" do
    entry = %{name: "<b>", message: "<script>\"ü\" & 'x'", mood: "", at: "2026-01-01 00:00"}
    page = IO.iodata_to_binary(Page.index([entry], "\"><i>", nil))

    assert page =~ "&lt;script&gt;&quot;ü&quot; &amp; &#39;x&#39;"
    assert page =~ "&lt;b&gt;"
    assert page =~ "value=\"&quot;&gt;&lt;i&gt;\""
    refute page =~ "<script>"
  end

  test "links the style of its own release" do
    link = ~s(<link rel="stylesheet" href="#{Assets.path()}">)
    assert Page.index([], "", nil) =~ link
    assert Page.error(404) =~ link
  end
end
