import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pino } from "pino";
import { readConfig } from "../../../server/src/config/config.ts";
import { argon2id, type Hasher } from "../../../server/src/core/passwords/passwords.ts";
import type { People } from "../../../server/src/core/people/people.ts";
import { checkForeignHash } from "../../../server/src/password-checks/check-foreign-hash.ts";
import { type ServerDependencies, startServer } from "../../../server/src/server.ts";
import { copyDatabase, databaseTemplate } from "./seeded-database.ts";
import { type AuditRow, fileTrail, loggedTrail } from "./trail.ts";

/** The users of every test server. `mallory` is disabled. */
export const passwords = {
  alice: "correct horse battery",
  bob: "staple of my own",
  mallory: "was let in once",
} as const;

export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly database: string;
  /** Moves both clocks of the server forward. */
  advance(ms: number): void;
  /** Moves the wall clock forward or back. The steady clock and the clock of PostgreSQL stay. */
  stepWallClock(ms: number): void;
  now(): number;
  /** How many hash operations have run. */
  hashes(): number;
  /** The audit events since the last call. With PostgreSQL they come from the log, which has only durable ones. */
  newEvents(): AuditRow[];
  /** Adds ended sessions to the list, like another process on the same file. */
  endSessions(count: number): Promise<void>;
  /** The log lines so far. */
  logged(): readonly Record<string, unknown>[];
  readonly server: Awaited<ReturnType<typeof startServer>>;
}

/**
 * A real server on a real SQLite file, with its own time and cheap hashes.
 *
 * @param settings as environment variables, without `LATCHKEY_`
 * @param ahead how far its wall clock is ahead when it starts, in milliseconds
 * @param network from which it reads the documents of OAuth clients. Default: that of this machine
 */
export async function testServer(
  settings: Readonly<Record<string, string>> = {},
  hasher: Hasher = argon2id,
  ahead = 0,
  network?: ServerDependencies["network"],
): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-"));
  const database = settings["DATABASE"] ?? join(folder, "latchkey.db");
  const lines: string[] = [];
  const log = pino({ level: "debug" }, { write: (line: string) => void lines.push(line) });
  const seeded = mayBeSeeded(settings) && hasher === argon2id;
  const template = seeded ? await databaseTemplate(makeUsers) : undefined;
  let time = Date.now() + ahead;
  let elapsed = 0;
  let databaseTime = Date.now();
  let hashes = 0;
  if (template !== undefined) copyDatabase(template, database, time);
  const counting: Hasher = {
    hash: (...given) => {
      hashes++;
      return hasher.hash(...given);
    },
    verify: (...given) => {
      hashes++;
      return hasher.verify(...given);
    },
    checkForeign: (...given) => {
      hashes++;
      return (hasher.checkForeign ?? checkForeignHash)(...given);
    },
  };
  const server = await startServer(configOf({ DATABASE: database, ...settings }), {
    log,
    clock: () => time,
    steady: () => elapsed,
    databaseClock: () => databaseTime,
    hasher: counting,
    ...(network && { network }),
    prepare: addUsers,
  });
  const logged = () => lines.map((line): Record<string, unknown> => JSON.parse(line));
  const trail = database.startsWith("postgres:") ? loggedTrail(logged) : fileTrail(database);
  trail.newEvents();
  return {
    url: server.url,
    database,
    server,
    advance: (ms) => {
      time += ms;
      databaseTime += ms;
      elapsed += ms;
    },
    stepWallClock: (ms) => {
      time += ms;
    },
    now: () => time,
    hashes: () => hashes,
    newEvents: trail.newEvents,
    async endSessions(count) {
      const others = new DatabaseSync(database, { timeout: 5_000 });
      const end = others.prepare("insert into revocations (session_id, until) values (?, ?)");
      others.exec("begin");
      for (let one = 0; one < count; one++) end.run(`session-${one}`, time + 3_600_000);
      others.exec("commit");
      others.close();
      await server.backgroundJobs.poll();
    },
    logged,
    async [Symbol.asyncDispose]() {
      trail.close();
      await server.close();
      rmSync(folder, { recursive: true });
    },
  };
}

function configOf(settings: Readonly<Record<string, string>>) {
  const cheap = { PORT: "0", HASH_MEMORY: "64", HASH_ITERATIONS: "1" };
  const environment = Object.entries({ ...cheap, ...settings }).map(([name, value]) => [
    `LATCHKEY_${name}`,
    value,
  ]);
  return readConfig(Object.fromEntries(environment));
}

/** Whether the users of a copied database are those that the server itself would add. */
export function mayBeSeeded(settings: Readonly<Record<string, string>>): boolean {
  return !Object.keys(settings).some((name) => name === "DATABASE" || name.startsWith("HASH_"));
}

async function makeUsers(database: string): Promise<void> {
  const log = pino({ level: "silent" });
  const server = await startServer(configOf({ DATABASE: database }), { log, prepare: addUsers });
  await server.close();
}

async function addUsers(people: People): Promise<void> {
  if ((await people.list()).length > 0) return;
  const person = (username: keyof typeof passwords, roles: string[]) =>
    people.add({ username, email: `${username}@example.com`, displayName: null, roles }, passwords[username]);
  await person("alice", ["user", "premium"]);
  await person("bob", ["user"]);
  await person("mallory", ["user"]);
  await people.setActive("mallory", false);
}
