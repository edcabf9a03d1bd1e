defmodule Guestbook.EntriesTest do
  use ExUnit.Case, async: true
  alias Guestbook.Entries

  test "takes an entry" do
    assert {:ok, %{"name" => "Ada", "message" => "hello"}} =
             Entries.validate(%{"name" => " Ada ", "message" => "hello\n"})
  end

  test "says what is wrong" do
    assert {:invalid, "name is missing"} = Entries.validate(%{"message" => "hello"})

    assert {:invalid, "message is missing"} =
             Entries.validate(%{"name" => "Ada", "message" => " "})

    assert {:invalid, "name has more than 80 characters"} =
             Entries.validate(%{"name" => String.duplicate("a", 81), "message" => "hello"})

    assert {:invalid, "message is not text"} =
             Entries.validate(%{"name" => "Ada", "message" => <<0xFF>>})

    assert {:invalid, "name is not text"} =
             Entries.validate(%{"name" => "A\0", "message" => "hello"})
  end
end
