import type { CryptoKey } from "jose";
import { decode } from "jose/base64url";
import type { GuardSettings } from "../guard-options.ts";
import type { KeySource } from "../issuer/sources.ts";
import { readPrincipal } from "../principal.ts";
import { isObject, type Members, parseJson } from "../support/own-members.ts";
import { TokenError } from "../token-error.ts";
import type { ReportAudience } from "./audience-reports.ts";
import { assertClaims, type ClaimSettings } from "./claims-check.ts";
import { isKeyFor } from "./key-check.ts";
import { isAlgorithm, isSigned } from "./signature.ts";
import type { Verified } from "./token-cache.ts";
import { assertWellFormed } from "./token-shape.ts";

type Settings = ClaimSettings & Pick<GuardSettings, "algorithms">;

/**
 * Makes the check of a token that is not in the cache (RFC 9068 §4): its shape, its signature by a key of the
 * issuer, `typ`, issuer, audience or authorised party, and expiry.
 *
 * The check throws {TokenError} with the reason in its code. An error of the key source, such as a database that
 * cannot be reached, is passed on unchanged.
 */
export function createSignatureCheck(
  settings: Settings,
  keys: KeySource,
  reportAudience?: ReportAudience,
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
    const [header = "", sent = ""] = token.split(".");
    const { alg, kid, typ, crit } = objectIn(header);
    if (!isAlgorithm(alg) || !algorithms.includes(alg)) throw new TokenError("invalid_token", "alg");
    // RFC 7515 §4.1.11: the guard supports no critical header.
    if (crit !== undefined) throw new TokenError("invalid_token", "crit");
    if (typeof kid !== "string" || kid === "") throw new TokenError("invalid_token", "no kid");
    const key = keys.get(kid, alg) ?? (await askAgain(kid, alg));
    if (!isKeyFor(key, alg)) throw new TokenError("invalid_token", "unknown kid");
    if (!(await isSigned(token, key, alg))) throw new TokenError("invalid_token", "signature");
    const claims = objectIn(sent);
    assertClaims(claims, settings, reportAudience);
    assertAccessToken(typ, claims["typ"]);
    return { principal: readPrincipal(claims, clients), kid, algorithm: alg, key };
  };
}

/**
 * The `typ` rule: an access token has `at+jwt` in its header (RFC 9068 §2.1), or, from Keycloak, `JWT` there and
 * `Bearer` in its claims. An ID token or a refresh token by the same key is refused.
 */
function assertAccessToken(typ: unknown, claimedTyp: unknown): void {
  const type = typeof typ === "string" ? typ.toLowerCase().replace(/^application\//, "") : undefined;
  if (type === "at+jwt" || (type === "jwt" && claimedTyp === "Bearer")) return;
  throw new TokenError("invalid_token", "not an access token");
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads the JSON object in a part of a token. The object has no prototype: a member of `Object.prototype` must
 * not become a claim.
 *
 * @throws {TokenError} `invalid_token` if the part is not a JSON object in UTF-8
 */
function objectIn(part: string): Members {
  let value: unknown;
  try {
    value = parseJson(utf8.decode(decode(part)));
  } catch {
    // The parser's message quotes the token, so it is not kept.
  }
  if (isObject(value)) return value;
  throw new TokenError("invalid_token", "a part that is no JSON object");
}
