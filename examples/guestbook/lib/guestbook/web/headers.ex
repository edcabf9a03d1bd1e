defmodule Guestbook.Web.Headers do
  @moduledoc "What a request's headers say."

  @doc "Whether a header that is a list, such as Connection, has the token in it."
  def token?(headers, name, token) do
    headers
    |> Map.get(name, "")
    |> String.downcase()
    |> String.split([",", " "], trim: true)
    |> Enum.member?(token)
  end
end
