import type { ReportAudience } from "./check/audience-reports.ts";
import { createSignatureCheck } from "./check/signature-check.ts";
import { TokenCache } from "./check/token-cache.ts";
import { type GuardOptions, type GuardSettings, readOptions } from "./guard-options.ts";
import type { KeySource, RevocationSource } from "./issuer/sources.ts";
import type { Principal } from "./principal.ts";
import { ownMembers } from "./support/own-members.ts";
import { TokenError } from "./token-error.ts";

export type { KeySource, RevocationSource } from "./issuer/sources.ts";
export type { Principal } from "./principal.ts";
export { TokenError, type TokenErrorCode } from "./token-error.ts";

/** Checks access tokens. */
export interface Verifier {
  /**
   * Checks an access token (RFC 9068 §4): its signature by one of the issuer's keys, `typ`, issuer, audience and
   * expiry, and that its session has not ended.
   *
   * @throws {TokenError} with the reason in its code
   */
  verify(token: string | null | undefined): Promise<Principal>;
  /**
   * The same for a cached token, without a promise.
   *
   * @returns undefined if the token is not in the cache and must be verified
   * @throws {TokenError} if it has expired, its session has ended, or the list of ended sessions is out of date
   */
  recall(token: string): Principal | undefined;
}

type Settings = Pick<
  GuardOptions,
  "issuer" | "audience" | "authorizedParty" | "algorithms" | "clockTolerance" | "cacheSize" | "now"
>;

/** Options of a verifier, which sends no requests. */
export interface VerifierOptions extends Settings {
  readonly keys: KeySource;
  readonly revocations: RevocationSource;
  /**
   * Accepts tokens for every audience, whatever `audience` says. For the issuer alone, which revokes and introspects
   * the tokens of all its resources. Default: false.
   */
  readonly anyAudience?: boolean;
}

/**
 * Makes the check alone, for a program that has keys and ended sessions of its own, such as the issuer.
 *
 * @throws {TypeError} if an option is wrong
 * @example
 * const verifier = createVerifier({ issuer, keys: { get: (kid) => published.get(kid) }, revocations });
 */
export function createVerifier(given: VerifierOptions): Verifier {
  const options = ownMembers(given);
  const settings = readOptions(options);
  return new TokenVerifier(
    options.anyAudience === true ? { ...settings, audience: undefined } : settings,
    options,
  );
}

/** The sources of keys and ended sessions. `begin` is called before a new token is verified. */
export interface VerifierSources {
  readonly keys: KeySource;
  readonly revocations: RevocationSource;
  begin?(): void;
}

/** Verifies a signature once per token, and checks key, expiry and revocation on every call. */
export class TokenVerifier implements Verifier {
  readonly #settings: Pick<GuardSettings, "clockTolerance" | "now">;
  readonly #sources: VerifierSources;
  readonly #verified: TokenCache;
  readonly #checkSignature: ReturnType<typeof createSignatureCheck>;
  #closed = false;

  /** @param reportAudience called for a signed token that is refused because of its audience */
  constructor(settings: GuardSettings, sources: VerifierSources, reportAudience?: ReportAudience) {
    this.#settings = settings;
    this.#sources = sources;
    this.#verified = new TokenCache(settings.cacheSize);
    this.#checkSignature = createSignatureCheck(settings, sources.keys, reportAudience);
  }

  async verify(token: string | null | undefined): Promise<Principal> {
    this.#assertOpen();
    if (token === undefined || token === null) throw new TokenError("missing_token");
    let principal = this.#remembered(token);
    if (principal === undefined) {
      this.#sources.begin?.();
      const seen = await this.#checkSignature(token);
      principal = seen.principal;
      this.#assertOpen();
      this.#verified.add(token, seen);
    }
    const ended = this.#isEnded(principal);
    if (ended === true || (ended !== false && (await ended))) throw new TokenError("token_revoked");
    this.#assertOpen();
    return principal;
  }

  recall(token: string): Principal | undefined {
    const principal = this.#remembered(token);
    if (principal === undefined) return undefined;
    const ended = this.#isEnded(principal);
    if (ended === true) throw new TokenError("token_revoked");
    if (ended === false) return principal;
    // No caller awaits this answer, so its failure must not become an unhandled rejection.
    ended.catch(() => {});
    return undefined;
  }

  /** Empties the cache and refuses every token from now on, also tokens that are being checked. */
  close(): void {
    this.#closed = true;
    this.#verified.clear();
  }

  #assertOpen(): void {
    if (this.#closed) throw new TokenError("keys_unavailable", "the guard is closed");
  }

  /** The cached principal of a token, unless its key was withdrawn since. */
  #remembered(token: unknown): Principal | undefined {
    // A program without types can pass an object, which may change between two reads.
    if (typeof token !== "string") return undefined;
    const known = this.#verified.get(token);
    if (known === undefined) return undefined;
    return this.#sources.keys.get(known.kid, known.algorithm) === known.key ? known.principal : undefined;
  }

  #isEnded({ expiresAt, sessionId }: Principal): boolean | Promise<boolean> {
    const { clockTolerance, now } = this.#settings;
    if (expiresAt + clockTolerance <= now()) throw new TokenError("token_expired");
    return this.#sources.revocations.isRevoked(sessionId);
  }
}
