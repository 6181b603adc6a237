import type { CryptoKey } from "jose";

/** Where a guard finds the public keys of its issuer. */
export interface KeySource {
  /**
   * The key of a `kid` for an algorithm, as far as it is known now. A key that was withdrawn is not known any
   * more; tokens that were checked with it are then forgotten, so the same key must be the same object.
   */
  get(kid: string, algorithm: string): CryptoKey | undefined;
  /**
   * Asks the issuer again, because a token names a `kid` that is not known. How often is the source's own
   * affair.
   *
   * @throws {TokenError} `keys_unavailable` where nothing could be learnt
   */
  refresh?(): Promise<void>;
}

/** Where a guard learns which sessions have ended. */
export interface RevocationSource {
  /**
   * Whether a session has ended; asked on every check, so the usual answer comes at once.
   *
   * @param sessionId undefined for a token that belongs to no session
   * @throws {TokenError} `revocations_unavailable` where it is not known and the guard is to refuse then
   */
  isRevoked(sessionId: string | undefined): boolean | Promise<boolean>;
}
