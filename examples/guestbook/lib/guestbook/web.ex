defmodule Guestbook.Web do
  @moduledoc """
  Whether a balancer is to send requests here: what an operator, or a deploy, says by `bin/guestbook rpc`.
  """

  @doc "Has the health page answer 503, so that a balancer sends nobody new. Who comes all the same is answered."
  def out_of_service, do: Application.put_env(:guestbook, :out_of_service, true)

  @doc "Takes that back. So does a start."
  def in_service, do: Application.delete_env(:guestbook, :out_of_service)

  def out_of_service?, do: Application.get_env(:guestbook, :out_of_service, false)
end
