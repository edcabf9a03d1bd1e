import Config

# Read at every start of the release, never at build time. Elixir 1.10 reads it by the name of
# releases.exs, and knows no config_env(): RELEASE_NAME, set by bin/guestbook, says the same.
if System.get_env("RELEASE_NAME") do
  config :guestbook,
    database_url: System.fetch_env!("DATABASE_URL"),
    secret_key_base: System.fetch_env!("SECRET_KEY_BASE"),
    host: System.get_env("PHX_HOST", "example.com"),
    peers: System.get_env("GUESTBOOK_PEERS", ""),
    port: String.to_integer(System.get_env("PORT", "4000"))

  if System.get_env("PHX_SERVER") do
    config :guestbook, server: true
  end
end
