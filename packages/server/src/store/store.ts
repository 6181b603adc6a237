import { LatchkeyError } from "../core/errors.ts";
import type { AuditReader, AuditTrail, KeyStore, RevocationLog, Sessions, Users } from "../core/ports.ts";
import type { RealmSessions } from "../core/realm-sessions.ts";
import { type AuditListener, auditTable } from "./audit.ts";
import { auditReading } from "./audit-reading.ts";
import { commandEvents } from "./command-events.ts";
import { type Database, must, one } from "./database.ts";
import { housekeeping } from "./housekeeping.ts";
import { realmSessionTable } from "./realm-sessions.ts";
import { revocationTable } from "./revocations.ts";
import { sessionTable } from "./sessions.ts";
import { signingKeyTable } from "./signing-keys.ts";
import { openSqlite, type SqliteOptions } from "./sqlite.ts";
import { statement } from "./statement.ts";
import { userTable } from "./users.ts";

/** Where all state lives. */
export interface Store {
  readonly users: Users;
  readonly sessions: Sessions;
  readonly realmSessions: RealmSessions;
  readonly revocations: RevocationLog;
  readonly keys: KeyStore;
  readonly audit: AuditTrail;
  readonly events: AuditReader;
  /** Tells `onAudit` what commands did since the last call; the first call notes where to begin. */
  followCommands(): Promise<void>;
  /** Deletes what has expired. Both in milliseconds. */
  tidy(now: number, auditRetention: number): Promise<void>;
  /** @throws {LatchkeyError} `store_unavailable` where the database does not answer or takes no writes */
  assertReady(): Promise<void>;
  close(): Promise<void>;
}

export interface StoreOptions extends SqliteOptions {
  /** Told of every audit event once it is durable. */
  readonly onAudit: AuditListener;
}

/**
 * Opens the store and brings its schema up to date.
 *
 * @throws {NewerDatabaseError} where a newer Latchkey wrote it
 */
export async function openStore({ onAudit, ...options }: StoreOptions): Promise<Store> {
  const database = await openSqlite(options);
  const audit = auditTable(database, onAudit);
  return {
    users: userTable(database, audit),
    sessions: sessionTable(database, audit),
    realmSessions: realmSessionTable(database, audit),
    revocations: revocationTable(database),
    keys: signingKeyTable(database, audit),
    audit,
    events: auditReading(database),
    followCommands: commandEvents(database, onAudit),
    tidy: housekeeping(database),
    assertReady: readiness(database),
    close: () => database.close(),
  };
}

function readiness(database: Database): () => Promise<void> {
  const look = statement<Record<string, never>>()(() =>
    database.query.selectFrom("signing_keys").select("kid").limit(1),
  );
  const write = statement<Record<string, never>>()(() =>
    database.query
      .insertInto("heartbeat")
      .values({ id: 1, beats: 1 })
      .onConflict((conflict) =>
        conflict.column("id").doUpdateSet((set) => ({ beats: set("heartbeat.beats", "+", 1) })),
      ),
  );
  return async () => {
    const key = await one(database, look, {});
    if (key === undefined || !(await database.commit([must(write, {})]))) {
      throw new LatchkeyError("store_unavailable", { reason: "not ready", retryAfter: 1 });
    }
  };
}
