import type { CryptoKey } from "jose";
import type { Principal } from "../principal.ts";

/** The result of verifying a token, and the key that verified it. */
export interface Verified {
  readonly principal: Principal;
  readonly kid: string;
  readonly algorithm: string;
  readonly key: CryptoKey;
}

/** Length of an ES256 signature in base64url. */
const signatureLength = 86;
/** Bound of all cached tokens together: 1,600 for each of 10,000, twice the length of a token by Latchkey. */
const maxCharacters = 16_000_000;

/**
 * A bounded first-in, first-out cache of verified tokens. The key is the signature; then the whole token is
 * compared, which is faster than hashing it. A hit stands for the signature alone: the caller must still check
 * key, expiry and revocation. Only verified tokens enter, so a flood of forged ones cannot fill it. Beyond its
 * bound, in tokens or in characters, the oldest leave.
 */
export class TokenCache {
  readonly #size: number;
  readonly #bySignature = new Map<string, { readonly token: string; readonly verified: Verified }>();
  #characters = 0;

  constructor(size: number) {
    this.#size = size;
  }

  get(token: string): Verified | undefined {
    const known = this.#bySignature.get(token.slice(-signatureLength));
    return known?.token === token ? known.verified : undefined;
  }

  add(token: string, verified: Verified): void {
    if (this.#size === 0) return;
    const signature = token.slice(-signatureLength);
    this.#forget(signature);
    for (const oldest of this.#bySignature.keys()) {
      if (this.#bySignature.size < this.#size && this.#characters + token.length <= maxCharacters) break;
      this.#forget(oldest);
    }
    this.#bySignature.set(signature, { token, verified });
    this.#characters += token.length;
  }

  clear(): void {
    this.#bySignature.clear();
    this.#characters = 0;
  }

  #forget(signature: string): void {
    const known = this.#bySignature.get(signature);
    if (known === undefined) return;
    this.#bySignature.delete(signature);
    this.#characters -= known.token.length;
  }
}
