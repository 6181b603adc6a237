import { PostgresServer } from "@latchkey/testkit/postgres/postgres-server";
import { until } from "@latchkey/testkit/until";

/** A standby that follows a primary. */
export interface Standby {
  readonly server: PostgresServer;
  /** Makes the standby accept writes. */
  promote(): Promise<void>;
}

/** Makes a streaming standby of a running server and starts it. */
export async function standbyOf(primary: PostgresServer): Promise<Standby> {
  const server = await PostgresServer.onCopy(primary.binaries, (folder) => {
    const slot = `standby_${Math.random().toString(36).slice(2)}`;
    // The password is in the environment, and afterwards in the standby's own configuration.
    primary.run(
      "pg_basebackup",
      [
        ...["-h", "127.0.0.1", "-p", String(primary.port), "-U", "latchkey", "-D", folder],
        ...["-X", "stream", "-C", "-S", slot, "-R", "-c", "fast"],
      ],
      { PGPASSWORD: primary.password },
    );
  });
  await server.start();
  return {
    server,
    async promote() {
      await server.query("select pg_promote(wait => true)");
    },
  };
}

/** From now on the primary answers a commit when the standby has it on its disk. */
export async function commitOnBoth(primary: PostgresServer): Promise<void> {
  await primary.query("alter system set synchronous_standby_names = '*'");
  await primary.query("select pg_reload_conf()");
  await until(
    "the standby is synchronous",
    async () =>
      (await primary.query("select sync_state from pg_stat_replication"))[0]?.["sync_state"] === "sync",
    20_000,
  );
}
