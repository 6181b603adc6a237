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

/** The check of access tokens, and nothing else. */
export interface Verifier {
  /**
   * Checks an access token (RFC 9068 §4): signature by one of the issuer's keys, `typ`, issuer, audience,
   * expiry, and that its session has not ended.
   *
   * @throws {TokenError} with the code that says why the token was refused
   */
  verify(token: string | null | undefined): Promise<Principal>;
  /**
   * The same for a token that was verified before, at once.
   *
   * @returns undefined where it must be verified, because it was not or is not remembered
   * @throws {TokenError} where it has expired, its session has ended, or ended sessions are not known
   */
  recall(token: string): Principal | undefined;
}

type Settings = Pick<
  GuardOptions,
  "issuer" | "audience" | "authorizedParty" | "algorithms" | "clockTolerance" | "cacheSize" | "now"
>;

/** Options of a guard that asks its issuer for nothing. */
export interface VerifierOptions extends Settings {
  readonly keys: KeySource;
  readonly revocations: RevocationSource;
}

/**
 * Makes the check alone, for who has keys and ended sessions at hand, as the issuer itself has.
 *
 * @throws {TypeError} where an option is wrong
 * @example
 * const verifier = createVerifier({ issuer, keys: { get: (kid) => published.get(kid) }, revocations });
 */
export function createVerifier(given: VerifierOptions): Verifier {
  const options = ownMembers(given);
  return new TokenVerifier(readOptions(options), options);
}

/** Where keys and ended sessions come from, and what is done before a token that was not seen before. */
export interface VerifierSources {
  readonly keys: KeySource;
  readonly revocations: RevocationSource;
  begin?(): void;
}

/** Signatures are checked once per token; key, expiry and revocation on every call. */
export class TokenVerifier implements Verifier {
  readonly #settings: Pick<GuardSettings, "clockTolerance" | "now">;
  readonly #sources: VerifierSources;
  readonly #verified: TokenCache;
  readonly #checkSignature: ReturnType<typeof createSignatureCheck>;
  #closed = false;

  constructor(settings: GuardSettings, sources: VerifierSources) {
    this.#settings = settings;
    this.#sources = sources;
    this.#verified = new TokenCache(settings.cacheSize);
    this.#checkSignature = createSignatureCheck(settings, sources.keys);
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
    // Nobody waits for the answer, and one that fails must not end the process.
    ended.catch(() => {});
    return undefined;
  }

  /** Forgets all tokens and refuses every one from now on, also those that are being checked. */
  close(): void {
    this.#closed = true;
    this.#verified.clear();
  }

  #assertOpen(): void {
    if (this.#closed) throw new TokenError("keys_unavailable", "the guard is closed");
  }

  /** What is remembered of a token, unless the key that signed it was withdrawn since. */
  #remembered(token: unknown): Principal | undefined {
    // Without types it may be anything, and only a text is the same each time it is looked at.
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
