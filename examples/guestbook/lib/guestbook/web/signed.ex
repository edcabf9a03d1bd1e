defmodule Guestbook.Web.Signed do
  @moduledoc "Text that a browser keeps for us and cannot change: signed with SECRET_KEY_BASE."

  # Plug's demand. As with Plug, a shorter one is found out at the first request, not at boot.
  @shortest 64

  def sign(text), do: Base.url_encode64(text) <> "." <> mac(text)

  @doc "The text that was signed; nil where it was not, or where there is none."
  def verify(signed) do
    key = key()

    with [encoded, mac] <- String.split(signed || "", "."),
         {:ok, text} <- Base.url_decode64(encoded),
         true <- same?(mac, mac(text, key)) do
      text
    else
      _ -> nil
    end
  end

  defp mac(text), do: mac(text, key())
  defp mac(text, key), do: Base.url_encode64(:crypto.mac(:hmac, :sha256, key, text))

  # Hashes are compared, so that the time it takes says nothing about the right answer.
  defp same?(a, b), do: :crypto.hash(:sha256, a) == :crypto.hash(:sha256, b)

  defp key do
    key = Application.fetch_env!(:guestbook, :secret_key_base)

    if byte_size(key) < @shortest,
      do: raise(ArgumentError, "SECRET_KEY_BASE has #{byte_size(key)} bytes, not #{@shortest}")

    key
  end
end
