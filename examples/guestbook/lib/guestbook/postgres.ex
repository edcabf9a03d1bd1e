defmodule Guestbook.Postgres do
  @moduledoc """
  A connection to PostgreSQL: the little of the driver `p1_pgsql` that we need, with its errors made
  readable and its passwords kept out of the log.
  """

  defmodule Error do
    defexception [:message]
  end

  @no_scram "the server asks for SCRAM, which this driver lacks here: set password_encryption to md5"

  @typedoc "What went wrong, for a person to read; `:lost` says that the connection is of no more use."
  @type failure :: {:error, String.t()} | {:lost, String.t()}

  @doc """
  Reads a URL like `postgres://user:password@host:port/database?ssl=true` into the driver's options.

  `ecto://` and `postgresql://` are the same. `ssl=true` encrypts without asking who the server is;
  other parameters are left to those who know them. The error does not repeat the URL, which holds a password.
  """
  def parse_url!(url) do
    with %URI{scheme: scheme, host: host, path: "/" <> database} = uri <- URI.parse(url),
         true <- scheme in ["postgres", "postgresql", "ecto"] and host not in [nil, ""],
         true <- database != "" do
      {user, password} = credentials(uri.userinfo)

      [
        host: String.to_charlist(host),
        port: uri.port || 5432,
        database: URI.decode(database),
        user: user,
        password: password,
        as_binary: true
      ] ++ transport(URI.decode_query(uri.query || ""))
    else
      _ ->
        raise ArgumentError,
              "DATABASE_URL is not like postgres://user:password@host:5432/database"
    end
  end

  defp credentials(nil), do: {"postgres", ""}

  defp credentials(userinfo) do
    case String.split(userinfo, ":", parts: 2) do
      [user, password] -> {URI.decode(user), URI.decode(password)}
      [user] -> {URI.decode(user), ""}
    end
  end

  defp transport(%{"ssl" => "true"}), do: [transport: :ssl, verify: :verify_none]
  defp transport(_), do: [transport: :tcp]

  @doc """
  To be called once before the first connection. Not with every connection: while the node shuts down, the application
  controller answers nobody, and a request that is being finished then may still need a connection.
  """
  def setup do
    keep_passwords_out_of_the_log()
    send_small_packets_at_once()
  end

  @doc "Connects, and links the connection to the caller."
  def connect(url) do
    case :pgsql.connect(parse_url!(url)) do
      {:ok, connection} ->
        Process.link(connection)
        {:ok, connection}

      {:error, reason} ->
        {:lost, "cannot connect to the database: " <> why_not_connected(reason)}
    end
  end

  @doc "Runs one statement with parameters; gives the rows, all columns of which must be text."
  def query(connection, sql, parameters) do
    with {:ok, _, _, _} <- :pgsql.prepare(connection, "", sql),
         {:ok, {_command, result}} <- :pgsql.execute(connection, "", parameters) do
      {:ok, rows(result)}
    else
      {:error, fields} -> {:error, server_error(fields)}
    end
  catch
    :exit, _ -> lost(connection)
  end

  defp rows(result) when is_list(result) do
    for row <- result, do: for({_type, value} <- row, do: value)
  end

  defp rows(_count), do: []

  @doc "Runs statements without parameters, however long they take."
  def execute(connection, sql) do
    {:ok, results} = :pgsql.squery(connection, sql)

    case List.keyfind(results, :error, 0) do
      {:error, fields} -> {:error, server_error(fields)}
      nil -> :ok
    end
  catch
    :exit, _ -> lost(connection)
  end

  @doc "Ends the connection. The driver's own way to do so writes to standard output."
  def close(connection) do
    Process.unlink(connection)
    Process.exit(connection, :kill)
    :ok
  end

  # What is unanswered may still be answered: nobody must take that for the answer to the next question.
  defp lost(connection) do
    close(connection)
    {:lost, "the connection to the database was lost, or did not answer in time"}
  end

  # Reasons are not inspected as a whole: a stack trace may hold the password.
  defp why_not_connected({:init, {:error, posix}}), do: posix(posix)
  defp why_not_connected({{:badmatch, {:error, posix}}, _stack}), do: posix(posix)
  defp why_not_connected({:starttls, :denied}), do: "the server does not speak TLS"

  defp why_not_connected({_, [{_, _} | _] = fields}), do: server_error(fields)

  # Newer drivers lack a library for SCRAM, older ones do not know it at all.
  defp why_not_connected({:undef, _stack}), do: @no_scram
  defp why_not_connected({:authentication, {:unknown, 10}}), do: @no_scram

  defp why_not_connected(_), do: "the server's answer was not understood"

  defp posix(:timeout), do: "no answer in time"
  defp posix(reason), do: reason |> :inet.format_error() |> List.to_string()

  defp server_error(fields) do
    "#{fields[:severity]} #{fields[:code]}: #{fields[:message]}"
  end

  # The driver sends a question in several packets, each of which would wait 40 ms for the acknowledgement of the one before.
  defp send_small_packets_at_once do
    Application.put_env(:kernel, :inet_default_connect_options, nodelay: true)
  end

  # The driver's processes have the password in their state, which OTP logs where they crash.
  defp keep_passwords_out_of_the_log do
    :logger.add_primary_filter(__MODULE__, {&__MODULE__.hide_state/2, nil})
  end

  @doc false
  def hide_state(%{msg: {:report, %{label: {:gen_server, :terminate}} = report}} = event, nil) do
    %{event | msg: {:report, Map.put(report, :state, :hidden)}}
  end

  def hide_state(_event, nil), do: :ignore
end
