defmodule Guestbook.JSON do
  @moduledoc "The little JSON that is written here: flat objects of strings."

  def object(fields) do
    "{" <>
      Enum.map_join(fields, ",", fn {k, v} -> string(to_string(k)) <> ":" <> string(v) end) <> "}"
  end

  defp string(text), do: "\"" <> for(<<c::utf8 <- text>>, into: "", do: escape(c)) <> "\""

  defp escape(?"), do: "\\\""
  defp escape(?\\), do: "\\\\"

  defp escape(c) when c < 0x20,
    do: "\\u" <> String.pad_leading(Integer.to_string(c, 16), 4, "0")

  defp escape(c), do: <<c::utf8>>
end
