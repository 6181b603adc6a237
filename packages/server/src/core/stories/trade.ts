import { type Caller, eventOf } from "../audit-events.ts";
import type { Clock } from "../clock.ts";
import { LatchkeyError } from "../errors.ts";
import type { User } from "../people/users.ts";
import type { AccessToken, AccessTokens } from "../tokens/access-tokens.ts";
import { type SessionLife, useOf } from "./session-life.ts";
import type { Session, Sessions } from "./sessions.ts";

/** The longest chain of trades after a login or a refresh by refresh token, in milliseconds. */
const chainLasts = 86_400_000;

export interface TradeParts {
  readonly sessions: Pick<Sessions, "touch">;
  readonly tokens: AccessTokens;
  readonly settings: SessionLife;
  readonly clock: Clock;
}

/**
 * Trades a live access token of a session for a new one. A trade needs an access token alone. A stolen access
 * token must not last for the whole life of its session. So a chain of trades has an end: the chain and all its tokens
 * end a day after the last login or refresh by refresh token. If access tokens live longer than a day, the chain ends
 * with their lifetime.
 *
 * The function it returns throws {LatchkeyError} `token_expired`, `token_revoked`.
 */
export function createTrade({ sessions, tokens, settings, clock }: TradeParts) {
  const longest = Math.max(chainLasts, tokens.lifetime);

  return async function trade(session: Session, user: User, caller: Caller): Promise<AccessToken> {
    const use = useOf(session, { settings, tokens, clock });
    const tokensUntil = tokens.expiry(Math.min(use.expiresAt, session.rotatedAt + longest));
    if (tokensUntil <= clock()) {
      throw new LatchkeyError("token_expired", { reason: "no login and no refresh token for a day" });
    }
    const about = { subject: user.id, sessionId: session.id };
    const event = eventOf("token.refreshed", clock(), caller, { ...about, reason: "current_token" });
    if (await sessions.touch(session.id, { ...use, tokensUntil }, event)) {
      return tokens.issue(user, session, tokensUntil);
    }
    throw new LatchkeyError("token_revoked", { reason: "ended meanwhile" });
  };
}

/** The refusal of a server that trades no access tokens. @param why the message for the caller */
export function noTrade(why: string): LatchkeyError {
  const issue = { loc: ["body", "current_token"], msg: why, type: "value_error" };
  return new LatchkeyError("validation_error", { issues: [issue] });
}
