import type { CryptoKey } from "jose";
import { checks, isAlgorithm } from "./algorithms.ts";
import { assertClaims, type ClaimSettings } from "./claims-check.ts";
import type { GuardSettings } from "./guard-options.ts";
import { readPrincipal } from "./principal.ts";
import { checkHere, type SignatureCheck } from "./signature.ts";
import type { KeySource } from "./sources.ts";
import { TokenError } from "./token-error.ts";
import { bytesOf, objectIn, partsOf } from "./token-parts.ts";
import { assertWellFormed } from "./token-shape.ts";
import type { Verified } from "./verified-tokens.ts";

type Settings = ClaimSettings & Pick<GuardSettings, "algorithms">;

/**
 * Checks a token that was not seen before (RFC 9068 §4): its shape, the signature by a key of the issuer,
 * `typ`, issuer, audience or authorised party, and expiry.
 *
 * The function it returns throws {TokenError} with the code that says why the token was refused. What is no verdict
 * about the token, such as a key store that could not be reached, comes back as it was.
 */
export function createSignatureCheck(
  settings: Settings,
  keys: KeySource,
  isSigned: SignatureCheck = checkHere,
): (token: unknown) => Promise<Verified> {
  const { audience, authorizedParty } = settings;
  const algorithms: readonly string[] = settings.algorithms;
  const clients = [...(authorizedParty ?? []), ...(audience ?? [])];

  async function askAgain(kid: string, algorithm: string): Promise<CryptoKey | undefined> {
    await keys.refresh?.();
    return keys.get(kid, algorithm);
  }

  return async function checkSignature(token) {
    assertWellFormed(token);
    const { header, claims: sent, signature, signed } = partsOf(token);
    const { alg, kid, typ, crit } = objectIn(header);
    if (!isAlgorithm(alg) || !algorithms.includes(alg)) throw new TokenError("invalid_token", "alg");
    // RFC 7515 §4.1.11: nothing is understood that has to be.
    if (crit !== undefined) throw new TokenError("invalid_token", "crit");
    if (typeof kid !== "string" || kid === "") throw new TokenError("invalid_token", "no kid");
    const key = keys.get(kid, alg) ?? (await askAgain(kid, alg));
    // A source that does not ask for which algorithm may have found the key of another.
    if (!checks(key, alg)) throw new TokenError("invalid_token", "unknown kid");
    const verdict = isSigned(alg, key, signed, bytesOf(signature));
    if (!(typeof verdict === "boolean" ? verdict : await verdict)) {
      throw new TokenError("invalid_token", "signature");
    }
    const claims = objectIn(sent);
    assertClaims(claims, settings);
    assertAccessToken(typ, claims["typ"]);
    return { principal: readPrincipal(claims, clients), kid, algorithm: alg, key };
  };
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
