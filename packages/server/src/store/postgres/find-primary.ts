import { Client } from "pg";
import type { PostgresHost, PostgresPlace } from "../place.ts";
import { clientOptions, type Patience } from "./client-options.ts";

/** A server that is there says so within this, in milliseconds. */
const answerPatience = 1000;

const readsOnly = "select pg_is_in_recovery() or current_setting('transaction_read_only') = 'on' as reads";

/**
 * Asks all hosts at once.
 *
 * @returns the first that says it takes writes
 * @throws {AggregateError} with what each said, where none does
 */
export function findPrimary(place: PostgresPlace, patience: Patience): Promise<PostgresHost> {
  const short = Math.min(patience.answer, answerPatience);
  return Promise.any(place.hosts.map((host) => ask(place, host, { connect: short, answer: short })));
}

async function ask(place: PostgresPlace, host: PostgresHost, patience: Patience): Promise<PostgresHost> {
  const client = new Client(clientOptions(place, host, patience));
  client.on("error", () => {});
  try {
    await client.connect();
    const { rows } = await client.query(readsOnly);
    if (rows[0]?.reads !== false)
      throw new Error(`${host.host}:${host.port} takes no writes: it is a standby`);
    return host;
  } finally {
    client.end().catch(() => {});
  }
}
