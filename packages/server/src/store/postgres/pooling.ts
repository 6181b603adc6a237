import type { Client } from "pg";
import { closed } from "./connect.ts";
import { UnfitServer } from "./engine-errors.ts";

declare module "pg" {
  interface Client {
    /** The server process as announced at the start of the connection; null if none was. */
    readonly processID: number | null;
  }
}

const transactionPooling =
  "a pooler hands out connections by transaction, and Latchkey needs a session for prepared statements, locks and " +
  "notifications: set pool_mode=session there, or connect straight to PostgreSQL";

/** Comparisons of the server processes of two connections. */
const looks = 5;

/**
 * Checks that a connection has a server process of its own. Without a pooler, it is the process that was announced at
 * the start: one query shows that. A pooler announces another id. Then a second connection keeps a transaction open,
 * and the first connection's process must differ from it and stay the same.
 *
 * @param openAnother opens the second connection
 * @throws {UnfitServer} if two connections share a process
 */
export async function assertOwnSession(client: Client, openAnother: () => Promise<Client>): Promise<void> {
  const own = await processOf(client);
  if (own === client.processID) return;
  // A pooler by session without a free connection refuses the second one, or lets it wait until the timeout.
  const other = await openAnother().catch(() => undefined);
  if (other === undefined) return;
  try {
    for (let look = 0; look < looks; look++) await compare(client, own, other);
  } finally {
    await closed(other);
  }
}

async function compare(client: Client, own: number, other: Client): Promise<void> {
  const taken = await begin(other);
  if (taken === undefined) return;
  if (taken === own || (await processOf(client)) !== own) throw new UnfitServer(transactionPooling);
  await other.query("rollback");
}

/** @returns the server process of a new transaction; undefined if no connection was free */
async function begin(client: Client): Promise<number | undefined> {
  try {
    await client.query("begin");
    return await processOf(client);
  } catch (error) {
    if (error instanceof Error && /statement pooling/i.test(error.message))
      throw new UnfitServer(transactionPooling);
    return undefined;
  }
}

async function processOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
  return rows[0]?.pid ?? 0;
}
