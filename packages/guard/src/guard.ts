import type { CryptoKey, JWTVerifyOptions } from "jose";
import { jwtVerify } from "jose";
import { readPrincipal, refusalOf } from "./claims.ts";
import { TokenError } from "./token-error.ts";
import { type Verified, VerifiedTokens } from "./verified-tokens.ts";

/** Who a token speaks for, read from claims whose signature, issuer, audience and expiry were checked. */
export interface Principal {
  /** `sub`: the user's id, such as `user:alice`. */
  readonly userId: string;
  readonly username: string;
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  /** `sid`: the session that the token belongs to; it ends at logout. */
  readonly sessionId: string;
  /** `exp`, in milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly claims: Readonly<Record<string, unknown>>;
}

export interface GuardOptions {
  /** The exact `iss` that tokens must carry. */
  readonly issuer: string;
  /** Tokens must name at least one of these in `aud`. */
  readonly audience: string | readonly string[];
  /** The public key of a `kid`, or undefined where the issuer publishes no such key. */
  readonly keyFor: (kid: string) => CryptoKey | undefined;
  /** Whether a session was ended; asked on every check, for cached tokens too. */
  readonly isRevoked: (sessionId: string) => boolean;
  /** Milliseconds since the epoch. Default: the system's clock. */
  readonly now?: () => number;
  /** How many verified tokens to remember. Default: 10,000. */
  readonly cacheSize?: number;
}

export interface Guard {
  /**
   * Checks an access token (RFC 9068 §4): ES256 signature by a published key, `typ`, issuer, audience,
   * expiry, and that its session has not ended. No clock tolerance is given.
   *
   * @throws {TokenError} with the code that says why the token was refused
   */
  verify(token: string | undefined): Promise<Principal>;
  /**
   * The same for a token that was verified before, at once.
   *
   * @returns undefined for a token that was not, or is not remembered any more
   * @throws {TokenError} where it has expired, or its key or session has gone
   */
  recall(token: string): Principal | undefined;
}

/** An ES256 signature ends in four spare bits, which must be zero: else one token could be spelt in 16 ways. */
const oneSpelling = /\.[\w-]{85}[AQgw]$/;

/** Makes a guard. Signatures are checked once per token; expiry and revocation on every call. */
export function createGuard(options: GuardOptions): Guard {
  const now = options.now ?? Date.now;
  const verified = new VerifiedTokens(options.cacheSize ?? 10_000);
  const pinned = {
    issuer: options.issuer,
    audience: typeof options.audience === "string" ? options.audience : [...options.audience],
    algorithms: ["ES256"],
    typ: "at+jwt",
  } satisfies JWTVerifyOptions;

  function publishedKey(kid: string | undefined): CryptoKey {
    const key = typeof kid === "string" ? options.keyFor(kid) : undefined;
    if (key === undefined) throw new TokenError("invalid_token", "unknown kid");
    return key;
  }

  async function firstSight(token: string): Promise<Verified> {
    if (!oneSpelling.test(token)) throw new TokenError("invalid_token", "signature");
    try {
      const { payload, protectedHeader } = await jwtVerify(token, ({ kid }) => publishedKey(kid), {
        ...pinned,
        currentDate: new Date(now()),
      });
      return { principal: readPrincipal(payload), kid: protectedHeader.kid };
    } catch (error) {
      throw refusalOf(error);
    }
  }

  function assertGood({ expiresAt, sessionId }: Principal): void {
    if (expiresAt <= now()) throw new TokenError("token_expired");
    if (options.isRevoked(sessionId)) throw new TokenError("token_revoked");
  }

  function recall(token: string): Principal | undefined {
    const known = verified.get(token);
    if (known === undefined) return undefined;
    // A key that was withdrawn speaks for no token any more, seen before or not.
    publishedKey(known.kid);
    assertGood(known.principal);
    return known.principal;
  }

  return {
    recall,
    async verify(token) {
      if (token === undefined) throw new TokenError("missing_token");
      const known = recall(token);
      if (known !== undefined) return known;
      const seen = await firstSight(token);
      assertGood(seen.principal);
      verified.add(token, seen);
      return seen.principal;
    },
  };
}
