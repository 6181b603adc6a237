import { Client } from "pg";
import type { PostgresHost, PostgresPlace } from "../place.ts";
import { requireChannelBinding } from "./channel-binding.ts";
import { clientOptions, type Timeouts } from "./client-options.ts";

/** Opens one connection and configures it. @throws an error of the engine or the network */
export async function connect(place: PostgresPlace, host: PostgresHost, timeouts: Timeouts): Promise<Client> {
  const client = await openConnection(place, host, timeouts);
  try {
    await configure(client, place, timeouts);
    return client;
  } catch (error) {
    void closed(client);
    throw error;
  }
}

/** Opens one connection, before `configure`. @throws an error of the engine or the network */
export async function openConnection(
  place: PostgresPlace,
  host: PostgresHost,
  timeouts: Timeouts,
): Promise<Client> {
  const client = new Client(clientOptions(place, host, timeouts));
  if (place.tls.channelBinding) requireChannelBinding(client);
  // A query in progress reports the failure itself. An error event without a listener would end the process.
  client.on("error", () => {});
  try {
    await client.connect();
    return client;
  } catch (error) {
    void closed(client);
    throw error;
  }
}

/** Sets the engine's timeouts and the schema. SQL does it, because poolers refuse unknown startup parameters. */
export async function configure(client: Client, place: PostgresPlace, timeouts: Timeouts): Promise<void> {
  const { answer } = timeouts;
  await client.query(
    `select set_config('statement_timeout', $1, false), set_config('lock_timeout', $1, false),
      set_config('idle_in_transaction_session_timeout', $2, false),
      case when $3::text is not null then set_config('search_path', quote_ident($3), false) end`,
    [String(answer), String(2 * answer), place.schema ?? null],
  );
}

/** Timeout for closing a connection, in milliseconds. */
const closeTimeout = 1000;

/** Closes a connection. Resolves when the server has released its slot, or after a second. */
export async function closed(client: Client): Promise<void> {
  const timer = setTimeout(() => client.connection.stream.destroy(), closeTimeout);
  await client.end().catch(() => {});
  clearTimeout(timer);
}
