import type { CryptoKey } from "jose";

/** A source of the issuer's public keys. */
export interface KeySource {
  /**
   * The key of a `kid` for an algorithm, from memory. Return undefined for a withdrawn key. Cached tokens are
   * accepted only while this returns the same object, so a key that stays must stay the same object.
   */
  get(kid: string, algorithm: string): CryptoKey | undefined;
  /**
   * Reads the keys again, because a token names an unknown `kid`. The source limits how often.
   *
   * @throws {TokenError} `keys_unavailable` if they cannot be read
   */
  refresh?(): Promise<void>;
}

/** A source of ended sessions. */
export interface RevocationSource {
  /**
   * Whether a session has ended. Called on every check, so the usual answer comes without a promise.
   *
   * @param sessionId undefined for a token without a session
   * @throws {TokenError} `revocations_unavailable` if the source cannot tell and the guard shall refuse
   */
  isRevoked(sessionId: string | undefined): boolean | Promise<boolean>;
}
