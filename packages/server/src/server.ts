import { once } from "node:events";
import { createServer } from "node:net";
import { type BackgroundJobs, startBackgroundJobs } from "./background-jobs.ts";
import type { Network } from "./client-documents/network.ts";
import { ClockWatch } from "./clock-watch.ts";
import { composeApp } from "./composition/app.ts";
import { assertBreachFilter } from "./composition/breach-filter.ts";
import { openKeys } from "./composition/keys.ts";
import { composeMail } from "./composition/mail.ts";
import { composeStories } from "./composition/stories.ts";
import type { Config } from "./config/config.ts";
import { mailWay } from "./config/mail-way.ts";
import { assertNotLost } from "./config/secret-file.ts";
import { serverUrl } from "./config/server-url.ts";
import type { Clock, SteadyClock } from "./core/clock.ts";
import { secondsOf } from "./core/clock-offset.ts";
import type { Hasher } from "./core/passwords/passwords.ts";
import type { People } from "./core/people/people.ts";
import { isLoopback } from "./core/throttle/addresses.ts";
import type { Log } from "./log.ts";
import { MailMetrics } from "./metrics/mail-metrics.ts";
import { OAuthMetrics } from "./metrics/oauth-metrics.ts";
import { RepeatMetrics } from "./metrics/request-metrics.ts";
import { retryUnavailable } from "./repeated-work.ts";
import { shownPlace } from "./store/place.ts";
import { assertPrivate } from "./store/sqlite/file-modes.ts";
import { openStore, type Store } from "./store/store.ts";

/** Dependencies that a caller may replace: tests control the time and count hashes. */
export interface ServerDependencies {
  readonly log: Log;
  /** Log lines that could not be written, for monitoring. */
  readonly lostLogLines?: () => number;
  readonly clock?: Clock;
  readonly steady?: SteadyClock;
  /** Replaces the clock of a shared database. */
  readonly databaseClock?: Clock;
  readonly hasher?: Hasher;
  /** The network that client documents are read from. Default: that of this machine. */
  readonly network?: Network;
  /** How long a closing server keeps idle connections, in milliseconds: a proxy may be sending on one. */
  readonly idleGrace?: number;
  /** Work before the first request, such as adding the first users. */
  readonly prepare?: (people: People) => Promise<void>;
}

/** A running server. */
export interface Server {
  /** The address that it listens on, such as `http://127.0.0.1:8000`. */
  readonly url: string;
  readonly people: People;
  readonly backgroundJobs: BackgroundJobs;
  /** Finishes open requests, writes every acknowledged change, and closes the database. */
  close(): Promise<void>;
}

/**
 * Starts a server: database, clocks, keys, stories, app, background jobs.
 *
 * @throws an error with the cause and the cure in one line
 */
export async function startServer(config: Config, dependencies: ServerDependencies): Promise<Server> {
  const { log, clock = Date.now, steady = () => performance.now() } = dependencies;
  const { databaseClock, hasher, network, lostLogLines, idleGrace = 0 } = dependencies;
  const { host } = config;
  await using reserved = config.port === 0 ? await reservePort(host) : undefined;
  const port = reserved?.port ?? config.port;
  const url = serverUrl({ host, port });
  const issuer = config.issuer ?? url;

  if (config.database.engine === "sqlite") {
    assertNotLost(config.database.path);
    assertPrivate(config.database.path);
  }
  await assertBreachFilter(config);
  const repeats = new RepeatMetrics();
  const oauthMetrics = new OAuthMetrics();
  const mailMetrics = new MailMetrics();
  let mailWritten = () => {};
  const store = await openConfiguredStore(config, log, [repeats, oauthMetrics], () => mailWritten());
  try {
    await retryUnavailable(() => store.pollCommandEvents());
    const time = store.time && databaseClock ? async () => databaseClock() : store.time;
    const clocks = { store: { deletionRecord: store.deletionRecord, ...(time && { time }) }, clock, steady };
    const clockWatch = await retryUnavailable(() => ClockWatch.open({ ...clocks, log }));

    const foundation = { config, issuer, store, clock, steady, log };
    const keys = await openKeys(foundation);
    const stories = await composeStories({ ...foundation, keys, hasher, network, oauthMetrics });
    const { people, realm, counters } = stories;
    const { openLinks } = stories;
    const mail = await composeMail({ ...foundation, openLinks, mailMetrics, databaseTime: time });
    mailWritten = () => mail?.job.wake();
    const appParts = {
      mail,
      mailMetrics,
      keys,
      stories,
      clockWatch,
      repeats,
      oauthMetrics,
      lostLogLines,
      idleGrace,
    };
    const app = await composeApp({ ...foundation, ...appParts });

    if (config.provider === "local") await retryUnavailable(async () => dependencies.prepare?.(people));
    await reserved?.[Symbol.asyncDispose]();
    await app.listen({ host, port });
    const providerJobs = realm?.jobs ?? [];
    const mailJob = mail?.job;
    const { pseudonymOf } = stories;
    const jobParts = { ...foundation, ...keys, counters, clockWatch, providerJobs, mailJob, pseudonymOf };
    const backgroundJobs = startBackgroundJobs(jobParts);
    warnOfMissingSettings(config, issuer, log);
    const clockOffsetSeconds = clockWatch.offset && secondsOf(clockWatch.offset.offset);
    log.info(
      { url, issuer, database: shownPlace(config.database), clockOffsetSeconds },
      `listening at ${url}`,
    );
    return {
      url,
      people,
      backgroundJobs,
      async close() {
        await app.close();
        await backgroundJobs.stop();
        realm?.close();
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Opens the store. Every audit event that became durable is counted and logged. */
function openConfiguredStore(
  config: Config,
  log: Log,
  metrics: readonly Pick<RepeatMetrics, "note">[],
  onMail: () => void,
): Promise<Store> {
  return openStore({
    onMail,
    place: config.database,
    connections: config.databasePool,
    timeout: config.databaseTimeout,
    sessionLife: { idle: config.sessionIdle, max: config.sessionMax },
    replica: config.replica,
    onAudit({ name, at: _, replica: recordedBy, ...event }) {
      for (const metric of metrics) metric.note({ name, ...event });
      // The log's own field `replica` names the writer of the line.
      log.info({ event: name, ...event, ...(recordedBy !== undefined && { recordedBy }) }, name);
    },
    onWarning: (message) => log.warn(message),
  });
}

/** Warns of absent settings that a server for other machines needs. */
function warnOfMissingSettings(config: Config, issuer: string, log: Log): void {
  if (config.issuer === undefined && /^(0\.0\.0\.0|::)$/.test(config.host)) {
    log.warn(
      { issuer },
      "LATCHKEY_ISSUER is not set: tokens contain an address that other machines cannot reach",
    );
  }
  if (config.issuer === undefined && config.database.engine === "postgres") {
    log.warn({ issuer }, "LATCHKEY_ISSUER is not set: other replicas reject the tokens of this one");
  }
  if (config.signUp !== "off" && mailWay(config) === undefined) {
    log.warn("LATCHKEY_SIGN_UP has no effect without mail: set LATCHKEY_SMTP_URL and LATCHKEY_MAIL_FROM");
  }
  if (!isLoopback(config.host) && config.guardKeys.length === 0) {
    log.warn("LATCHKEY_GUARD_KEYS is not set: guards cannot read the revocation list");
  }
}

/**
 * Finds a free port for the setting 0, and keeps it until it is disposed of. The default issuer contains the port, and
 * keys and routes need the issuer before the server listens. Without the reservation, a busy machine gives the port to
 * another program while the server opens its database.
 */
async function reservePort(host: string): Promise<{ readonly port: number } & AsyncDisposable> {
  const holder = createServer().listen(0, host);
  await once(holder, "listening");
  const bound = holder.address();
  if (bound === null || typeof bound === "string") throw new Error("no free port");
  return {
    port: bound.port,
    async [Symbol.asyncDispose]() {
      if (!holder.listening) return;
      holder.close();
      await once(holder, "close");
    },
  };
}
