import { createGuard } from "@latchkey/guard";
import type { Config } from "../config/config.ts";
import type { Clock, SteadyClock } from "../core/clock.ts";
import { LatchkeyError } from "../core/errors.ts";
import type { GraceSettings } from "../core/stories/refresh-grace.ts";
import { isLoopback } from "../core/throttle/addresses.ts";
import type { Throttle } from "../core/throttle/throttle.ts";
import type { DerivedKeys } from "../core/tokens/derived-keys.ts";
import type { Revocations } from "../core/tokens/revocations.ts";
import type { Log } from "../log.ts";
import type { Store } from "../store/store.ts";

/** The parts that the realm is composed with. */
export interface RealmProviderParts {
  readonly config: Config;
  readonly store: Store;
  readonly revocations: Revocations;
  readonly derived: DerivedKeys;
  readonly throttle: Throttle;
  readonly grace: GraceSettings;
  readonly clock: Clock;
  readonly steady: SteadyClock;
  readonly log: Log;
}

/**
 * Opens the Keycloak realm of the users. Its tokens are passed through, and checked with its keys. The Keycloak client
 * is imported here, so servers with local users do not load it.
 *
 * @throws {RealmMisconfigured} with the cause and the cure in one line
 */
export async function openRealmProvider({ config, store, revocations, ...parts }: RealmProviderParts) {
  const { log, clock } = parts;
  const { openRealm, realmStories } = await import("../identity/keycloak/realm-stories.ts");
  const settings = {
    url: config.keycloakUrl ?? "",
    realm: config.keycloakRealm ?? "",
    clientId: config.keycloakClientId ?? "",
    clientSecret: config.keycloakClientSecret ?? "",
    timeout: config.keycloakTimeout,
  };
  const { protocol, hostname } = new URL(settings.url);
  if (protocol === "http:" && !isLoopback(hostname)) {
    log.warn(
      { url: settings.url },
      "passwords travel to Keycloak without TLS: use https in LATCHKEY_KEYCLOAK_URL",
    );
  }
  const { realm, reached } = await openRealm(settings, log);
  const guard = createGuard({
    issuer: realm.issuer,
    authorizedParty: settings.clientId,
    ...(config.audience && { audience: config.audience }),
    revocations,
    now: clock,
    onEvent: (event) => {
      if (event.name === "keys.unavailable") log.warn(event, "the realm's keys could not be read");
    },
  });
  // This starts to read the keys. A start does not wait for a realm that cannot be reached.
  guard.health();
  if (reached) await guard.ready().catch(() => {});
  const { realmSessions: sessions, audit } = store;
  const protocolBase = `${realm.issuer}/protocol/openid-connect`;
  const stories = realmStories({
    ...parts,
    realm,
    guard,
    sessions,
    revocations,
    audit,
  });
  return {
    stories,
    foreign: {
      issuer: realm.issuer,
      keySet: `${protocolBase}/certs`,
      authorizationEndpoint: `${protocolBase}/auth`,
      tokenEndpoint: `${protocolBase}/token`,
    },
    async assertReady(): Promise<void> {
      await realm.assertReady();
      const { keys } = guard.health();
      if (keys.state !== "none") return;
      throw new LatchkeyError("provider_unavailable", {
        reason: keys.problem ?? "no keys yet",
        retryAfter: 1,
      });
    },
    close: () => guard.close(),
  };
}
