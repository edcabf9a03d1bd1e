defmodule Guestbook.Web.SignedTest do
  use ExUnit.Case
  alias Guestbook.Web.Signed

  setup do
    on_exit(fn -> Application.delete_env(:guestbook, :secret_key_base) end)
    key(String.duplicate("k", 64))
  end

  defp key(key), do: Application.put_env(:guestbook, :secret_key_base, key)

  test "gives back what was signed, and nothing else" do
    signed = Signed.sign("Zoë")
    assert Signed.verify(signed) == "Zoë"
    assert Signed.verify(signed <> "x") == nil
    assert Signed.verify("WmXDqw.AAAA") == nil
    assert Signed.verify("") == nil
    assert Signed.verify(nil) == nil

    key(String.duplicate("other", 20))
    assert Signed.verify(signed) == nil
  end

  test "a key that is too short fails, whatever there is to verify" do
    key("short")
    assert_raise ArgumentError, ~r/SECRET_KEY_BASE/, fn -> Signed.verify(nil) end
    assert_raise ArgumentError, ~r/SECRET_KEY_BASE/, fn -> Signed.sign("x") end
  end
end
