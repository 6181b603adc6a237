import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "pg";
import { UnusableDatabaseError } from "../database.ts";
import { type PostgresHost, type PostgresPlace, shownPlace } from "../place.ts";
import type { Timeouts } from "./client-options.ts";
import { closed, configure, openConnection } from "./connect.ts";
import { isConnectionLimit, logReasonOf, stateOf, UnfitServer } from "./engine-errors.ts";
import { assertOwnSession } from "./pooling.ts";

/** How long a start waits for a database that is starting too, in milliseconds. */
const startTimeout = 10_000;
/** Milliseconds between two attempts. */
const retryDelay = 250;
/** Timeouts of the second connection that detects a pooler, in milliseconds. */
const probeTimeouts: Timeouts = { answer: 1000, connect: 1000 };

/** Advice for an operator, by SQLSTATE. */
const advice: Readonly<Record<string, string>> = {
  "28P01": "the password is wrong: correct LATCHKEY_DATABASE",
  "28000": "this user may not connect: correct LATCHKEY_DATABASE, or the server's pg_hba.conf",
  "3D000": "the database does not exist: create it with `createdb`, or correct LATCHKEY_DATABASE",
  "53300":
    "all connections that the user, the database or the server may have are in use: raise the limit, or lower LATCHKEY_DATABASE_POOL",
  "3F000":
    "the schema does not exist: create it with `create schema`, or correct `schema` in LATCHKEY_DATABASE",
  "55P03":
    "another transaction, such as a running backup, holds a table that an upgrade changes: start again when it has ended",
  "42501": "the user may not make tables there: make it the owner of the database",
};

/**
 * Connects to the primary and runs `work` there. Retries while the server may still be starting. Permanent errors are
 * thrown at once.
 *
 * @throws {UnusableDatabaseError} with advice in one line
 */
export async function firstConnection<Result>(
  place: PostgresPlace,
  timeouts: Timeouts,
  work: (client: Client, host: PostgresHost) => Promise<Result>,
): Promise<Result> {
  for (const deadline = performance.now() + startTimeout; ; await sleep(retryDelay)) {
    try {
      return await connectFirst(place, timeouts, work);
    } catch (error) {
      if (performance.now() > deadline || !(error instanceof NotReadyYet)) throw error;
    }
  }
}

/** The primary may answer soon, so a retry makes sense. */
class NotReadyYet extends UnusableDatabaseError {}

/** The same as `firstConnection`, without retries. */
export async function connectFirst<Result>(
  place: PostgresPlace,
  timeouts: Timeouts,
  work: (client: Client, host: PostgresHost) => Promise<Result>,
): Promise<Result> {
  let problem: unknown;
  for (const host of place.hosts) {
    let client: Client | undefined;
    try {
      client = await openConnection(place, host, timeouts);
      await assertOwnSession(client, () => openConnection(place, host, probeTimeouts));
      await configure(client, place, timeouts);
      const { rows } = await client.query("select pg_is_in_recovery() as reads");
      if (rows[0]?.reads !== false) throw new Error("it is a standby and takes no writes");
      return await work(client, host);
    } catch (error) {
      problem = error;
      if (isPermanent(error)) throw asUnusable(place, error);
    } finally {
      // With a connection limit of one, the pool can open none before this one is closed.
      if (client !== undefined) await closed(client);
    }
  }
  throw new NotReadyYet(asUnusable(place, problem).message);
}

/** Errors that a retry cannot repair: a refusal by a running engine, missing TLS, a wrong certificate. */
function isPermanent(error: unknown): boolean {
  const state = stateOf(error);
  if (state !== undefined) return !state.startsWith("57P0") && !isConnectionLimit(error);
  return (
    error instanceof UnusableDatabaseError ||
    error instanceof UnfitServer ||
    isWithoutTls(error) ||
    isCertificateProblem(error)
  );
}

function isWithoutTls(error: unknown): error is Error {
  return error instanceof Error && /does not support SSL/i.test(error.message);
}

function isCertificateProblem(error: unknown): error is Error {
  return error instanceof Error && "code" in error && /CERT|SIGNATURE|ALTNAME/.test(String(error.code));
}

function asUnusable(place: PostgresPlace, error: unknown): UnusableDatabaseError {
  if (error instanceof UnusableDatabaseError) return error;
  return new UnusableDatabaseError(`cannot use ${shownPlace(place)}: ${adviceFor(error)}`);
}

function adviceFor(error: unknown): string {
  if (isWithoutTls(error))
    return "the server does not speak TLS: set it up there, or add ?sslmode=disable if the network is private";
  if (isCertificateProblem(error))
    return `the server's certificate is not trusted (${error.message}): give its authority with ?sslrootcert=FILE, or encrypt without a check with ?sslmode=require`;
  if (error instanceof UnfitServer) return error.message;
  const state = stateOf(error);
  const reason = logReasonOf(error);
  if (state === undefined) return `${reason}: start it, or correct LATCHKEY_DATABASE`;
  // A server that answers is running, so the advice to start it would be wrong.
  return advice[state] ?? `${reason}: ${adviceForRefusal(reason)}`;
}

function adviceForRefusal(reason: string): string {
  if (/unsupported startup parameter/.test(reason))
    return "the pooler in front of PostgreSQL does not take it: leave it out of LATCHKEY_DATABASE, or allow it there";
  return "repair it on the server, or correct LATCHKEY_DATABASE";
}
