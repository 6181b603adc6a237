import type { lazyClientDocuments } from "../client-documents/lazy-client-documents.ts";
import { LatchkeyError } from "../core/errors.ts";
import type { ArrivalOf } from "../core/mail/arrivals.ts";
import { type CheckRequest, createRequestCheck } from "../core/oauth/authorization-request.ts";
import type { Broker } from "../core/oauth/broker.ts";
import { createAssertionCheck } from "../core/oauth/client-assertion.ts";
import { createAuthenticateClient } from "../core/oauth/client-authentication.ts";
import { createClients } from "../core/oauth/clients.ts";
import { createAllowedScope, noteDroppedScopes } from "../core/oauth/dropped-scopes.ts";
import { createResources } from "../core/oauth/resources.ts";
import { SealedClients } from "../core/oauth/sealed-clients.ts";
import type { PasswordRules } from "../core/passwords/policy.ts";
import type { SelfService } from "../core/people/self-service.ts";
import { createAuthorize, createDeny, type Deny } from "../core/stories/authorize.ts";
import { createClientToken } from "../core/stories/client-credentials.ts";
import type { UserById } from "../core/stories/current-user.ts";
import { createIntrospect } from "../core/stories/introspect.ts";
import { createRedeem } from "../core/stories/redeem.ts";
import { createRefresh, type Renew } from "../core/stories/refresh.ts";
import type { SessionGraceSettings } from "../core/stories/refresh-grace.ts";
import { createRegisterClient } from "../core/stories/register-client.ts";
import { createRevokeToken } from "../core/stories/revoke-token.ts";
import type { SessionLife } from "../core/stories/session-life.ts";
import type { Accounts } from "../core/stories/sign-in.ts";
import type { AttemptCounter } from "../core/throttle/attempt-counter.ts";
import { RequestLimit } from "../core/throttle/request-limit.ts";
import type { Throttle } from "../core/throttle/throttle.ts";
import type { OAuthMetrics, StoryOutcome } from "../metrics/oauth-metrics.ts";
import type { Foundation, Keys } from "./keys.ts";

/** The parts that the authorization server is composed with. */
export interface OAuthParts extends Foundation {
  readonly keys: Keys;
  readonly accounts: Accounts & UserById;
  readonly throttle: Throttle;
  /** Undefined if no mails are sent. */
  readonly arrivalOf: ArrivalOf | undefined;
  /** Remembers used assertions. Replicas share it if they share the database. */
  readonly usedAssertions: AttemptCounter;
  readonly times: SessionLife & { readonly grace: SessionGraceSettings };
  readonly metrics: OAuthMetrics;
  /** The reading of client documents, and of the keys that clients publish. */
  readonly described: ReturnType<typeof lazyClientDocuments>;
  /** Whether a client may be its document. */
  readonly clientDocuments: boolean;
  /** Counts the registrations of each network. */
  readonly registrations: AttemptCounter;
  /** Undefined with local users. */
  readonly realm: RealmOAuth | undefined;
  /** Undefined with the users of a realm. */
  readonly selfService: SelfService | undefined;
  /** The rules for new passwords. */
  readonly passwordRules: Pick<PasswordRules, "minLength">;
}

/** The parts that stand for a realm, if people sign in there. */
export interface RealmOAuth {
  /** People of the realm. No local user may act for a client then. */
  readonly users: UserById;
  readonly renew: Renew;
  readonly createBroker: (stories: BrokerStories) => Broker;
}

/** The stories that a broker calls. */
interface BrokerStories {
  readonly checkRequest: CheckRequest;
  readonly deny: Deny;
}

/** Registrations of one network. They cost processor time alone. */
const registrationRule = { limit: 1_000, windowMs: 60_000 };

/** Composes the stories of the authorization server. */
export function composeOAuth({ config, issuer, store, keys, metrics, log, ...parts }: OAuthParts) {
  const { accounts, throttle, clock, steady, times, realm, described } = parts;
  const { authorizations, sessions, audit } = store;
  const { first, others } = keys.keyring;
  const resources = createResources({
    issuer,
    mcp: config.mcp === "on",
    audience: config.audience ?? [],
    fallback: config.oauthResource,
    registered: store.resources,
  });
  const noteDropped = noteDroppedScopes((fields, line) => log.warn(fields, line));
  const sealed = config.oauthRegistration === "on" ? new SealedClients(first, ...others) : undefined;
  const documents = parts.clientDocuments ? described.documents : undefined;
  const clients = createClients({ registered: store.clients, sealed, documents });
  const checkAssertion = createAssertionCheck({
    issuer,
    tokenEndpoint: `${issuer}/oauth/token`,
    keySets: described.keySets,
    used: parts.usedAssertions,
    clock,
  });

  const limit = new RequestLimit("registrations", registrationRule, parts.registrations);
  const registerClient = sealed && createRegisterClient({ sealed, limit });

  const users = realm?.users ?? accounts;
  const shared = { ...keys, accounts, users, throttle, sessions, audit, authorizations, resources };
  const life = { ...shared, clock, steady, arrivalOf: parts.arrivalOf };
  const redeem = createRedeem({ ...life, settings: { ...times, mostSessions: config.sessionsPerUser } });
  const allowedScope = createAllowedScope(noteDropped);
  const checkRequest = createRequestCheck({ clients, resources, allowedScope });
  const deny = createDeny(life);
  return {
    operations: {
      authenticateClient: createAuthenticateClient({ clients, checkAssertion }),
      redeem: counted(redeem, (outcome) => metrics.redeemed(outcome)),
      refresh: createRefresh({
        ...life,
        ...(realm && { renew: realm.renew }),
        settings: { ...times, currentToken: false },
      }),
      clientToken: createClientToken({ ...life, clients: store.clients, noteDropped }),
      revokeToken: createRevokeToken(life),
      registerClient: registerClient && counted(registerClient, (outcome) => metrics.registered(outcome)),
    },
    introspect: createIntrospect(keys),
    page: {
      issuer,
      checkRequest,
      authorize: createAuthorize(life),
      deny,
      broker: realm?.createBroker({ checkRequest, deny }),
      ownAccount: parts.selfService && {
        selfService: parts.selfService,
        pages: config.accountPages === "on",
        passwordMinLength: parts.passwordRules.minLength,
      },
      steady,
      log,
    },
  };
}

/** Counts how often a story succeeds and how often it refuses. */
function counted<Given extends unknown[], Result>(
  story: (...given: Given) => Promise<Result>,
  count: (outcome: StoryOutcome) => void,
): (...given: Given) => Promise<Result> {
  return async (...given) => {
    try {
      const result = await story(...given);
      count("ok");
      return result;
    } catch (error) {
      if (error instanceof LatchkeyError && error.status < 500) count("refused");
      throw error;
    }
  };
}
