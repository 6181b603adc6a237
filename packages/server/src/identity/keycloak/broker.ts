import { type Caller, eventOf } from "../../core/audit-events.ts";
import type { Clock } from "../../core/clock.ts";
import { LatchkeyError } from "../../core/errors.ts";
import type { AuthorizationRequest, CheckRequest } from "../../core/oauth/authorization-request.ts";
import type { Authorizations } from "../../core/oauth/authorizations.ts";
import type { Broker, BrokerOutcome } from "../../core/oauth/broker.ts";
import { closedRefusal, codeHashOf, codeLifetime, type Deny } from "../../core/stories/authorize.ts";
import type { TokenCheck } from "../../core/stories/current-user.ts";
import type { RealmPeople } from "../../core/stories/realm-people.ts";
import { addressBucket } from "../../core/throttle/addresses.ts";
import { claimsRefusal } from "../../core/tokens/token-size.ts";
import type { BrokeredTokenSeal } from "./brokered-tokens.ts";
import { checkGrant } from "./grant-check.ts";
import type { Realm } from "./realm.ts";
import type { RealmLog } from "./realm-connection.ts";
import { realmUser } from "./realm-tokens.ts";
import { printable } from "./refusals.ts";
import { type SignInTravel, signInTimeout, type Travel } from "./sign-in-travel.ts";

export interface BrokerParts {
  readonly realm: Pick<Realm, "issuer" | "authorizationUrl" | "redeem">;
  /** The realm's name, for people. */
  readonly provider: string;
  /** The address to which the realm sends the browser back. */
  readonly redirectUri: string;
  readonly travel: SignInTravel;
  readonly checkRequest: CheckRequest;
  readonly check: TokenCheck;
  readonly deny: Deny;
  readonly authorizations: Pick<Authorizations, "byCode" | "closed">;
  readonly people: RealmPeople;
  readonly seal: BrokeredTokenSeal;
  /** The lifetime of Latchkey's access tokens, in milliseconds. */
  readonly tokenLifetime: number;
  readonly log: Pick<RealmLog, "warn">;
  readonly clock: Clock;
}

/** The parameters that the check of an authorization request reads. Others do not travel. */
const travelling = [
  "client_id",
  "redirect_uri",
  "response_type",
  "response_mode",
  "state",
  "scope",
  "code_challenge",
  "code_challenge_method",
  "resource",
  "login_hint",
];

/**
 * Signs people in at the realm for OAuth clients: the authorization code flow with PKCE and a nonce (RFC 9700 §2.1).
 * The realm asks for second factors, which a password grant cannot. Its tokens stay here. The client gets a code and
 * tokens of Latchkey's own.
 */
export function createBroker(parts: BrokerParts): Broker {
  const { realm, redirectUri, travel, checkRequest, check, deny, authorizations, people, seal, clock } =
    parts;
  /** Answers that are being finished, by code: a browser may load the callback twice. */
  const underWay = new Map<string, Promise<BrokerOutcome>>();

  let warned = false;

  /** A client refreshes when its token expires. If the realm's session has ended by then, everybody signs in anew. */
  function warnOfShortSession(refreshableFor = Number.POSITIVE_INFINITY): void {
    if (warned || refreshableFor > parts.tokenLifetime) return;
    warned = true;
    parts.log.warn(
      { refreshableSeconds: refreshableFor / 1000 },
      "sessions of OAuth clients end at their first refresh: set SSO Session Idle of the realm to more than LATCHKEY_ACCESS_TOKEN_TTL",
    );
  }

  return {
    provider: parts.provider,

    async begin({ loginHint }, query, cookies) {
      const asked = new URLSearchParams(query);
      const kept = [...asked].filter(([name]) => travelling.includes(name));
      const begun = travel.begin(new URLSearchParams(kept).toString(), clock());
      if (begun === undefined) {
        throw new LatchkeyError("invalid_request", { reason: "too long to travel through the realm" });
      }
      const location = await realm.authorizationUrl({ ...begun, redirectUri, loginHint });
      const cookie = { ...begun.cookie, maxAge: signInTimeout / 1000 };
      return { location, cookie, surplus: travel.surplus(cookies) };
    },

    async finish({ query, cookies }, caller) {
      const answer = new URLSearchParams(query);
      const begun = travel.open(only(answer, "state") ?? "", cookies, clock());
      if (begun === undefined) throw invalid("a state that this browser did not begin, or that has expired");
      if (only(answer, "iss") !== realm.issuer) throw invalid("an answer of another issuer");
      const known = underWay.get(begun.code);
      if (known !== undefined) return known;
      const outcome = outcomeOf(answer, begun, caller).finally(() => underWay.delete(begun.code));
      underWay.set(begun.code, outcome);
      return outcome;
    },

    cookieOf: (query) => travel.cookieOf(only(new URLSearchParams(query), "state") ?? ""),
  };

  async function outcomeOf(answer: URLSearchParams, begun: Travel, caller: Caller): Promise<BrokerOutcome> {
    if ((await authorizations.byCode(codeHashOf(begun.code))) !== undefined) {
      throw invalid("an answer that was accepted before");
    }
    const checked = await checkRequest(new URLSearchParams(begun.query), caller);
    if (checked.outcome !== "valid") return { outcome: "invalid", check: checked };
    const { request } = checked;
    const error = only(answer, "error");
    if (error === "access_denied") {
      await deny(request, caller);
      return { outcome: "refused", request, refusal: new LatchkeyError("access_denied") };
    }
    if (error !== undefined) {
      const reason = `the realm answered ${printable(error)}`;
      return { outcome: "refused", request, refusal: new LatchkeyError("provider_unavailable", { reason }) };
    }
    const code = only(answer, "code");
    if (code === undefined) throw invalid("neither a code nor an error");
    try {
      return { outcome: "granted", request, code: await allow(code, begun, request, caller) };
    } catch (refusal) {
      if (!(refusal instanceof LatchkeyError) || refusal.status !== 503) throw refusal;
      return { outcome: "unavailable", request, query: begun.query, refusal };
    }
  }

  /** Trades the realm's code for its tokens, and records the person and the authorization. @returns our code */
  async function allow(
    realmCode: string,
    begun: Travel,
    { client, resource, scope, ...request }: AuthorizationRequest,
    caller: Caller,
  ): Promise<string> {
    await assertOpen(client);
    const grant = await realm.redeem(realmCode, { ...begun, redirectUri });
    if ("refused" in grant) throw invalid(`the realm refused its code: ${printable(grant.refused)}`);
    const { refreshToken, idToken, refreshableFor } = grant;
    warnOfShortSession(refreshableFor);
    if (idToken === undefined) {
      throw new LatchkeyError("provider_unavailable", { reason: "the realm issued no ID token" });
    }
    const principal = await checkGrant(check, grant);
    const user = realmUser(principal);
    const allowed = { id: client.id, name: client.name, scope, resource: resource.url };
    const tooLarge = claimsRefusal(user, allowed);
    if (tooLarge) throw tooLarge;
    const now = clock();
    const authorization = {
      codeHash: codeHashOf(begun.code),
      userId: user.id,
      client: allowed,
      redirectUri: request.redirectUri,
      challenge: request.challenge,
      addressBucket: addressBucket(caller.address),
      createdAt: now,
      expiresAt: now + codeLifetime,
    };
    const tokens = seal.write(user.id, { realmSessionId: principal.sessionId, refreshToken, idToken });
    const about = { subject: user.id, client: client.id, resource: resource.url };
    const granted = eventOf("authorization.granted", now, caller, about);
    const person = { ...user, issuer: realm.issuer };
    if (await people.allow(person, authorization, tokens, granted)) return begun.code;
    await assertOpen(client);
    throw invalid("a local user has the person's id");
  }

  /** @throws {LatchkeyError} `unknown_client`, or `overloaded` while sessions of before are still being ended */
  async function assertOpen({ id }: AuthorizationRequest["client"]): Promise<void> {
    const refusal = closedRefusal(await authorizations.closed(id));
    if (refusal !== undefined) throw refusal;
  }
}

/** A parameter that was sent once. */
function only(query: URLSearchParams, name: string): string | undefined {
  const [value, ...others] = query.getAll(name);
  return others.length > 0 ? undefined : value;
}

/** @param reason for the log */
function invalid(reason: string): LatchkeyError {
  return new LatchkeyError("invalid_provider_answer", { reason });
}
