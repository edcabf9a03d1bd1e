defmodule Guestbook.Web.AssetsTest do
  use ExUnit.Case, async: true
  alias Guestbook.Web.Assets

  test "compiling has left a file with a digest, and its manifest" do
    {:ok, css} = Assets.read(Assets.path())
    digest = Base.encode16(:crypto.hash(:md5, css), case: :lower)
    name = "assets/app-#{digest}.css"
    assert Assets.path() == "/" <> name
    assert css =~ "/* guestbook 0.1.0  */"

    static = Application.app_dir(:guestbook, "priv/static")
    assert Path.wildcard(static <> "/**/*.*") == [Path.join(static, name), manifest(static)]
    latest = ~s("latest":{"assets/app.css":"#{name}"})
    assert File.read!(manifest(static)) =~ latest
  end

  defp manifest(static), do: Path.join(static, "cache_manifest.json")
end
