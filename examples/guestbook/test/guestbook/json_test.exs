defmodule Guestbook.JSONTest do
  use ExUnit.Case, async: true
  alias Guestbook.JSON

  test "writes a flat object, escaped" do
    assert JSON.object(a: "plain", b: "ü \" \\ \n") == ~S({"a":"plain","b":"ü \" \\ \u000A"})
    assert JSON.object([]) == "{}"
  end
end
