import { Client } from "pg";
import type { PostgresHost, PostgresPlace } from "../place.ts";
import { clientOptions, type Patience } from "./client-options.ts";

/** Opens one connection. @throws what the engine or the network says */
export async function connect(place: PostgresPlace, host: PostgresHost, patience: Patience): Promise<Client> {
  const client = new Client(clientOptions(place, host, patience));
  // A connection in use reports a failure through its query; an event without a listener would end the process.
  client.on("error", () => {});
  try {
    await client.connect();
    return client;
  } catch (error) {
    void closed(client);
    throw error;
  }
}

/** How long a connection may take to close, in milliseconds. */
const closePatience = 1000;

/** Closes a connection. Resolves when the server has its place back, or after a second. */
export async function closed(client: Client): Promise<void> {
  const timer = setTimeout(() => client.connection.stream.destroy(), closePatience);
  await client.end().catch(() => {});
  clearTimeout(timer);
}
