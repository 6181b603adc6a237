import type { CryptoKey, JWTHeaderParameters, JWTPayload, JWTVerifyOptions } from "jose";
import { JOSEError, JWTClaimValidationFailed, JWTExpired } from "jose/errors";
import { jwtVerify } from "jose/jwt/verify";
import { checks } from "./algorithms.ts";
import type { GuardSettings } from "./guard-options.ts";
import { readPrincipal } from "./principal.ts";
import type { KeySource } from "./sources.ts";
import { TokenError } from "./token-error.ts";
import { assertWellFormed } from "./token-shape.ts";
import type { Verified } from "./verified-tokens.ts";

type Settings = Pick<
  GuardSettings,
  "issuer" | "audience" | "authorizedParty" | "algorithms" | "clockTolerance" | "now"
>;

/**
 * Checks a token that was not seen before (RFC 9068 §4): its shape, the signature by a key of the issuer,
 * `typ`, issuer, audience or authorised party, and expiry.
 *
 * The function it returns throws {TokenError} with the code that says why the token was refused.
 */
export function createSignatureCheck(
  settings: Settings,
  keys: KeySource,
): (token: unknown) => Promise<Verified> {
  const { issuer, audience, authorizedParty, algorithms, clockTolerance, now } = settings;
  const clients = [...(authorizedParty ?? []), ...(audience ?? [])];
  const pinned = {
    issuer,
    ...(audience && { audience: [...audience] }),
    algorithms: [...algorithms],
    clockTolerance: clockTolerance / 1000,
  } satisfies JWTVerifyOptions;

  function keyOf({ kid, alg }: JWTHeaderParameters): CryptoKey | Promise<CryptoKey> {
    if (typeof kid !== "string" || kid === "") throw new TokenError("invalid_token", "no kid");
    const key = keys.get(kid, alg);
    return key === undefined ? askAgain(kid, alg) : fit(key, alg);
  }

  async function askAgain(kid: string, alg: string): Promise<CryptoKey> {
    await keys.refresh?.();
    return fit(keys.get(kid, alg), alg);
  }

  return async function checkSignature(token) {
    assertWellFormed(token);
    try {
      const currentDate = new Date(now());
      const { payload, protectedHeader, key } = await jwtVerify(token, keyOf, { ...pinned, currentDate });
      const { kid, alg, typ } = protectedHeader;
      assertAccessToken(typ, payload["typ"]);
      if (authorizedParty !== undefined) assertIssuedTo(authorizedParty, payload);
      if (kid === undefined || key instanceof Uint8Array) throw new TokenError("invalid_token", "no kid");
      return { principal: readPrincipal(payload, clients), kid, algorithm: alg, key };
    } catch (error) {
      throw refusalOf(error);
    }
  };
}

/** A source that does not ask for which algorithm may have found the key of another. */
function fit(key: CryptoKey | undefined, algorithm: string): CryptoKey {
  if (!checks(key, algorithm)) throw new TokenError("invalid_token", "unknown kid");
  return key;
}

/**
 * An access token says what it is: `at+jwt` in its header (RFC 9068 §2.1), or, as Keycloak does, `JWT` there
 * and `Bearer` in its claims. An ID token or a refresh token that the same key signed is none.
 */
function assertAccessToken(typ: unknown, claimedTyp: unknown): void {
  const type = typeof typ === "string" ? typ.toLowerCase().replace(/^application\//, "") : undefined;
  if (type === "at+jwt" || (type === "jwt" && claimedTyp === "Bearer")) return;
  throw new TokenError("invalid_token", "not an access token");
}

/** The client that a token was issued to is one of these: `azp`, as Keycloak has it, or RFC 9068's `client_id`. */
function assertIssuedTo(clients: readonly string[], { azp, client_id: clientId }: JWTPayload): void {
  const party = azp ?? clientId;
  if (typeof party !== "string" || !clients.includes(party))
    throw new TokenError("invalid_token", "claim azp");
}

/**
 * The refusal that a failed verification stands for. What is no verdict about the token, such as a key
 * store that could not be reached, comes back as it was.
 */
function refusalOf(error: unknown): unknown {
  if (error instanceof JWTExpired) return new TokenError("token_expired");
  if (error instanceof JWTClaimValidationFailed) {
    return new TokenError("invalid_token", `claim ${error.claim}: ${error.reason}`);
  }
  if (error instanceof JOSEError) return new TokenError("invalid_token", error.code);
  return error;
}
