import { createGuard } from "@latchkey/guard";
import type { Config } from "../config/config.ts";
import { LatchkeyError } from "../core/errors.ts";
import { nameFingerprints } from "../core/passwords/account-names.ts";
import { createCurrentUser, createTokenCheck, type TokenCheck } from "../core/stories/current-user.ts";
import type { GraceSettings } from "../core/stories/refresh-grace.ts";
import type { Throttle } from "../core/throttle/throttle.ts";
import type { Keyring } from "../core/tokens/derived-keys.ts";
import { realmAccounts } from "../identity/keycloak/accounts.ts";
import { createBroker } from "../identity/keycloak/broker.ts";
import { createBrokeredLogout } from "../identity/keycloak/brokered-logout.ts";
import { BrokeredTokenSeal } from "../identity/keycloak/brokered-tokens.ts";
import type { RealmSettings } from "../identity/keycloak/discovery.ts";
import { createPasswordCheck } from "../identity/keycloak/password-check.ts";
import { Realm } from "../identity/keycloak/realm.ts";
import { createRealmLogout } from "../identity/keycloak/realm-logout.ts";
import { realmUser } from "../identity/keycloak/realm-tokens.ts";
import { createRealmRefresh } from "../identity/keycloak/refresh.ts";
import { createRenewal } from "../identity/keycloak/renewal.ts";
import { SessionRecords } from "../identity/keycloak/session-records.ts";
import { createRealmSignIn } from "../identity/keycloak/sign-in.ts";
import { SignInTravel } from "../identity/keycloak/sign-in-travel.ts";
import { createRealmSignOut } from "../identity/keycloak/sign-out.ts";
import type { Foundation, Keys } from "./keys.ts";
import type { RealmOAuth } from "./oauth.ts";

/** Sessions that could not be ended at the realm are tried again after so many milliseconds. */
const logoutRetryInterval = 1_000;

/** The parts that the realm is composed with. */
export interface RealmProviderParts extends Foundation {
  readonly keys: Keys;
  readonly throttle: Throttle;
  readonly grace: GraceSettings;
}

/**
 * Opens the Keycloak realm of the users, and composes the four stories with it. Its tokens are passed through, and
 * checked with its keys. A realm that cannot be reached is tried again at the next use.
 *
 * @throws {RealmMisconfigured} with the cause and the cure in one line
 */
export async function openRealmProvider({ config, issuer, store, keys, ...parts }: RealmProviderParts) {
  const { clock, steady, log } = parts;
  const { keyring, revocations } = keys;
  const { realmSessions: sessions, audit } = store;
  const redirectUri = config.oauth === "on" ? `${issuer}/oauth/callback` : undefined;
  const settings = realmSettings(config, redirectUri);
  const realm = new Realm(settings, log);
  const reached = await realm.open();
  const guard = createGuard({
    issuer: realm.issuer,
    authorizedParty: settings.clientId,
    ...(config.audience && { audience: config.audience }),
    // While other sessions wait to join the list, the store would take each one of the realm for an unknown one.
    revocations: revocations.listed,
    now: clock,
    onEvent: (event) => {
      if (event.name === "keys.unavailable") log.warn(event, "the realm's keys could not be read");
    },
  });
  // This starts to read the keys. A start does not wait for a realm that cannot be reached.
  guard.health();
  if (reached) await guard.ready().catch(() => {});

  const check = createTokenCheck(guard);
  const records = new SessionRecords(keyring.first.sealing, ...keyring.others.map(({ sealing }) => sealing));
  const logout = createRealmLogout({ realm, sessions, records, clock, log });
  const checkPassword = createPasswordCheck(realm, steady);
  const [fingerprint, ...otherFingerprints] = keyring.fingerprints;
  const accountOf = realmAccounts(
    sessions,
    nameFingerprints(fingerprint),
    ...otherFingerprints.map(nameFingerprints),
  );
  const shared = { ...parts, realm, sessions, revocations, audit, check, records, logout };
  const seal = new BrokeredTokenSeal(brokerKeys(keyring));
  const oauth =
    redirectUri === undefined
      ? undefined
      : brokerOf({ realm, check, seal, store, keys, settings, redirectUri, clock, log });
  const protocolBase = `${realm.issuer}/protocol/openid-connect`;
  return {
    stories: {
      signIn: createRealmSignIn({ ...shared, checkPassword, accountOf }),
      refresh: createRealmRefresh(shared),
      currentUser: createCurrentUser(check, async (principal) => realmUser(principal)),
      signOut: createRealmSignOut(shared),
    },
    oauth,
    jobs: [
      [logoutRetryInterval, () => logout.endPending()],
      // Sessions of OAuth clients may be left from a time when OAuth was on.
      [logoutRetryInterval, createBrokeredLogout({ realm, people: store.realmPeople, seal, log, clock })],
    ] as const,
    foreign: {
      issuer: realm.issuer,
      keySet: `${protocolBase}/certs`,
      authorizationEndpoint: `${protocolBase}/auth`,
      tokenEndpoint: `${protocolBase}/token`,
    },
    async assertReady(): Promise<void> {
      await realm.assertReady();
      const { state, problem: reason = "no keys yet" } = guard.health().keys;
      if (state === "none") throw new LatchkeyError("provider_unavailable", { reason });
    },
    close: () => guard.close(),
  };
}

interface BrokerComposition extends Pick<Foundation, "store" | "clock" | "log"> {
  readonly realm: Realm;
  readonly check: TokenCheck;
  readonly seal: BrokeredTokenSeal;
  readonly keys: Keys;
  readonly settings: RealmSettings;
  readonly redirectUri: string;
}

/** The parts of the authorization server that stand for the realm. */
function brokerOf({ store, keys, settings, redirectUri, ...parts }: BrokerComposition): RealmOAuth {
  const { realmPeople: people, authorizations, sessions } = store;
  const { keyring, revocations, tokens } = keys;
  const travel = new SignInTravel(redirectUri.startsWith("https:"), brokerKeys(keyring));
  const shared = { ...parts, people, travel, authorizations };
  return {
    users: people,
    renew: createRenewal({ ...shared, sessions, revocations }),
    createBroker: (stories) =>
      createBroker({
        ...shared,
        ...stories,
        redirectUri,
        provider: settings.realm,
        tokenLifetime: tokens.lifetime,
      }),
  };
}

/** The keys that seal sign-ins under way and the realm's tokens. The first one seals, all open. */
function brokerKeys({ first, others }: Keyring): readonly [Buffer, ...Buffer[]] {
  return [first.brokerSeal, ...others.map(({ brokerSeal }) => brokerSeal)];
}

function realmSettings(config: Config, redirectUri: string | undefined): RealmSettings {
  const url = config.keycloakUrl ?? "";
  return {
    url,
    realm: config.keycloakRealm ?? "",
    clientId: config.keycloakClientId ?? "",
    clientSecret: config.keycloakClientSecret ?? "",
    timeout: config.keycloakTimeout,
    redirectUri,
  };
}
