import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "pg";
import type { PostgresHost, PostgresPlace } from "../place.ts";
import type { Timeouts } from "./client-options.ts";
import { closed, connect } from "./connect.ts";
import type { ConnectionPool } from "./connection-pool.ts";

/** Timeout for the answer of a host, in milliseconds. */
const answerTimeout = 1000;

const readsOnly = "select pg_is_in_recovery() or current_setting('transaction_read_only') = 'on' as reads";

/**
 * Asks all hosts concurrently, each over a new connection and over an open one of its pool. A server at its connection
 * limit answers only on the open one.
 *
 * @returns the first host that takes writes
 * @throws {AggregateError} with the error of each host, if none takes writes
 */
export function findPrimary(
  place: PostgresPlace,
  timeouts: Timeouts,
  pools: ReadonlyMap<PostgresHost, ConnectionPool>,
): Promise<PostgresHost> {
  const short = Math.min(timeouts.answer, answerTimeout);
  return Promise.any(
    place.hosts.flatMap((host) => {
      const pool = pools.get(host);
      const fresh = askOnNewConnection(place, host, { connect: short, answer: short });
      return pool === undefined || pool.figures.size === 0 ? [fresh] : [fresh, askOnPool(pool, host, short)];
    }),
  );
}

async function askOnNewConnection(
  place: PostgresPlace,
  host: PostgresHost,
  timeouts: Timeouts,
): Promise<PostgresHost> {
  const client = await connect(place, host, timeouts);
  try {
    return await ask(client, host);
  } finally {
    // The server has released the slot before the pool needs it.
    await closed(client);
  }
}

/** A connection that exceeds the timeout returns to its pool after its answer: it may be slow, not broken. */
async function askOnPool(pool: ConnectionPool, host: PostgresHost, timeout: number): Promise<PostgresHost> {
  const answer = pool.acquire().then(async (client) => {
    try {
      const found = await ask(client, host);
      pool.release(client);
      return found;
    } catch (error) {
      pool.release(client, true);
      throw error;
    }
  });
  const late = sleep(timeout, undefined, { ref: false }).then(() => {
    throw new Error(`${host.host}:${host.port} does not answer in time`);
  });
  return Promise.race([answer, late]);
}

async function ask(client: Client, host: PostgresHost): Promise<PostgresHost> {
  const { rows } = await client.query<{ reads: boolean }>(readsOnly);
  if (rows[0]?.reads !== false) throw new Error(`${host.host}:${host.port} takes no writes: it is a standby`);
  return host;
}
