defmodule Guestbook.PostgresTest do
  use ExUnit.Case, async: true
  alias Guestbook.Postgres

  defp read(url), do: Map.new(Postgres.parse_url!(url))

  test "reads all parts of a URL" do
    assert %{
             host: ~c"db1",
             port: 6432,
             database: "book",
             user: "anna",
             password: "s3cret",
             transport: :tcp
           } = read("postgres://anna:s3cret@db1:6432/book")
  end

  test "has defaults for what may be left out" do
    assert %{port: 5432, user: "postgres", password: ""} = read("ecto://db1/book")
  end

  test "undoes the escapes in name and password" do
    assert %{user: "a@b", password: "p:w/d&ü"} =
             read("postgresql://a%40b:p%3Aw%2Fd%26%C3%BC@db1/book")
  end

  test "encrypts where asked, and ignores other parameters" do
    assert %{transport: :ssl} = read("postgres://u:p@db1/book?ssl=true&pool_size=10")
    assert %{transport: :tcp} = read("postgres://u:p@db1/book?pool_size=10")
  end

  test "refuses what is not a database's URL, without repeating it" do
    for url <- [
          "",
          "db1",
          "mysql://u:hidden@db1/book",
          "postgres://u:hidden@db1",
          "postgres://u:hidden@db1/",
          "postgres:///book"
        ] do
      error = assert_raise ArgumentError, fn -> Postgres.parse_url!(url) end
      assert error.message =~ "DATABASE_URL"
      refute error.message =~ "hidden"
    end
  end
end
