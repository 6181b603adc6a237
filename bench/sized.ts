import { debianBinaries } from "@latchkey/testkit/postgres/binaries";
import { PostgresServer } from "@latchkey/testkit/postgres/postgres-server";
import { HashQueue } from "../packages/server/src/core/passwords/hash-queue.ts";
import { argon2id, Passwords } from "../packages/server/src/core/passwords/passwords.ts";
import { fillPostgres, fillSqlite, type Secret, type Size } from "./fill.ts";
import { loginRequest } from "./requests.ts";
import { type Service, startLatchkey } from "./service.ts";

export type Engine = "SQLite" | "PostgreSQL";

/** A database of a given size, and a way to start a server on it. */
export interface Sized {
  start(): Promise<Service>;
  close(): Promise<void>;
}

/** The cheapest hash, so that the measurement is about everything else. */
export const cheapest = {
  LATCHKEY_HASH_MEMORY: "8",
  LATCHKEY_HASH_ITERATIONS: "1",
  LATCHKEY_ALLOW_INSECURE: "hash",
};

/** One password for all users. */
export async function cheapSecret(): Promise<Secret> {
  const password = "correct horse battery staple";
  const queue = new HashQueue({ concurrency: 1, maxWaiting: 0 });
  const hash = await new Passwords({ memory: 8, iterations: 1, parallelism: 1 }, queue, argon2id).hash(
    password,
    { address: "cli", account: "" },
  );
  return { password, hash };
}

/** Creates a database with the server's own migrations and fills it. */
export async function sizedDatabase(
  engine: Engine,
  folder: string,
  size: Size,
  secret: Secret,
): Promise<Sized> {
  const options = { folder, processor: 0 } as const;
  if (engine === "SQLite") {
    const database = `${size.users}.db`;
    const start = () => startLatchkey({ ...options, database, settings: cheapest });
    await (await start())[Symbol.asyncDispose]();
    fillSqlite(`${folder}/${database}`, size, secret);
    return { start, close: async () => {} };
  }
  const settings = { shared_buffers: "512MB", max_wal_size: "4GB" };
  const postgres = await PostgresServer.make({ binaries: debianBinaries(), settings });
  const address = await postgres.database();
  const start = () => startOn(folder, address, cheapest);
  await (await start())[Symbol.asyncDispose]();
  await fillPostgres(address, size, secret);
  return { start, close: () => postgres[Symbol.asyncDispose]() };
}

/** The `LATCHKEY_SECRET` of every server and command on PostgreSQL. */
export const sharedSecret = "only for measuring, and the same everywhere";

/** Starts the server on a PostgreSQL database. */
export function startOn(
  folder: string,
  address: string,
  settings: Readonly<Record<string, string>>,
): Promise<Service> {
  return startLatchkey({
    folder,
    processor: 0,
    settings: { LATCHKEY_DATABASE: address, LATCHKEY_SECRET: sharedSecret, ...settings },
    database: undefined,
  });
}

/** Logins of `count` users that are evenly distributed over the table. */
export function spreadLogins(users: number, count: number, { password }: Secret): string[] {
  return Array.from({ length: count }, (_, n) =>
    loginRequest(`u${Math.floor((n * users) / count)}`, password),
  );
}
