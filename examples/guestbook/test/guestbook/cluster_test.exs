defmodule Guestbook.ClusterTest do
  use ExUnit.Case

  test "the peers are those that the environment names" do
    assert Guestbook.Cluster.peers() == []
    Application.put_env(:guestbook, :peers, " a@web1.example.com b@web2.example.com ")
    assert Guestbook.Cluster.peers() == [:"a@web1.example.com", :"b@web2.example.com"]
  after
    Application.delete_env(:guestbook, :peers)
  end
end
