import type { Network } from "../client-documents/network.ts";
import { mailWay } from "../config/mail-way.ts";
import { serverActor } from "../core/audit-events.ts";
import { LatchkeyError } from "../core/errors.ts";
import { atFirstUse } from "../core/first-use.ts";
import { createArrivals } from "../core/mail/arrivals.ts";
import type { Resources } from "../core/oauth/resources.ts";
import { nameFingerprints } from "../core/passwords/account-names.ts";
import { HashQueue } from "../core/passwords/hash-queue.ts";
import { type ForeignCheck, type Hasher, Passwords } from "../core/passwords/passwords.ts";
import { createPseudonyms } from "../core/people/erasures.ts";
import { People } from "../core/people/people.ts";
import { createCurrentUser, createUserOf } from "../core/stories/current-user.ts";
import { createOwnSessions } from "../core/stories/own-sessions.ts";
import { createRecentEvents } from "../core/stories/recent-events.ts";
import { createRefresh } from "../core/stories/refresh.ts";
import { createSignIn } from "../core/stories/sign-in.ts";
import { createSignOut } from "../core/stories/sign-out.ts";
import { forgetAccount } from "../core/throttle/forget-account.ts";
import { Throttle } from "../core/throttle/throttle.ts";
import type { AccountMount } from "../http/account/account-app.ts";
import type { AdminMount } from "../http/admin/admin-app.ts";
import { localAccounts } from "../identity/local.ts";
import type { OAuthMetrics } from "../metrics/oauth-metrics.ts";
import type { Foundation, Keys } from "./keys.ts";
import { lazyOAuth } from "./lazy-oauth.ts";
import { lazySelfService } from "./lazy-self-service.ts";
import { lazyUserChanges } from "./lazy-user-changes.ts";
import { passwordRulesOf } from "./password-rules.ts";
import { composeTools } from "./tools.ts";

/** The parts that the stories are composed with. */
export interface StoryParts extends Foundation {
  readonly keys: Keys;
  readonly hasher: Hasher | undefined;
  readonly oauthMetrics: OAuthMetrics;
  /** See `lazyOAuth`. */
  readonly network: Network | undefined;
}

/** The stories of the core, and the parts that other code needs besides. */
export type Stories = Awaited<ReturnType<typeof composeStories>>;

/** Composes the four stories and the built-in tools: with local users, or with those of a Keycloak realm. */
export async function composeStories({ config, issuer, store, keys, hasher, ...parts }: StoryParts) {
  const { clock, steady, log } = parts;
  const { users, sessions, audit } = store;
  const { keyring, check } = keys;
  const [fingerprint] = keyring.fingerprints;

  const queue = new HashQueue({ concurrency: config.hashConcurrency, maxWaiting: config.hashQueue });
  const cost = { memory: config.hashMemory, iterations: config.hashIterations, parallelism: 1 };
  const passwords = new Passwords(cost, queue, hasher, foreignCheck());
  const passwordRules = passwordRulesOf(config, {
    issuer,
    steady,
    onUnavailable: (message) => log.warn(message),
  });
  const failures = config.passwordRules === "nist" ? store.passwordFailures : undefined;
  const accounts = localAccounts(users, passwords, fingerprint, failures);

  const rules = {
    pair: config.throttlePair,
    account: config.throttleAccount,
    address: config.throttleAddress,
  };
  const counters = store.attemptCounters(steady);
  const pseudonymOf = createPseudonyms(async () => keyring.first.pseudonym);
  const changes = lazyUserChanges({
    ...{ config, store, passwords, passwordRules, clock, counters },
    pseudonymOf,
    refuseEnded: () => keys.revocations.poll(),
  });
  store.onUnlock((userId) => forgetAccount(counters, userId));
  const people = new People({ users, changes, passwords, passwordRules, clock, by: serverActor });
  const opened = config.provider === "keycloak" ? store.realmSessions : sessions;
  const throttle = new Throttle({
    rules,
    counters,
    sessions: opened,
    audit,
    clock,
    accountSuffix: nameFingerprints(fingerprint)("accounts"),
  });

  const grace = {
    same_address: config.refreshGraceSameAddress,
    other_address: config.refreshGrace,
    client: config.oauthRefreshGrace,
  };
  const times = { idle: config.sessionIdle, max: config.sessionMax, grace };
  const arrivalOf =
    mailWay(config) === undefined
      ? undefined
      : createArrivals({
          knownAddresses: store.knownAddresses,
          keys: [keyring.first, ...keyring.others],
          language: config.mailLanguage,
          clock,
        });
  const shared = { ...keys, accounts, users: accounts, throttle, sessions, audit, clock, steady, arrivalOf };

  const userOf = createUserOf(accounts, { now: clock, steady });
  const longestGrace = Math.max(grace.same_address, grace.client);
  const ownSessions = createOwnSessions({ ...shared, longestGrace });
  // Imported here, so servers with local users do not load the Keycloak client.
  const provider = config.provider === "keycloak" ? await import("./realm.ts") : undefined;
  const realm = await provider?.openRealmProvider({ ...parts, config, issuer, store, keys, throttle, grace });
  const signIn = { ...shared, settings: { ...times, mostSessions: config.sessionsPerUser } };
  const operations = realm?.stories ?? {
    signIn: createSignIn(signIn),
    refresh: createRefresh({
      ...shared,
      resources: noResources,
      settings: { ...times, currentToken: config.currentToken === "on" },
    }),
    currentUser: createCurrentUser(check, userOf),
    signOut: createSignOut(shared),
  };
  const own =
    realm === undefined
      ? lazySelfService({
          ...{ ...parts, config, issuer, store, keys },
          ...{ accounts, passwords, passwordRules, throttle, counters },
        })
      : undefined;
  const selfService = own?.selfService;
  const oauth =
    config.oauth === "on"
      ? lazyOAuth({
          ...{ ...parts, config, issuer, store, keys, accounts, throttle, times, arrivalOf },
          usedAssertions: counters.assertion,
          metrics: parts.oauthMetrics,
          realm: realm?.oauth,
          selfService,
          passwordRules,
        })
      : undefined;
  const mcp = composeTools({
    ...{ config, issuer, keys, log, userOf, ownSessions },
    users: changes,
    liveSessions: (userId) => sessions.countLive(userId, clock()),
    resets: selfService?.mail ? selfService : undefined,
    mailLanguage: config.mailLanguage,
    recentEvents: createRecentEvents(users, store.events),
  });
  const account: AccountMount | undefined =
    selfService === undefined || config.accountPages !== "on"
      ? undefined
      : {
          open: async () => {
            const { composeAccount } = await import("./account.ts");
            return composeAccount({
              ...{ ...parts, config, issuer, store, keys },
              ...{ signIn, selfService, ownSessions, passwordRules },
            });
          },
        };
  const resource = {
    resource: keys.adminResource,
    authorizationServer: config.oauth === "on" ? issuer : undefined,
  };
  const administration: AdminMount = {
    ownUsers: selfService !== undefined,
    resource,
    open: async () => {
      const { composeAdministration } = await import("./administration.ts");
      return composeAdministration({
        ...{ ...parts, config, issuer, store, keys, longestGrace },
        userOf:
          realm === undefined ? userOf : createUserOf(realm.oauth?.users ?? accounts, { now: clock, steady }),
        users: realm?.oauth?.users ?? accounts,
        people: selfService && { changes, selfService },
        resource,
      });
    },
  };
  return {
    operations,
    administration,
    ownSessions,
    /** Undefined with the users of a realm: their provider has its own pages. */
    selfService,
    openLinks: own?.openLinks,
    account,
    oauth,
    people,
    userChanges: changes,
    pseudonymOf,
    realm,
    queue,
    counters: [...Object.values(counters), ...(oauth?.counters ?? [])],
    mcp,
  };
}

/** The check of the hashes of other systems, loaded by the first of them. */
function foreignCheck(): ForeignCheck {
  const open = atFirstUse(async () => {
    const { checkForeignHash } = await import("../password-checks/check-foreign-hash.ts");
    return checkForeignHash;
  });
  return async (hash, password) => (await open())(hash, password);
}

/** A person's own login has no resource. */
const noResources: Resources = {
  async named() {
    throw new LatchkeyError("invalid_target", { reason: "not a client" });
  },
};
