defmodule Guestbook.Web.Page do
  @moduledoc "The HTML."

  alias Guestbook.Web.Assets

  @moods %{"cheerful" => "☀️", "curious" => "🔭", "thankful" => "🌷"}

  def index(entries, visitor, complaint) do
    layout("Guestbook", """
    <h1>Guestbook</h1>
    #{complaint(complaint)}#{form(visitor)}
    #{Enum.map_join(entries, "\n", &entry/1)}
    """)
  end

  def error(status) do
    layout("#{status}", "<h1>#{status}</h1>\n<p>#{apology(status)}</p>")
  end

  @doc "Makes text harmless in HTML, between tags as in quoted attributes."
  def escape(text) do
    for <<c <- text>>, into: "", do: escape_byte(c)
  end

  defp escape_byte(?<), do: "&lt;"
  defp escape_byte(?>), do: "&gt;"
  defp escape_byte(?&), do: "&amp;"
  defp escape_byte(?"), do: "&quot;"
  defp escape_byte(?'), do: "&#39;"
  defp escape_byte(c), do: <<c>>

  defp apology(status) when status >= 500, do: "That is our fault. The log says more."
  defp apology(_), do: "There is no such thing to be had here."

  defp complaint(nil), do: ""
  defp complaint(text), do: ~s(<p class="complaint">#{escape(text)}</p>\n)

  defp form(visitor) do
    """
    <form method="post" action="/entries">
    <label>Your name <input name="name" required maxlength="80" value="#{escape(visitor)}"></label>
    <label>Your message <textarea name="message" required maxlength="1000" rows="3"></textarea></label>
    #{mood_field(Guestbook.Entries.moods())}<button>Sign</button>
    </form>
    """
  end

  defp mood_field([]), do: ""

  defp mood_field(moods) do
    options = for mood <- moods, do: ~s(<option value="#{mood}">#{@moods[mood]} #{mood}</option>)
    ~s(<label>Your mood <select name="mood">#{options}</select></label>\n)
  end

  defp entry(entry) do
    """
    <article>
    <p>#{escape(entry.message)}</p>
    <footer>#{@moods[entry.mood]} #{escape(entry.name)} &middot; #{entry.at} UTC</footer>
    </article>
    """
  end

  defp layout(title, body) do
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>#{title}</title>
    <link rel="stylesheet" href="#{Assets.path()}">
    </head>
    <body>
    <main>
    #{body}
    </main>
    <footer>guestbook #{Guestbook.version()} on #{escape(Guestbook.hostname())} (#{node()})</footer>
    </body>
    </html>
    """
  end
end
