import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { queryAt } from "@latchkey/testkit/postgres/postgres-server";

/** The clock of a database, which a test sets. It stands still between changes. */
export interface DatabaseClock extends Disposable {
  advance(ms: number): void;
}

/**
 * Lets a file be the clock of a database that a server has opened: it moves at once, without a query. Several servers on
 * one database share it.
 */
export async function databaseClock(address: string): Promise<DatabaseClock> {
  const path = join(tmpdir(), `latchkey-clock-${new URL(address).pathname.slice(1)}`);
  if (!existsSync(path)) {
    writeFileSync(path, String(Date.now()));
    chmodSync(path, 0o644);
  }
  await queryAt(
    address,
    `create or replace function latchkey_now() returns bigint language sql stable
       as $$ select pg_read_file('${path}')::bigint $$`,
  );
  return {
    advance: (ms) => writeFileSync(path, String(Number(readFileSync(path, "utf8")) + ms)),
    [Symbol.dispose]: () => rmSync(path, { force: true }),
  };
}
