import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { createVerifier } from "@latchkey/guard/verifier";
import type { FastifyInstance } from "fastify";
import { type Chores, startChores } from "./chores.ts";
import { ClockWatch } from "./clock-watch.ts";
import type { Config } from "./config.ts";
import { AccessTokens } from "./core/access-tokens.ts";
import { isLoopback } from "./core/addresses.ts";
import { createAdministration } from "./core/administration.ts";
import { serverActor } from "./core/audit-events.ts";
import { sharedCheck } from "./core/cached-read.ts";
import type { Clock, SteadyClock } from "./core/clock.ts";
import { createCurrentUser, createTokenCheck, createUserOf } from "./core/current-user.ts";
import { deriveKeys } from "./core/derived-keys.ts";
import { LatchkeyError } from "./core/errors.ts";
import { HashQueue } from "./core/hash-queue.ts";
import { createOwnSessions } from "./core/own-sessions.ts";
import { type Hasher, Passwords } from "./core/passwords.ts";
import { People } from "./core/people.ts";
import { createRecentEvents } from "./core/recent-events.ts";
import { createRefresh } from "./core/refresh.ts";
import { RefreshTokens } from "./core/refresh-tokens.ts";
import { Revocations } from "./core/revocations.ts";
import { createSignIn } from "./core/sign-in.ts";
import { createSignOut } from "./core/sign-out.ts";
import { signingAlgorithms } from "./core/signing-key-pair.ts";
import { SigningKeys } from "./core/signing-keys.ts";
import { Throttle } from "./core/throttle.ts";
import { version } from "./core/version.ts";
import { createApp } from "./http/app.ts";
import { localAccounts } from "./identity/local.ts";
import type { Log } from "./log.ts";
import { lazyMcpEndpoint } from "./mcp/lazy-endpoint.ts";
import { exposition } from "./metrics/exposition.ts";
import { RepeatFigures } from "./metrics/repeat-figures.ts";
import { RequestFigures } from "./metrics/request-figures.ts";
import { serverFigures } from "./metrics/server-figures.ts";
import { openRealmProvider } from "./realm-provider.ts";
import { assertNotLost, keptSecret } from "./secret-file.ts";
import { type DatabasePlace, shownPlace } from "./store/place.ts";
import { openStore, type Store } from "./store/store.ts";

/** What a server may be given from outside: tests bring their own time and count its hashes. */
export interface Surroundings {
  readonly log: Log;
  /** Log lines that could not be written, for monitoring. */
  readonly lostLogLines?: () => number;
  readonly clock?: Clock;
  readonly steady?: SteadyClock;
  /** The clock of a shared database, instead of asking the database. */
  readonly databaseClock?: Clock;
  readonly hasher?: Hasher;
  /** How long idle connections are kept while the server closes, in milliseconds: a proxy may be using one. */
  readonly idleGrace?: number;
  /** Done before the first request is taken, such as making the first users. */
  readonly prepare?: (people: People) => Promise<void>;
}

export interface Server {
  /** Where it listens, such as `http://127.0.0.1:8000`. */
  readonly url: string;
  readonly people: People;
  readonly chores: Chores;
  /** Finishes what is in flight, writes out what was acknowledged, closes the database. */
  close(): Promise<void>;
}

/**
 * Starts a server: settings, database, keys, the parts of the core, the edge, in this order.
 *
 * @throws where a part will not start: the message says in one line what to do
 */
export async function serve(config: Config, surroundings: Surroundings): Promise<Server> {
  const { log, clock = Date.now, steady = () => performance.now() } = surroundings;
  const port = config.port === 0 ? await freePort(config.host) : config.port;
  const address = `http://${config.host.includes(":") ? `[${config.host}]` : config.host}:${port}`;
  const issuer = config.issuer ?? address;

  if (config.database.engine === "sqlite") assertNotLost(config.database.path);
  const repeats = new RepeatFigures();
  const store = await openStore({
    place: config.database,
    connections: config.databasePool,
    timeout: config.databaseTimeout,
    sessionLife: { idle: config.sessionIdle, max: config.sessionMax },
    onAudit({ name, at: _, ...event }) {
      repeats.note({ name, ...event });
      log.info({ event: name, ...event }, name);
    },
    onWarning: (message) => log.warn(message),
  });
  try {
    await patiently(() => store.followCommands());
    const time = store.time && sharedTime(store.time, surroundings.databaseClock);
    const clockWatch = await patiently(() =>
      ClockWatch.open({
        store: { deletionRecord: store.deletionRecord, ...(time && { time }) },
        clock,
        steady,
        log,
      }),
    );
    const parts = await assemble(config, issuer, store, {
      ...surroundings,
      clock,
      steady,
      clockWatch,
      repeats,
    });
    if (config.provider === "local") await patiently(async () => surroundings.prepare?.(parts.people));
    await parts.app.listen({ host: config.host, port });
    const chores = startChores({ ...parts, store, config, clock, clockWatch, log });
    if (config.issuer === undefined && /^(0\.0\.0\.0|::)$/.test(config.host)) {
      log.warn(
        { issuer },
        "LATCHKEY_ISSUER is not set: tokens name an address that other machines cannot reach",
      );
    }
    if (config.issuer === undefined && config.database.engine === "postgres") {
      log.warn({ issuer }, "LATCHKEY_ISSUER is not set: another replica refuses the tokens of this one");
    }
    if (!isLoopback(config.host) && config.guardKeys.length === 0) {
      log.warn("LATCHKEY_GUARD_KEYS is not set: guards cannot follow the sessions that end here");
    }
    log.info({ url: address, issuer, database: shownPlace(config.database) }, `listening at ${address}`);
    return {
      url: address,
      people: parts.people,
      chores,
      async close() {
        await parts.app.close();
        await chores.stop();
        parts.closeProvider();
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** The clocks are settled, and the repeats are counted from the moment in which the store opens. */
interface AssemblyParts extends Surroundings {
  readonly clock: Clock;
  readonly steady: SteadyClock;
  readonly clockWatch: ClockWatch;
  readonly repeats: RepeatFigures;
}

function sharedTime(ask: () => Promise<number>, given: Clock | undefined): () => Promise<number> {
  return given === undefined ? ask : async () => given();
}

async function assemble(
  config: Config,
  issuer: string,
  store: Store,
  { log, lostLogLines, clock, steady, clockWatch, repeats, hasher, idleGrace = 0 }: AssemblyParts,
) {
  const { users, sessions, audit } = store;
  const audience = config.audience ?? [issuer];
  const derived = deriveKeys(config.secret ?? (await ownSecret(config.database, store)));

  const keyParts = { store: store.keys, sealing: derived.sealing, clock, steady };
  const signingKeys = await patiently(() =>
    SigningKeys.open({ ...keyParts, algorithm: config.signingAlgorithm }),
  );
  const revocations = new Revocations(store.revocations, {
    clock,
    steady,
    tokenLifetime: config.accessTokenTtl,
  });
  await patiently(() => revocations.poll());
  const guard = createVerifier({
    issuer,
    audience,
    algorithms: signingAlgorithms,
    clockTolerance: 0,
    keys: { get: (kid) => signingKeys.publicKey(kid), refresh: () => signingKeys.renew() },
    revocations,
    now: clock,
  });
  const check = createTokenCheck(guard);
  const tokens = new AccessTokens(
    { issuer, audience, lifetime: config.accessTokenTtl },
    () => signingKeys.signer,
    clock,
  );
  const refreshTokens = new RefreshTokens(derived);

  const queue = new HashQueue({ concurrency: config.hashConcurrency, places: config.hashQueue });
  const cost = { memory: config.hashMemory, iterations: config.hashIterations, parallelism: 1 };
  const passwords = new Passwords(cost, queue, hasher);
  const policy = { minLength: config.passwordMinLength };
  const people = new People({ users, passwords, policy, clock, by: serverActor });
  const accounts = localAccounts(users, passwords, derived.fingerprint);

  const counters = store.attemptCounters(steady);
  const rules = {
    pair: config.throttlePair,
    account: config.throttleAccount,
    address: config.throttleAddress,
  };
  const known = config.provider === "keycloak" ? store.realmSessions : sessions;
  const throttle = new Throttle({ rules, counters, sessions: known, audit, clock });
  const grace = { same_address: config.refreshGraceSameAddress, other_address: config.refreshGrace };
  const times = { idle: config.sessionIdle, max: config.sessionMax, grace };
  const stories = {
    accounts,
    users: accounts,
    throttle,
    sessions,
    revocations,
    refreshTokens,
    tokens,
    audit,
    check,
  };
  const life = { ...stories, clock, steady };

  const userOf = createUserOf(accounts, { now: clock, steady });
  const resource = `${issuer}/mcp`;
  const tools = lazyMcpEndpoint({
    guard,
    resource,
    origins: mcpOrigins(config.corsOrigins),
    userOf,
    ownSessions: createOwnSessions({ ...life, longestGrace: config.refreshGraceSameAddress }),
    administration: createAdministration({ ...life, people }),
    recentEvents: createRecentEvents(users, store.events),
    log,
  });

  const realm =
    config.provider === "keycloak"
      ? await openRealmProvider({ config, store, revocations, derived, throttle, grace, clock, steady, log })
      : undefined;
  const operations = realm?.stories ?? {
    signIn: createSignIn({ ...life, settings: { ...times, mostSessions: config.sessionsPerUser } }),
    refresh: createRefresh({ ...life, settings: { ...times, currentToken: config.currentToken === "on" } }),
    currentUser: createCurrentUser(check, userOf),
    signOut: createSignOut(life),
  };
  const figures = new RequestFigures();
  // A proxy that is trusted at a loopback address would pass strangers off as programs on this machine.
  const local =
    isLoopback(config.host) && isLoopback(new URL(issuer).hostname) && config.trustedProxies.length === 0;
  const app: FastifyInstance = await createApp({
    ...operations,
    issuer,
    host: config.host,
    allowedHosts: config.allowedHosts,
    hstsSubdomains: config.hstsSubdomains === "on",
    foreign: realm?.foreign,
    keySet: () =>
      realm === undefined
        ? { keys: signingKeys.keySet.keys, current: signingKeys.keySetIsCurrent }
        : { keys: [], current: true },
    assertReady: sharedCheck(async () => {
      await store.assertReady();
      await realm?.assertReady();
    }, steady),
    warnings: () => (clockWatch.warning === undefined ? [] : [clockWatch.warning]),
    trustedProxies: config.trustedProxies,
    forwardedHeader: config.forwardedHeader,
    corsOrigins: config.corsOrigins,
    revocationFeed: {
      revocations,
      guardKeys: config.guardKeys,
      local,
    },
    idleGrace,
    metrics: {
      requests: figures,
      read: () =>
        exposition([
          ...figures.families(),
          ...repeats.families(),
          ...serverFigures({
            queue,
            revocations,
            pool: store.pool,
            logSize: store.logSize,
            lostLogLines,
            clocks: clockWatch,
            version,
          }),
        ]),
      keys: config.metricsKeys,
      local,
    },
    mcp: config.mcp === "on" ? { endpoint: tools, resource } : undefined,
    log,
  });
  const more = realm === undefined ? [] : [realm.stories.chore];
  const closeProvider = () => realm?.close();
  return { app, people, signingKeys, revocations, counters: Object.values(counters), more, closeProvider };
}

/** How long a database that was there a moment ago may fail while the server starts, in milliseconds. */
const startPatience = 10_000;

/** Does what a start needs of the database, again where it is slow or goes away for a moment. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (const deadline = performance.now() + startPatience; ; await delay(100)) {
    try {
      return await work();
    } catch (error) {
      const mends = error instanceof LatchkeyError && error.code === "store_unavailable";
      if (!mends || performance.now() > deadline) throw error;
    }
  }
}

/** The pages that may call `/mcp` besides the server's own; undefined for those of this machine, if it is on it. */
function mcpOrigins(allowed: readonly string[]): readonly string[] | "*" | undefined {
  if (allowed.length === 0) return undefined;
  return allowed.includes("*") ? "*" : allowed;
}

/** The secret of a server that was given none. */
async function ownSecret(place: DatabasePlace, store: Store): Promise<string> {
  if (place.engine !== "sqlite") return randomBytes(32).toString("base64url");
  return keptSecret(place.path, (await store.keys.all()).length > 0);
}

/** A port that is free now. The issuer stands in every token, so it must be known before the first. */
async function freePort(host: string): Promise<number> {
  const probe = createServer().listen(0, host);
  await once(probe, "listening");
  const bound = probe.address();
  probe.close();
  await once(probe, "close");
  if (bound === null || typeof bound === "string") throw new Error("no free port");
  return bound.port;
}
