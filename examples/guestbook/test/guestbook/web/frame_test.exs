defmodule Guestbook.Web.FrameTest do
  use ExUnit.Case, async: true
  alias Guestbook.Web.Frame

  # From RFC 6455, section 5.7.
  @hello <<0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58>>

  defp zeros(length), do: :binary.copy(<<0>>, length)

  test "reads a frame and leaves what follows" do
    assert Frame.read(@hello) == {:ok, {:text, true, "Hello"}, ""}
    assert Frame.read(@hello <> <<0x89>>) == {:ok, {:text, true, "Hello"}, <<0x89>>}
    assert Frame.read(<<0x00, 0x80, 1, 2, 3, 4>>) == {:ok, {:continuation, false, ""}, ""}
  end

  test "waits for a frame to be whole" do
    for n <- 0..(byte_size(@hello) - 1) do
      assert Frame.read(binary_part(@hello, 0, n)) == :more
    end

    assert Frame.read(<<0x81, 0xFE, 1>>) == :more
    assert Frame.read(<<0x81, 0xFF, 0::56>>) == :more
  end

  test "reads the three ways to write a length" do
    assert {:ok, {:text, true, read}, "x"} =
             Frame.read(<<0x81, 0xFE, 300::16, 0::32, zeros(300)::binary, "x">>)

    assert read == zeros(300)

    assert {:ok, {:binary, true, read}, ""} =
             Frame.read(<<0x82, 0xFF, 65536::64, 0::32, zeros(65536)::binary>>)

    assert read == zeros(65536)
  end

  test "refuses what is too long by its length alone" do
    assert Frame.read(<<0x81, 0xFF, 65537::64>>) == {:refuse, 1009}
    assert Frame.read(<<0x81, 0xFF, 0xFFFFFFFFFFFFFFFF::64>>) == {:refuse, 1009}
  end

  test "refuses what breaks the protocol" do
    for {bytes, why} <- [
          {<<0x81, 0x05>>, "not masked"},
          {<<0xC1, 0x85>>, "compressed, which was not agreed"},
          {<<0x83, 0x80>>, "of no known kind"},
          {<<0x8B, 0x80>>, "of no known kind of control frame"},
          {<<0x09, 0x80>>, "a ping in pieces"},
          {<<0x89, 0xFE>>, "a ping of more than 125 bytes"}
        ] do
      assert Frame.read(bytes) == {:refuse, 1002}, why
    end
  end

  test "reads the code of a close frame" do
    assert Frame.code("") == {:ok, nil}
    assert Frame.code(<<1000::16>>) == {:ok, 1000}
    assert Frame.code(<<4001::16, "zü">>) == {:ok, 4001}
    assert Frame.code(<<1000::16, 0xFF>>) == {:refuse, 1007}

    for code <- [0, 999, 1004, 1005, 1006, 1015, 2999, 5000] do
      assert Frame.code(<<code::16>>) == {:refuse, 1002}
    end

    assert Frame.code(<<3>>) == {:refuse, 1002}
  end

  test "makes frames" do
    make = fn frame -> IO.iodata_to_binary(frame) end
    assert make.(Frame.text("Hello")) == <<0x81, 5, "Hello">>
    assert make.(Frame.pong("")) == <<0x8A, 0>>
    assert make.(Frame.close(1012)) == <<0x88, 2, 1012::16>>
    assert make.(Frame.close(nil)) == <<0x88, 0>>
    assert <<0x81, 126, 126::16, _::binary-size(126)>> = make.(Frame.text(zeros(126)))
    assert <<0x81, 127, 65536::64, _::binary-size(65536)>> = make.(Frame.text(zeros(65536)))
  end
end
