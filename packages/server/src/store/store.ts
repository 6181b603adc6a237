import type { AuditTrail } from "../core/audit-events.ts";
import type { SteadyClock } from "../core/clock.ts";
import { storeUnavailable } from "../core/errors.ts";
import type { IdempotencyKeys } from "../core/idempotency-keys.ts";
import type { KnownAddresses } from "../core/mail/arrivals.ts";
import type { Outbox } from "../core/mail/outbox.ts";
import type { Authorizations } from "../core/oauth/authorizations.ts";
import type { ClientDocumentCopies } from "../core/oauth/client-document.ts";
import type { RegisteredClients } from "../core/oauth/registered-clients.ts";
import type { RegisteredResources } from "../core/oauth/resources.ts";
import type { Erasures } from "../core/people/erasures.ts";
import type { Links } from "../core/people/links.ts";
import type { UserImport } from "../core/people/user-import.ts";
import type { UserSearch } from "../core/people/user-search.ts";
import type { UserTraces } from "../core/people/user-traces.ts";
import type { Users } from "../core/people/users.ts";
import type { RealmPeople } from "../core/stories/realm-people.ts";
import type { RealmSessions } from "../core/stories/realm-sessions.ts";
import type { AuditReader } from "../core/stories/recent-events.ts";
import type { SessionLife } from "../core/stories/session-life.ts";
import type { Sessions } from "../core/stories/sessions.ts";
import type { AttemptCounter, CountedOperation } from "../core/throttle/attempt-counter.ts";
import { MemoryAttemptCounter } from "../core/throttle/memory-attempt-counter.ts";
import type { KeyStore } from "../core/tokens/key-store.ts";
import type { RevocationLog } from "../core/tokens/revocations.ts";
import { type Database, must, one } from "./database.ts";
import type { DatabasePlace } from "./place.ts";
import { openSqlite } from "./sqlite/engine.ts";
import { type NoValues, statement } from "./statement.ts";
import { type AuditListener, auditTable } from "./tables/audit.ts";
import { type AuditBound, auditBound } from "./tables/audit-bound.ts";
import { auditReading } from "./tables/audit-reading.ts";
import { authorizationTable } from "./tables/authorizations.ts";
import { clientDocumentTable } from "./tables/client-documents.ts";
import { clientEndings } from "./tables/client-endings.ts";
import { clientTable } from "./tables/clients.ts";
import { commandEvents, type UnlockListener } from "./tables/command-events.ts";
import { type DeletionRecords, deletionRecords } from "./tables/deletion-record.ts";
import { erasureTable } from "./tables/erasures.ts";
import { type Housekeeping, housekeeping } from "./tables/housekeeping.ts";
import { idempotencyKeyTable } from "./tables/idempotency-keys.ts";
import { knownAddressTable } from "./tables/known-addresses.ts";
import { linkTable } from "./tables/links.ts";
import { outboxTable } from "./tables/outbox.ts";
import { realmPeopleTable } from "./tables/realm-people.ts";
import { realmSessionTable } from "./tables/realm-sessions.ts";
import { resourceTable } from "./tables/resources.ts";
import { revocationTable } from "./tables/revocations.ts";
import { sessionEndings } from "./tables/session-endings.ts";
import { sessionTable } from "./tables/sessions.ts";
import { signingKeyTable } from "./tables/signing-keys.ts";
import { userSearch } from "./tables/user-search.ts";
import { userTraces } from "./tables/user-traces.ts";
import { userTable } from "./tables/users.ts";

/** All persistent state, and the orders and signals of its engine. */
export interface Store extends Omit<Database, "writers" | "all" | "commit"> {
  readonly users: Users;
  /** The users table for an import. Its code is loaded at its first use. */
  userImport(): Promise<UserImport>;
  readonly userSearch: UserSearch;
  readonly userTraces: UserTraces;
  readonly erasures: Erasures;
  readonly sessions: Sessions;
  readonly realmSessions: RealmSessions;
  readonly realmPeople: RealmPeople;
  readonly authorizations: Authorizations;
  readonly clients: RegisteredClients;
  readonly resources: RegisteredResources;
  readonly revocations: RevocationLog;
  readonly keys: KeyStore;
  readonly clientDocuments: ClientDocumentCopies;
  readonly links: Links;
  readonly outbox: Outbox;
  readonly knownAddresses: KnownAddresses;
  readonly idempotencyKeys: IdempotencyKeys;
  readonly audit: AuditTrail;
  readonly events: AuditReader;
  readonly auditBound: AuditBound;
  /**
   * Counters of attempts. Replicas share them if they share the engine.
   *
   * @param steady measures windows and their remaining time
   */
  attemptCounters(steady: SteadyClock): Record<CountedOperation, AttemptCounter>;
  /** Reports the events of commands since the last call to `onAudit`. The first call only sets the start. */
  pollCommandEvents(): Promise<void>;
  /** Calls back after `pollCommandEvents` has found that any process unlocked a user. */
  onUnlock(listener: UnlockListener): void;
  /** The last reading of the clock, kept between two runs. */
  readonly deletionRecord: DeletionRecords;
  /** Adds sessions that ended with their user or client to the revocations, batch by batch, until none is left. */
  finishEndings(at: number): Promise<void>;
  /** Deletes expired rows. */
  purge: Housekeeping;
  /** @throws {LatchkeyError} `store_unavailable` if the database does not answer or refuses writes */
  assertReady(): Promise<void>;
}

export interface StoreOptions {
  readonly place: DatabasePlace;
  /** Called with every audit event once it is durable. */
  readonly onAudit: AuditListener;
  /** Called when this process has committed a mail, so that the mail job need not wait for its next run. */
  readonly onMail?: () => void;
  /** Called with a line for the log if the database works with restrictions. */
  readonly onWarning?: (message: string) => void;
  /** A command opens the store for one change, a server for its whole run. Default: `server`. */
  readonly owner?: "server" | "command";
  /** The id of this process in its audit events. Default: none. */
  readonly replica?: string;
  /** Limits for all sessions by the current settings. Default: the times that were stored at their opening. */
  readonly sessionLife?: SessionLife;
  /** Maximum number of connections to PostgreSQL. */
  readonly connections?: number;
  /** Timeout for one answer of PostgreSQL, in milliseconds. */
  readonly timeout?: number;
}

const anyKey = statement<NoValues, { kid: string }>("select kid from signing_keys limit 1");

// A read alone would succeed on a volume that has become read-only, and on a standby.
const heartbeat = statement<NoValues>(`
  insert into heartbeat (id, beats) values (1, 1)
  on conflict (id) do update set beats = heartbeat.beats + 1`);

/**
 * Opens the store and brings its schema up to date.
 *
 * @throws {NewerDatabaseError} if a newer Latchkey wrote it; {UnusableDatabaseError} if it cannot be used
 */
export async function openStore({
  onAudit,
  onMail,
  replica,
  sessionLife,
  ...options
}: StoreOptions): Promise<Store> {
  const database = await openDatabase(options);
  const audit = auditTable(database, onAudit, replica, onMail);
  const endings = sessionEndings(database);
  const unlockListeners: UnlockListener[] = [];
  const endingsOfClients = clientEndings(database);
  return {
    ...database,
    users: userTable(database, audit, endings),
    userSearch: userSearch(database),
    async userImport() {
      const { userImport } = await import("./tables/user-import.ts");
      return userImport(database, audit);
    },
    userTraces: userTraces(database),
    erasures: erasureTable(database, audit),
    sessions: sessionTable(database, audit, endings, sessionLife),
    authorizations: authorizationTable(database, audit),
    clients: clientTable(database, audit, endingsOfClients, sessionLife),
    resources: resourceTable(database, audit),
    async finishEndings(at) {
      await endings.finish(at);
      await endingsOfClients.finish(at);
    },
    realmSessions: realmSessionTable(database, audit),
    realmPeople: realmPeopleTable(database, audit),
    revocations: revocationTable(database),
    keys: signingKeyTable(database, audit, endings),
    clientDocuments: clientDocumentTable(database),
    links: linkTable(database, audit),
    outbox: outboxTable(database, audit),
    knownAddresses: knownAddressTable(database),
    idempotencyKeys: idempotencyKeyTable(database),
    audit,
    events: auditReading(database),
    auditBound: auditBound(database, audit),
    attemptCounters: await attemptCounters(database),
    pollCommandEvents: commandEvents(database, onAudit, async (userId) => {
      for (const listener of unlockListeners) await listener(userId);
    }),
    onUnlock: (listener) => void unlockListeners.push(listener),
    deletionRecord: deletionRecords(database),
    purge: housekeeping(database),
    async assertReady() {
      const key = await one(database, anyKey, {});
      if (key === undefined || !(await database.commit([must(heartbeat, {})])))
        throw storeUnavailable("not ready");
    },
  };
}

/** The client for PostgreSQL is loaded only if it is used. */
async function openDatabase(
  options: Omit<StoreOptions, "onAudit" | "onMail" | "replica" | "sessionLife">,
): Promise<Database> {
  const { place, owner = "server", connections = 10, timeout = 3000, onWarning = () => {} } = options;
  if (place.engine === "postgres") {
    const { openPostgres } = await import("./postgres/engine.ts");
    return openPostgres({ place, connections, timeout, listen: owner === "server", warn: onWarning });
  }
  const path = place.engine === "memory" ? ":memory:" : place.path;
  return openSqlite({ path, writer: owner === "server" ? "thread" : "inline" });
}

async function attemptCounters(database: Database): Promise<Store["attemptCounters"]> {
  if (database.writers === "one") {
    const inMemory = (steady: SteadyClock) => new MemoryAttemptCounter(steady);
    return (steady) => ({
      login: inMemory(steady),
      refresh: inMemory(steady),
      assertion: inMemory(steady),
      reset: inMemory(steady),
      sign_up: inMemory(steady),
      link: inMemory(steady),
    });
  }
  const { sharedAttemptCounters } = await import("./postgres/shared-attempt-counter.ts");
  return sharedAttemptCounters(database);
}
