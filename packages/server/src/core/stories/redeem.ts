import { type Caller, eventOf } from "../audit-events.ts";
import type { Clock, SteadyClock } from "../clock.ts";
import { LatchkeyError } from "../errors.ts";
import type { Authorization, Authorizations } from "../oauth/authorizations.ts";
import type { Client } from "../oauth/client.ts";
import { grantedResource } from "../oauth/granted-resource.ts";
import { verifies } from "../oauth/pkce.ts";
import type { Resources } from "../oauth/resources.ts";
import type { User } from "../people/users.ts";
import type { Throttle } from "../throttle/throttle.ts";
import type { AccessToken, AccessTokens } from "../tokens/access-tokens.ts";
import type { RefreshTokens } from "../tokens/refresh-tokens.ts";
import type { Revocations } from "../tokens/revocations.ts";
import { claimsRefusal } from "../tokens/token-size.ts";
import { codeHashOf } from "./authorize.ts";
import type { UserById } from "./current-user.ts";
import { RefreshGrace, type SessionGraceSettings } from "./refresh-grace.ts";
import { createSurplusEndings, newSession, type OpeningSettings } from "./session-opening.ts";
import type { Sessions } from "./sessions.ts";

/** The parameters that redeem a code (RFC 6749 §4.1.3, RFC 7636 §4.5). */
export interface Redemption {
  readonly code: string;
  /** OAuth 2.1 leaves it out. If it is sent, it must be the one of the request. */
  readonly redirectUri: string | undefined;
  readonly verifier: string;
  /** The resource of the request, or undefined. */
  readonly resource: string | undefined;
}

/** The tokens of a client's session, with the scope that the person allowed. */
export interface Granted extends AccessToken {
  readonly refreshToken: string;
  readonly scope: string;
}

export interface RedeemParts {
  readonly authorizations: Authorizations;
  readonly users: UserById;
  readonly sessions: Pick<Sessions, "surplus" | "end">;
  readonly resources: Resources;
  readonly throttle: Throttle;
  readonly revocations: Pick<Revocations, "poll">;
  readonly refreshTokens: RefreshTokens;
  readonly tokens: AccessTokens;
  readonly settings: OpeningSettings & { readonly grace: SessionGraceSettings };
  readonly clock: Clock;
  readonly steady: SteadyClock;
}

/** @param client proved that it is itself, as far as it can */
export type Redeem = (redemption: Redemption, client: Client, caller: Caller) => Promise<Granted>;

/**
 * Trades a code for a session. Everything is checked before the code is used up. Use and opening are one commit, so of
 * any number of requests on any number of replicas one gets the tokens. A new password, a disabled user and an ended
 * client outdate the code.
 *
 * A repeat within the grace is refused and changes nothing: browsers call some clients twice. A later repeat, or one
 * with a wrong verifier, is a replay and ends the session (OAuth 2.1 §4.1.3).
 *
 * The function it returns throws {LatchkeyError} `invalid_grant`, `invalid_target`, `token_too_large`, `rate_limited`,
 * `store_unavailable`.
 */
export function createRedeem(parts: RedeemParts): Redeem {
  const { authorizations, users, sessions, resources, throttle, revocations, refreshTokens, tokens } = parts;
  const { settings, clock, steady } = parts;
  const grace = new RefreshGrace(settings.grace, clock, steady);
  const surplusEndings = createSurplusEndings(parts);

  return async function redeem({ code, redirectUri, verifier, resource }, client, caller) {
    const authorization = await authorizations.byCode(codeHashOf(code));
    if (authorization === undefined) throw await counted(refusal("unknown code"), caller, client);
    const refused = (reason: string) => counted(refusal(reason), caller, client, authorization);
    if (authorization.client.id !== client.id) throw await refused("code of another client");
    const isRight = verifies(verifier, authorization.challenge);
    if (authorization.sessionId !== null) {
      if (!isRight || !isRepeat(authorization)) await endReplayed(authorization, caller);
      throw await refused("used code");
    }
    if (authorization.expiresAt <= clock()) throw await refused("expired code");
    if (redirectUri !== undefined && redirectUri !== authorization.redirectUri) {
      throw await refused("another redirect URI");
    }
    if (!isRight) throw await refused("wrong verifier");
    await grantedResource(resource, authorization.client, resources);
    const user = await activeUser(authorization);

    const refreshToken = refreshTokens.first();
    const session = newSession(refreshToken, authorization, parts);
    const granted = {
      ...tokens.issue(user, session, session.tokensUntil),
      refreshToken: refreshTokens.write(refreshToken),
      scope: authorization.client.scope,
    };
    const about = { subject: user.id, sessionId: session.id, client: client.id };
    const given = { ...about, resource: authorization.client.resource };
    const redeemed = eventOf("authorization.redeemed", clock(), caller, given);
    const surplus = await surplusEndings(user.id, caller);
    const redemption = authorizations.redeem(authorization, session, clock(), [redeemed], surplus);
    if (!(await grace.note(session.id, session.generation, redemption))) {
      throw refusal("used, or outdated by a change of the user or of the client, meanwhile");
    }
    if (surplus.length > 0) await revocations.poll();
    return granted;
  };

  /** Whether a used code is repeated soon enough for a lost answer. */
  function isRepeat({ sessionId, redeemedAt }: Authorization): boolean {
    if (sessionId === null || redeemedAt === null) return false;
    return grace.ageOf({ id: sessionId, generation: 0, rotatedAt: redeemedAt }) <= settings.grace.client;
  }

  async function endReplayed({ userId, sessionId, client }: Authorization, caller: Caller): Promise<void> {
    if (sessionId === null) return;
    const about = { subject: userId, sessionId, client: client.id };
    await sessions.end(sessionId, [
      eventOf("authorization.replayed", clock(), caller, about),
      eventOf("session.ended", clock(), caller, { ...about, reason: "replay" }),
    ]);
    await revocations.poll();
  }

  async function activeUser({ userId, client }: Authorization): Promise<User> {
    const user = await users.byId(userId);
    if (!user?.active) throw refusal("user is gone or disabled");
    const tooLarge = claimsRefusal(user, client);
    if (tooLarge) throw tooLarge;
    return user;
  }

  /**
   * Counts a refused code: an unknown one for the address, another one for its account.
   *
   * @returns the refusal to throw: `rate_limited` past a limit
   */
  async function counted(
    refused: LatchkeyError,
    caller: Caller,
    { id: client }: Client,
    authorization?: Authorization,
  ): Promise<LatchkeyError> {
    const account = authorization && {
      account: { key: authorization.userId, userId: authorization.userId },
    };
    await using admission = await throttle.admit({ operation: "refresh", caller, client, ...account });
    return await admission.failed(refused);
  }
}

function refusal(reason: string): LatchkeyError {
  return new LatchkeyError("invalid_grant", { reason });
}
