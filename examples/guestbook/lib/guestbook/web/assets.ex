defmodule Guestbook.Web.Assets do
  @moduledoc """
  The static file, under the name that `mix phx.digest` would give it: with a digest of its content.

  A browser may keep it for ever, since another content has another name. Every version and salt has another content:
  so a page of one release that asks another one for its style gets none, as with the assets of any application.
  """

  @style """
  body { margin: 0; background: #f6f1e7; color: #3b3228; font: 17px/1.5 Georgia, "DejaVu Serif", serif; }
  main { max-width: 36rem; margin: 0 auto; padding: 2rem 1rem; }
  h1 { font-weight: normal; font-size: 2.4rem; margin: 0 0 1.5rem; }
  form, article { background: #fffdf8; border: 1px solid #e3d9c6; border-radius: 6px; padding: 1rem 1.25rem; margin: 0 0 1rem; }
  label { display: block; font-size: .85rem; color: #8a7a63; margin-bottom: .75rem; }
  input, textarea, select { display: block; width: 100%; box-sizing: border-box; font: inherit; color: inherit;
    background: white; border: 1px solid #d6c9b1; border-radius: 4px; padding: .4rem .6rem; }
  button { font: inherit; color: white; background: #7a5c3a; border: 0; border-radius: 4px; padding: .45rem 1.4rem; cursor: pointer; }
  article p { margin: 0 0 .5rem; white-space: pre-wrap; overflow-wrap: anywhere; }
  article footer, body > footer { font-size: .85rem; color: #8a7a63; }
  body > footer { text-align: center; padding: 0 1rem 2rem; }
  .complaint { color: #a33; }
  /* guestbook #{Guestbook.version()} #{Guestbook.salt()} */
  """

  @digest Base.encode16(:erlang.md5(@style), case: :lower)
  @name "assets/app-#{@digest}.css"

  @doc "Where the page finds it."
  def path, do: "/" <> @name

  @doc "The content of what has that path. There is nothing else to be had from the disk."
  def read(path) do
    if path == path(),
      do: File.read(Path.join(Application.app_dir(:guestbook, "priv/static"), @name)),
      else: {:error, :enoent}
  end

  @doc "Makes the directory of the static files; called when the application has been compiled."
  def write!(directory) do
    # An earlier build's names are of no more use.
    File.rm_rf!(directory)
    File.mkdir_p!(Path.join(directory, "assets"))
    File.write!(Path.join(directory, @name), @style)
    File.write!(Path.join(directory, "cache_manifest.json"), manifest())
  end

  # mtime is the epoch, in the calendar's seconds: the same source has the same bytes.
  defp manifest do
    sha512 = Base.encode64(:crypto.hash(:sha512, @style))

    """
    {"version":1,"latest":{"assets/app.css":"#{@name}"},"digests":{"#{@name}":\
    {"digest":"#{@digest}","logical_path":"assets/app.css","mtime":62167219200,\
    "sha512":"#{sha512}","size":#{byte_size(@style)}}}}
    """
  end
end
