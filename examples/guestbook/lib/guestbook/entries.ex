defmodule Guestbook.Entries do
  @moduledoc "What visitors wrote."

  alias Guestbook.{Database, Migrations}

  @shown 50
  @moods ["cheerful", "curious", "thankful"]

  # A release reads and writes the schema that its own migrations make: moods came with 0.2.0.
  @has_mood Migrations.known?(2)
  @mood_column if(@has_mood, do: "mood", else: "''::text")
  @list """
  SELECT name, message, #{@mood_column}, to_char(inserted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')
  FROM entries ORDER BY id DESC LIMIT #{@shown}
  """
  @columns if(@has_mood, do: ["name", "message", "mood"], else: ["name", "message"])
  @placeholders Enum.map_join(1..length(@columns), ", ", &"$#{&1}::text")
  @insert "INSERT INTO entries (#{Enum.join(@columns, ", ")}) VALUES (#{@placeholders})"

  @doc "The moods to choose from; none where this version has no moods."
  def moods, do: if(@has_mood, do: @moods, else: [])

  @doc "The latest entries, newest first."
  def list do
    with {:ok, rows} <- Database.query(@list) do
      {:ok,
       for(
         [name, message, mood, at] <- rows,
         do: %{name: name, message: message, mood: mood, at: at}
       )}
    end
  end

  @doc "Keeps an entry from a form's parameters."
  def create(params) do
    with {:ok, entry} <- validate(params),
         {:ok, _} <- Database.query(@insert, Enum.map(@columns, &Map.fetch!(entry, &1))) do
      {:ok, entry}
    end
  end

  @doc false
  def validate(params) do
    with {:ok, name} <- text(params, "name", 80),
         {:ok, message} <- text(params, "message", 1000) do
      {:ok, %{"name" => name, "message" => message, "mood" => mood(params["mood"])}}
    end
  end

  defp mood(mood) when mood in @moods, do: mood
  defp mood(_), do: hd(@moods)

  defp text(params, field, longest) do
    text = Map.get(params, field, "")

    cond do
      not String.valid?(text) or String.contains?(text, <<0>>) ->
        {:invalid, "#{field} is not text"}

      String.trim(text) == "" ->
        {:invalid, "#{field} is missing"}

      String.length(text) > longest ->
        {:invalid, "#{field} has more than #{longest} characters"}

      true ->
        {:ok, String.trim(text)}
    end
  end
end
