defmodule Guestbook.MigrationsTest do
  use ExUnit.Case, async: true
  alias Guestbook.{Entries, Migrations}

  test "0.1.0 has the first migration only" do
    assert Guestbook.version() == "0.1.0"
    assert [%{version: 1, name: "create_entries"}] = Migrations.known()
    assert Migrations.known?(1)
    refute Migrations.known?(2)
  end

  test "0.1.0 has no moods, which the second migration brings" do
    assert Entries.moods() == []
  end
end
