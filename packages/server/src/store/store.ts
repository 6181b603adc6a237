import type { AttemptCounter } from "../core/attempt-counter.ts";
import type { AuditTrail } from "../core/audit-events.ts";
import type { SteadyClock } from "../core/clock.ts";
import { LatchkeyError } from "../core/errors.ts";
import type { KeyStore } from "../core/key-store.ts";
import { MemoryAttemptCounter } from "../core/memory-attempt-counter.ts";
import type { RealmSessions } from "../core/realm-sessions.ts";
import type { AuditReader } from "../core/recent-events.ts";
import type { RevocationLog } from "../core/revocations.ts";
import type { SessionLife } from "../core/session-life.ts";
import type { Sessions } from "../core/sessions.ts";
import type { Users } from "../core/users.ts";
import { type AuditListener, auditTable } from "./audit.ts";
import { type AuditBound, auditBound } from "./audit-bound.ts";
import { auditReading } from "./audit-reading.ts";
import { commandEvents } from "./command-events.ts";
import { type Database, must, one, type PoolFigures } from "./database.ts";
import { type DeletionRecords, deletionRecords } from "./deletion-record.ts";
import { type Housekeeping, housekeeping } from "./housekeeping.ts";
import type { DatabasePlace } from "./place.ts";
import { realmSessionTable } from "./realm-sessions.ts";
import { revocationTable } from "./revocations.ts";
import { sessionEndings } from "./session-endings.ts";
import { sessionTable } from "./sessions.ts";
import { signingKeyTable } from "./signing-keys.ts";
import { openSqlite } from "./sqlite.ts";
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
  readonly auditBound: AuditBound;
  /**
   * Counters of attempts: shared by all replicas if the engine is.
   *
   * @param steady measures windows and the time that is left of them
   */
  attemptCounters(steady: SteadyClock): Record<"login" | "refresh", AttemptCounter>;
  /** How busy the connections are, where there are several. */
  pool(): PoolFigures | undefined;
  /** Calls back when another process may have changed keys or sessions; without it, only time tells. */
  onChange(listener: () => void): void;
  /** Tells `onAudit` what commands did since the last call; the first call notes where to begin. */
  followCommands(): Promise<void>;
  /** The time by the clock that all replicas share, in milliseconds since the epoch; absent with SQLite. */
  readonly time?: () => Promise<number>;
  /** Where the last reading of the clock is kept between two runs. */
  readonly deletionRecord: DeletionRecords;
  /** Marks sessions that ended with their user's epoch, batch by batch, until all of them are on the list. */
  finishEndings(at: number): Promise<void>;
  /** Deletes what has expired. */
  tidy: Housekeeping;
  /** Keeps disk space for the changes that must succeed on a full volume, if the database is a file. */
  takeReserve(): void;
  /** Size of the write-ahead log beside a SQLite file, in bytes. */
  logSize(): number | undefined;
  /** Empties that log, unless a reader still needs it. */
  resetLog(): void;
  /** @throws {LatchkeyError} `store_unavailable` where the database does not answer or takes no writes */
  assertReady(): Promise<void>;
  close(): Promise<void>;
}

export interface StoreOptions {
  readonly place: DatabasePlace;
  /** Told of every audit event once it is durable. */
  readonly onAudit: AuditListener;
  /** Called with a line for the log when the database works, but not as it should. */
  readonly onWarning?: (message: string) => void;
  /** A command opens the store for a moment, a server for long. Default: `server`. */
  readonly owner?: "server" | "command";
  /** How long sessions live by the settings of today; without it, as was settled when they were opened. */
  readonly sessionLife?: SessionLife;
  /** Connections to PostgreSQL at most. */
  readonly connections?: number;
  /** How long PostgreSQL may take for one answer, in milliseconds. */
  readonly timeout?: number;
}

/**
 * Opens the store and brings its schema up to date.
 *
 * @throws {NewerDatabaseError} where a newer Latchkey wrote it; {UnusableDatabaseError} where it cannot be used
 */
export async function openStore({ onAudit, sessionLife, ...options }: StoreOptions): Promise<Store> {
  const database = await openDatabase(options);
  const audit = auditTable(database, onAudit);
  const endings = sessionEndings(database);
  const time = database.time?.bind(database);
  return {
    users: userTable(database, audit, endings),
    sessions: sessionTable(database, audit, endings, sessionLife),
    finishEndings: (at) => endings.finish(at),
    realmSessions: realmSessionTable(database, audit),
    revocations: revocationTable(database),
    keys: signingKeyTable(database, audit),
    audit,
    events: auditReading(database),
    auditBound: auditBound(database, audit),
    attemptCounters: await attemptCounters(database),
    pool: () => database.pool?.(),
    onChange: (listener) => database.onChange?.(listener),
    followCommands: commandEvents(database, onAudit),
    ...(time && { time }),
    deletionRecord: deletionRecords(database),
    tidy: housekeeping(database),
    takeReserve: () => database.takeReserve?.(),
    logSize: () => database.logSize?.(),
    resetLog: () => database.resetLog?.(),
    assertReady: readiness(database),
    close: () => database.close(),
  };
}

/** The client for PostgreSQL is loaded where it is used. */
async function openDatabase(options: Omit<StoreOptions, "onAudit" | "sessionLife">): Promise<Database> {
  const { place, owner = "server", connections = 10, timeout = 3000, onWarning = () => {} } = options;
  if (place.engine === "postgres") {
    const { openPostgres } = await import("./postgres/postgres.ts");
    return openPostgres({ place, connections, timeout, listen: owner === "server", warn: onWarning });
  }
  const path = place.engine === "memory" ? ":memory:" : place.path;
  return openSqlite({ path, writer: owner === "server" ? "thread" : "inline" });
}

async function attemptCounters(database: Database): Promise<Store["attemptCounters"]> {
  if (database.writers === "one") {
    const inMemory = (steady: SteadyClock) => new MemoryAttemptCounter(steady);
    return (steady) => ({ login: inMemory(steady), refresh: inMemory(steady) });
  }
  const { sharedAttemptCounters } = await import("./postgres/shared-attempt-counters.ts");
  return sharedAttemptCounters(database);
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
