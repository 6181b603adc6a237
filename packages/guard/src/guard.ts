import type { JWTVerifyOptions } from "jose";
import { errors, jwtVerify } from "jose";
import { type Principal, readPrincipal } from "./principal.ts";
import type { KeySource, RevocationSource } from "./sources.ts";
import { TokenError } from "./token-error.ts";
import { assertWellFormed } from "./token-shape.ts";
import { type Verified, VerifiedTokens } from "./verified-tokens.ts";

export interface GuardOptions {
  /** The exact `iss` that tokens must carry. */
  readonly issuer: string;
  /** Tokens must name at least one of these in `aud`. Default: the issuer. */
  readonly audience?: string | readonly string[];
  readonly keys: KeySource;
  readonly revocations: RevocationSource;
  /** The signature algorithms that are accepted, whatever a token says. Default: ES256, RS256, PS256. */
  readonly algorithms?: readonly Algorithm[];
  /** For how long after its expiry a token still counts, in milliseconds, up to 60,000. Default: 5,000. */
  readonly clockTolerance?: number;
  /** How many verified tokens to remember. Default: 10,000. */
  readonly cacheSize?: number;
  /** Milliseconds since the epoch. Default: the system's clock. */
  readonly now?: () => number;
}

/** Signatures with a public key: a guard knows nothing that could sign. */
export type Algorithm =
  | "ES256"
  | "ES384"
  | "ES512"
  | "PS256"
  | "PS384"
  | "PS512"
  | "RS256"
  | "RS384"
  | "RS512"
  | "EdDSA";

export interface Guard {
  /**
   * Checks an access token (RFC 9068 §4): signature by one of the issuer's keys, `typ`, issuer, audience,
   * expiry, and that its session has not ended.
   *
   * @throws {TokenError} with the code that says why the token was refused
   */
  verify(token: string | undefined): Promise<Principal>;
  /**
   * The same for a token that was verified before, at once.
   *
   * @returns undefined where it must be verified, because it was not or is not remembered
   * @throws {TokenError} where it has expired or its session has ended
   */
  recall(token: string): Principal | undefined;
}

/** Makes a guard. Signatures are checked once per token; expiry and revocation on every call. */
export function createGuard(options: GuardOptions): Guard {
  const { issuer, audience = issuer, keys, revocations, now = Date.now } = options;
  const tolerance = options.clockTolerance ?? 5_000;
  const verified = new VerifiedTokens(options.cacheSize ?? 10_000);
  const pinned = {
    issuer,
    audience: typeof audience === "string" ? audience : [...audience],
    algorithms: [...(options.algorithms ?? ["ES256", "RS256", "PS256"])],
    clockTolerance: tolerance / 1000,
  } satisfies JWTVerifyOptions;

  async function keyOf(kid: unknown) {
    if (typeof kid !== "string" || kid === "") throw new TokenError("invalid_token", "no kid");
    if (keys.get(kid) === undefined) await keys.refresh?.();
    const key = keys.get(kid);
    if (key === undefined) throw new TokenError("invalid_token", "unknown kid");
    return key;
  }

  async function firstSight(token: string): Promise<Verified> {
    assertWellFormed(token);
    try {
      const { payload, protectedHeader } = await jwtVerify(token, ({ kid }) => keyOf(kid), {
        ...pinned,
        currentDate: new Date(now()),
      });
      assertAccessToken(protectedHeader.typ, payload["typ"]);
      return { principal: readPrincipal(payload), kid: protectedHeader.kid ?? "" };
    } catch (error) {
      throw refusalOf(error);
    }
  }

  function isEnded({ expiresAt, sessionId }: Principal): boolean | Promise<boolean> {
    if (expiresAt + tolerance <= now()) throw new TokenError("token_expired");
    return revocations.isRevoked(sessionId);
  }

  /** What is remembered of a token, unless the key that signed it was withdrawn since. */
  function remembered(token: string): Principal | undefined {
    const known = verified.get(token);
    return known !== undefined && keys.get(known.kid) !== undefined ? known.principal : undefined;
  }

  return {
    recall(token) {
      const principal = remembered(token);
      if (principal === undefined) return undefined;
      const ended = isEnded(principal);
      if (ended === true) throw new TokenError("token_revoked");
      return ended === false ? principal : undefined;
    },
    async verify(token) {
      if (token === undefined) throw new TokenError("missing_token");
      let principal = remembered(token);
      if (principal === undefined) {
        const seen = await firstSight(token);
        principal = seen.principal;
        verified.add(token, seen);
      }
      const ended = isEnded(principal);
      if (ended === true || (ended !== false && (await ended))) throw new TokenError("token_revoked");
      return principal;
    },
  };
}

/**
 * An access token says what it is: `at+jwt` in its header (RFC 9068 §2.1), or, as Keycloak does, `JWT` there
 * and `Bearer` in its claims. An ID token or a refresh token that the same key signed is none.
 */
function assertAccessToken(typ: string | undefined, claimedTyp: unknown): void {
  const type = typ?.toLowerCase().replace(/^application\//, "");
  if (type === "at+jwt" || (type === "jwt" && claimedTyp === "Bearer")) return;
  throw new TokenError("invalid_token", "not an access token");
}

/**
 * The refusal that a failed verification stands for. What is no verdict about the token, such as a key
 * store that could not be reached, comes back as it was.
 */
function refusalOf(error: unknown): unknown {
  if (error instanceof errors.JWTExpired) return new TokenError("token_expired");
  if (error instanceof errors.JWTClaimValidationFailed) {
    return new TokenError("invalid_token", `claim ${error.claim}: ${error.reason}`);
  }
  if (error instanceof errors.JOSEError) return new TokenError("invalid_token", error.code);
  return error;
}
